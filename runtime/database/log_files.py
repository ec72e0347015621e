"""Log files: one a job, whole lines only, appended as they come.

A stored line is `<RFC 3339 time, nanoseconds> <o|e|a> <text>`: standard output, standard error, or the platform's own
words. Readers get the platform's form: milliseconds, no stream, one time stamp a line.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

from runtime.containers import LogLine

STREAMS = {"stdout": "o", "stderr": "e", "actor": "a"}
STORED = re.compile(rb"(?m)^(.{19}\.\d{3})\d{6}Z [oea] ")
FROM_STDERR = re.compile(rb"(?m)^.{29}Z e (.*)$")
FROM_CONTAINER = re.compile(rb"(?m)^.{29}Z [oe] ")
LAST_BYTES = 16 * 1024
ANSI = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b\n]*(?:\x07|\x1b\\)|[@-Z\\-_])")


class LogFile:
    """One job's log, open for appending. A line that a crash tore is cut off when the file is opened."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        self.size = self._whole_lines()

    def append(self, lines: Iterable[LogLine]) -> None:
        stored = b"".join(
            b"%s %s %s\n" % (line.stamp.encode(), STREAMS[line.stream].encode(), line.text) for line in lines
        )
        self.size += os.write(self._fd, stored)

    def lines_from_container(self) -> int:
        """How many of the lines are the container's own: a resumed log skips as many of the engine's."""
        return len(FROM_CONTAINER.findall(self._path.read_bytes()))

    def last_errors(self) -> list[bytes]:
        """What standard error said last, line by line."""
        return FROM_STDERR.findall(os.pread(self._fd, LAST_BYTES, max(0, self.size - LAST_BYTES)))

    def ends_with(self, text: str) -> bool:
        """Whether the last line is these words of the platform's own."""
        ending = f" a {text}\n".encode()
        return self.size > len(ending) and os.pread(self._fd, len(ending), self.size - len(ending)) == ending

    def close(self) -> None:
        os.close(self._fd)

    def _whole_lines(self) -> int:
        content = self._path.read_bytes()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            os.ftruncate(self._fd, whole)
        return whole


class LogFiles:
    """All logs of an instance, by the id of their job."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(exist_ok=True)

    def open(self, id: str) -> LogFile:
        return LogFile(self._path(id))

    def read(self, id: str, start: int, end: int) -> bytes:
        """The stored bytes of [start, end); empty where there is no log."""
        try:
            with self._path(id).open("rb") as file:
                file.seek(start)
                return file.read(end - start)
        except FileNotFoundError:
            return b""

    def size(self, id: str) -> int:
        try:
            return self._path(id).stat().st_size
        except FileNotFoundError:
            return 0

    def ids(self) -> set[str]:
        return {path.stem for path in self._folder.glob("*.log")}

    def delete(self, id: str) -> None:
        self._path(id).unlink(missing_ok=True)

    def _path(self, id: str) -> Path:
        return self._folder / f"{id}.log"


def as_served(stored: bytes, *, raw: bool) -> bytes:
    """Stored lines in the platform's form; ANSI codes are stripped unless `raw` (API reference, "Get log")."""
    served = STORED.sub(rb"\1Z ", stored)
    return served if raw else ANSI.sub(b"", served)
