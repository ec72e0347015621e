"""Logs of runs and builds: their writers, and readers that follow until the job has ended.

A job never waits for its log. Lines that a full disk does not take are written when it has space again.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Callable, Collection, Iterable, Sequence
from dataclasses import replace
from functools import partial

from runtime.base.clock import Clock, Millis, iso
from runtime.base.errors import StorageUnavailable
from runtime.base.retry import retry
from runtime.containers import Container, LogLine
from runtime.database.log_files import DROPPED_BYTES, LogFile, LogFiles, parse_lines, to_platform_format
from runtime.jobs.log_lines import LogLines

MAX_LOG_BYTES = 10_485_760
"""The platform's cap on one log (10,485,760 characters)."""
CAP_NOTICE = "ACTOR: The log reached its limit of 10,485,760 bytes. Later lines are not stored."
CAP_ENDING = f" a {CAP_NOTICE}\n".encode()
READ_BYTES = 1 << 20
REDACTED = b"[REDACTED]"


class Log:
    """The log of one live job. Followers are woken by each write and released by `close`.

    `report_growth` is called after each write with the bytes of the public log with ANSI codes, and its lines.
    """

    def __init__(
        self,
        file: LogFile,
        clock: Clock,
        hidden: Sequence[str],
        report_growth: Callable[[int, int], None] = lambda size, lines: None,
    ) -> None:
        self._report_growth = report_growth
        self._file = file
        self._clock = clock
        self._hidden_values = set(hidden)
        self._hidden = _pattern(hidden)
        self._changed = asyncio.Event()
        self.is_full = file.ends_with_system_line(CAP_NOTICE)
        self.is_closed = False

    @property
    def size(self) -> int:
        return self._file.size

    @property
    def is_complete(self) -> bool:
        """Whether the file contains all lines that were appended."""
        return self._file.size == self._file.length

    def system(self, text: str) -> None:
        """Append system lines, such as `ACTOR: Creating Docker container.`, with the current time."""
        self.append_text(text.splitlines())

    def append_text(self, lines: list[str]) -> None:
        """Append lines without a timestamp, such as a build's, with the current time."""
        if self.is_full:
            return
        stamp = _stamp(self._clock.now())
        self.append([LogLine(stamp, "actor", line.encode(errors="replace")) for line in lines])

    def redacted(self, text: str) -> str:
        """The text with secret values redacted."""
        return text if self._hidden is None else self._hidden.sub(REDACTED, text.encode()).decode()

    def append(self, lines: list[LogLine]) -> None:
        if self.is_full:
            return
        self._file.append(self._within_cap(lines))
        self._written()

    def hide(self, hidden: Sequence[str]) -> None:
        """Redact more values from now on."""
        self._hidden_values.update(hidden)
        self._hidden = _pattern(self._hidden_values)

    def lines_from_containers(self) -> int:
        """How many lines of the log came from the run's containers."""
        return self._file.count_container_lines()

    def last_errors(self) -> list[str]:
        """The last lines that the run's containers wrote to standard error."""
        return [line.decode(errors="replace") for line in self._file.last_stderr_lines()]

    async def copy(self, container: Container, before: int = 0) -> None:
        """Copy the container's log until it ends, starting after the lines that are already copied.

        `before` is how many lines of the log came from earlier containers of the run.
        """
        if self.is_full:
            return
        skip = max(0, self.lines_from_containers() - before)
        async for lines in container.logs():
            self.append(lines[skip:])
            skip = max(0, skip - len(lines))
            if self.is_full:
                return

    async def flush(self) -> None:
        """Write the lines that a full disk did not take. Raises StorageUnavailable."""
        self._file.flush()
        self._written()

    def close(self) -> None:
        self._file.close()
        self.is_closed = True
        self.wake()

    @property
    def changed(self) -> asyncio.Event:
        """Set by the next write, or by the end. Get it before you read the log."""
        return self._changed

    def wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    def _written(self) -> None:
        self.wake()
        self._report_growth(self._file.size - DROPPED_BYTES * self._file.lines, self._file.lines)

    def _within_cap(self, lines: Iterable[LogLine]) -> list[LogLine]:
        fitting: list[LogLine] = []
        left = MAX_LOG_BYTES - self._file.length
        for line in lines:
            line = self._redacted(line)
            left -= len(line.text) + len(line.stamp) + 4
            if left < 0:
                self.is_full = True
                return [*fitting, LogLine(_stamp(self._clock.now()), "actor", CAP_NOTICE.encode())]
            fitting.append(line)
        return fitting

    def _redacted(self, line: LogLine) -> LogLine:
        if self._hidden is None or not self._hidden.search(line.text):
            return line
        return replace(line, text=self._hidden.sub(REDACTED, line.text))


