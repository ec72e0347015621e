"""Log files: one per run or build, with complete lines only, in the order of their arrival.

A stored line is `<RFC 3339 time with nanoseconds> <o|e|a> <text>`. The letter is for standard output, standard error,
or a message of the system (`ACTOR: ...`). Readers get the platform's format: milliseconds and no letter.
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
    """The log of one job, open for appending. Opening it removes an incomplete last line, which a crash can leave."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        self.size = self._truncate_incomplete_line()

    def append(self, lines: Iterable[LogLine]) -> None:
        stored = b"".join(
            b"%s %s %s\n" % (line.stamp.encode(), STREAMS[line.stream].encode(), line.text) for line in lines
        )
        self.size += os.write(self._fd, stored)

    def count_container_lines(self) -> int:
        """The number of lines from the container. A resumed log skips this many lines of the engine's log."""
        return len(FROM_CONTAINER.findall(self._path.read_bytes()))

    def last_stderr_lines(self) -> list[bytes]:
        """The lines of standard error in the last LAST_BYTES of the log."""
        return FROM_STDERR.findall(os.pread(self._fd, LAST_BYTES, max(0, self.size - LAST_BYTES)))

    def ends_with_system_line(self, text: str) -> bool:
        """Whether the last line is a message of the system with this text."""
        ending = f" a {text}\n".encode()
        return self.size > len(ending) and os.pread(self._fd, len(ending), self.size - len(ending)) == ending

    def close(self) -> None:
        os.close(self._fd)

    def _truncate_incomplete_line(self) -> int:
        """Return the size of the complete lines."""
        content = self._path.read_bytes()
        size = content.rfind(b"\n") + 1
        if size < len(content):
            os.ftruncate(self._fd, size)
        return size


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


def to_platform_format(stored: bytes, *, raw: bool) -> bytes:
    """Convert stored lines to the platform's format, without ANSI codes unless `raw` (API reference, "Get log")."""
    lines = STORED.sub(rb"\1Z ", stored)
    return lines if raw else ANSI.sub(b"", lines)
