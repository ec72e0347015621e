"""Log files: one per run or build, with complete lines only, in the order of their arrival.

A stored line is `<RFC 3339 time with nanoseconds> <o|e|a> <text>`. The letter is for standard output, standard error,
or a message of the system (`ACTOR: ...`). Readers get the platform's format: milliseconds and no letter.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from runtime.base.errors import StorageUnavailable
from runtime.base.storage_errors import translating_disk_errors
from runtime.containers import LogLine

STREAMS = {"stdout": "o", "stderr": "e", "actor": "a"}
STORED = re.compile(rb"(?m)^(.{19}\.\d{3})\d{6}Z [oea] ")
STORED_LINE = re.compile(rb"(.{29}Z) ([oea]) (.*)", re.DOTALL)
NAMES = {letter: stream for stream, letter in STREAMS.items()}
FROM_STDERR = re.compile(rb"(?m)^.{29}Z e (.*)$")
FROM_CONTAINER = re.compile(rb"(?m)^.{29}Z [oe] ")
LAST_BYTES = 16 * 1024
DROPPED_BYTES = 8
"""By so much a stored line is longer than the same line in the platform's format."""
ANSI = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b\n]*(?:\x07|\x1b\\)|[@-Z\\-_])")


class LogFile:
    """The log of one job, open for appending. Opening it removes an incomplete last line, which a crash can leave.

    Lines that the disk does not take, because it is full or read-only, wait in memory: every `append` and `flush` tries
    to write them. `size` and `lines` count what the file contains, `length` also counts what waits.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fd: int | None = None
        self._waiting = bytearray()
        self.size = self.lines = 0
        self._flush_if_possible()

    @property
    def length(self) -> int:
        return self.size + len(self._waiting)

    def append(self, lines: Iterable[LogLine]) -> None:
        self._waiting += b"".join(
            b"%s %s %s\n" % (line.stamp.encode(), STREAMS[line.stream].encode(), line.text) for line in lines
        )
        self._flush_if_possible()

    def flush(self) -> None:
        """Write what waits. Raises StorageUnavailable."""
        with translating_disk_errors():
            if self._fd is None:
                self._fd = self._open()
            while self._waiting:
                written = os.write(self._fd, self._waiting)
                self.size += written
                self.lines += self._waiting.count(b"\n", 0, written)
                del self._waiting[:written]

    def count_container_lines(self) -> int:
        """The number of lines from the container. A resumed log skips this many lines of the engine's log."""
        return len(FROM_CONTAINER.findall(self._end(self.length)))

    def last_stderr_lines(self) -> list[bytes]:
        """The lines of standard error in the last LAST_BYTES of the log."""
        return FROM_STDERR.findall(self._end(LAST_BYTES))

    def ends_with_system_line(self, text: str) -> bool:
        """Whether the last line is a message of the system with this text."""
        ending = f" a {text}\n".encode()
        return self.length > len(ending) and self._end(len(ending)) == ending

    def close(self) -> None:
        if self._fd is not None:
            os.close(self._fd)

    def _flush_if_possible(self) -> None:
        with suppress(StorageUnavailable):  # what waits is written later
            self.flush()

    def _open(self) -> int:
        fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        content = self._path.read_bytes()
        self.size, self.lines = content.rfind(b"\n") + 1, content.count(b"\n")
        if self.size < len(content):
            os.ftruncate(fd, self.size)
        return fd

    def _end(self, size: int) -> bytes:
        """The last `size` bytes of the log, with the lines that wait."""
        start = max(0, self.length - size)
        written = b"" if self._fd is None else os.pread(self._fd, max(0, self.size - start), start)
        return written + self._waiting[max(0, start - self.size) :]


def parse_lines(stored: bytes) -> list[LogLine]:
    """Parse whole stored lines. Lines that are not in the format of this module are left out."""
    matches = (STORED_LINE.fullmatch(line) for line in stored.split(b"\n"))
    return [LogLine(match[1].decode(), NAMES[match[2].decode()], match[3]) for match in matches if match]


class LogFiles:
    """All logs of an instance, by the id of their run or build."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(exist_ok=True)

    def open(self, id: str) -> LogFile:
        return LogFile(self._path(id))

    def read(self, id: str, start: int, end: int) -> bytes:
        """The stored bytes of [start, end). A log that does not exist is empty."""
        try:
            with self._path(id).open("rb") as file:
                file.seek(start)
                return file.read(max(0, end - start))
        except FileNotFoundError:
            return b""

    def read_lines(self, id: str, start: int, end: int, size: int) -> bytes:
        """Whole stored lines from `start`: about `size` bytes, or one longer line. Empty if there is no whole line.

        A file can end with an incomplete line, and it can be shorter than `end`: someone may have changed it.
        """
        while True:
            stored = self.read(id, start, min(end, start + size))
            whole = stored.rfind(b"\n") + 1
            if whole or start + size >= end:
                return stored[:whole]
            size *= 2

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


def to_platform_format(stored: bytes, *, raw: bool) -> bytes:
    """Convert stored lines to the platform's format, without ANSI codes unless `raw` (API reference, "Get log")."""
    lines = STORED.sub(rb"\1Z ", stored)
    return lines if raw else ANSI.sub(b"", lines)