class Logs:
    """The logs of all jobs. `lines` reads them by line.

    `report_growth` is called with the id of a live job, the bytes and the lines of its public log when they change.
    """

    def __init__(self, files: LogFiles, clock: Clock) -> None:
        self.lines = LogLines(files)
        self.report_growth: Callable[[str, int, int], None] = lambda id, size, lines: None
        self._files = files
        self._clock = clock
        self._live: dict[str, Log] = {}
        self._incomplete: dict[str, asyncio.Task[None]] = {}
        self._may_follow = True

    def open(self, id: str, hidden: Sequence[str] = ()) -> Log:
        """The log of a live job, continued at the end of its file. `hidden` values are redacted."""
        if id in self._incomplete:
            self._incomplete.pop(id).cancel()
            self._live[id].hide(hidden)
        else:
            report_growth = partial(self._report_growth_of, id)
            self._live[id] = Log(self._files.open(id), self._clock, hidden, report_growth)
        return self._live[id]

    def close(self, id: str) -> None:
        """Complete the log and release its followers. On a full disk, this happens when it has space again."""
        if self._live[id].is_complete:
            self._live.pop(id).close()
        else:
            self._incomplete[id] = asyncio.create_task(self._complete(id), name=f"log {id}")

    def release_waiters(self) -> None:
        """Release all followers; their jobs continue."""
        self._may_follow = False
        for log in self._live.values():
            log.wake()

    def delete(self, id: str) -> None:
        if id in self._incomplete:
            self._incomplete.pop(id).cancel()
            self._live.pop(id).close()
        self._files.delete(id)

    def delete_except(self, ids: set[str]) -> None:
        """Delete the logs of all other jobs."""
        for id in self._files.ids() - ids:
            self._files.delete(id)

    def size(self, id: str) -> int:
        return self._files.size(id)

    def redactor(self, id: str) -> Callable[[str], str]:
        """A function that redacts the secrets of a live job in a text. Those of an ended job are not known any more."""
        log = self._live.get(id)
        return str if log is None else log.redacted

    def is_complete(self, id: str) -> bool:
        """Whether nothing is written to the log any more, unless its run is resurrected."""
        return id not in self._live

    def is_cut(self, id: str) -> bool:
        """Whether the log reached its limit, so that later lines are not stored."""
        size = self._files.size(id)
        return self._files.read(id, max(0, size - len(CAP_ENDING)), size) == CAP_ENDING

    def last_lines(self, id: str, most_bytes: int) -> list[LogLine]:
        """The lines in the last `most_bytes` of what the log file contains now."""
        size = self._files.size(id)
        start = max(0, size - most_bytes)
        stored = self._files.read(id, start, size)
        return parse_lines(stored[stored.find(b"\n") + 1 :] if start else stored)

    async def read(self, id: str, *, raw: bool = False) -> AsyncGenerator[bytes, None]:
        """What the log contains now."""
        start, end = 0, self._files.size(id)
        while stored := self._stored(id, start, end):
            start += len(stored)
            yield to_platform_format(stored, raw=raw)

    async def follow(self, id: str, *, raw: bool = False) -> AsyncGenerator[bytes, None]:
        """The log so far, then everything that is written until the log is complete."""
        log, start = self._live.get(id), 0
        while log is not None and not log.is_closed and self._may_follow:
            changed = log.changed
            while stored := self._stored(id, start, log.size):
                start += len(stored)
                yield to_platform_format(stored, raw=raw)
            await changed.wait()
        while stored := self._stored(id, start, self._files.size(id)):
            start += len(stored)
            yield to_platform_format(stored, raw=raw)

    def _report_growth_of(self, id: str, size: int, lines: int) -> None:
        self.report_growth(id, size, lines)

    async def _complete(self, id: str) -> None:
        """Complete the log of an ended job as soon as the disk takes the rest."""
        await retry(self._live[id].flush, self._clock, f"Writing the log of {id}", on=(StorageUnavailable,))
        del self._incomplete[id]
        self._live.pop(id).close()

    def _stored(self, id: str, start: int, end: int) -> bytes:
        return self._files.read_lines(id, start, end, READ_BYTES)


def _pattern(hidden: Collection[str]) -> re.Pattern[bytes] | None:
    """Matches hidden values, the longest first: one value may begin with another."""
    values = sorted(filter(None, hidden), key=len, reverse=True)
    return re.compile(b"|".join(re.escape(value.encode()) for value in values)) if values else None


def _stamp(now: Millis) -> str:
    """A timestamp with nine decimals, as the engine writes them."""
    return iso(now).replace("Z", "000000Z")
