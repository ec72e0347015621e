"""Converts the engine's log stream, multiplexed frames with time stamps, to complete lines.

A frame is one byte for the stream, three bytes of padding, a big-endian length, and `<stamp> <text>`. The engine splits
lines at 16 KiB: the parts share the line's stamp, and only the last one ends with a line feed. Source: Docker Engine
API, "Attach to a container" and "Get container logs".
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from runtime.containers import LogLine

LINE_LIMIT = 10 * 1024 * 1024
"""The longest line, in bytes: as long as a whole log may be. The rest of a longer one begins a new line."""

HEADER = struct.Struct(">BxxxL")
STREAMS = {0: "stdout", 1: "stdout", 2: "stderr"}
ENGINE = 3  # the engine's own error messages, which have no stamp
EPOCH = "1970-01-01T00:00:00.000000000Z"


@dataclass(slots=True)
class _OpenLine:
    stamp: str
    parts: list[bytes] = field(default_factory=list)
    size: int = 0


class LogFrames:
    """Converts chunks of any size to complete lines."""

    def __init__(self) -> None:
        self._rest = b""
        self._open: dict[str, _OpenLine] = {}
        self._last_stamp = EPOCH

    def feed(self, chunk: bytes) -> list[LogLine]:
        """Return the lines that this chunk completes."""
        data = self._rest + chunk if self._rest else chunk
        lines: list[LogLine] = []
        at, size = 0, len(data)
        while size - at >= HEADER.size:
            kind, length = HEADER.unpack_from(data, at)
            begin = at + HEADER.size
            if begin + length > size:
                break
            at = begin + length
            self._add(kind, data[begin:at], lines)
        self._rest = data[at:]
        return lines

    def end(self) -> list[LogLine]:
        """Return the last line of each stream that has no line end."""
        lines = [self._close(stream) for stream in list(self._open)]
        return sorted(lines, key=lambda line: line.stamp)

    def open_stamps(self) -> list[str]:
        """Return the stamps of the lines that are not complete yet."""
        return [line.stamp for line in self._open.values()]

    def _add(self, kind: int, payload: bytes, lines: list[LogLine]) -> None:
        if kind == ENGINE:
            lines.append(LogLine(self._last_stamp, "stderr", payload.rstrip(b"\n")))
            return
        stream = STREAMS[kind]
        head, _, text = payload.partition(b" ")
        stamp = self._last_stamp = head.decode("ascii")
        if stream in self._open and self._open[stream].stamp != stamp:
            lines.append(self._close(stream))
        if text.endswith(b"\n") and stream not in self._open:
            lines.append(LogLine(stamp, stream, text[:-1]))
        else:
            self._join(stream, stamp, text, lines)

    def _join(self, stream: str, stamp: str, text: bytes, lines: list[LogLine]) -> None:
        line = self._open.setdefault(stream, _OpenLine(stamp))
        line.parts.append(text)
        line.size += len(text)
        if text.endswith(b"\n") or line.size >= LINE_LIMIT:
            lines.append(self._close(stream))

    def _close(self, stream: str) -> LogLine:
        line = self._open.pop(stream)
        return LogLine(line.stamp, stream, b"".join(line.parts).removesuffix(b"\n"))


class DeliveredLines:
    """Remembers which lines were delivered, so that a log can be read again without missing or duplicate lines.

    It counts each stream separately, because stamps are in order only within one stream.
    """

    def __init__(self) -> None:
        self._last: dict[str, tuple[str, int]] = {}
        self._repeated: dict[str, tuple[str, int]] = {}

    def start_over(self, open_stamps: Iterable[str]) -> int:
        """Start reading again; return the second since 1970 to read from, 0 for the beginning."""
        self._repeated = dict(self._last)
        stamps = [stamp for stamp, _ in self._last.values()]
        first = min([*stamps, *open_stamps], default=EPOCH)
        return max(0, int(datetime.fromisoformat(first).timestamp()) - 1)

    def new_lines(self, lines: Iterable[LogLine]) -> list[LogLine]:
        """Return the lines that were not delivered before, and count them as delivered."""
        fresh = [line for line in lines if not self._is_repeated(line)]
        for line in fresh:
            stamp, count = self._last.get(line.stream, ("", 0))
            self._last[line.stream] = (line.stamp, count + 1 if line.stamp == stamp else 1)
        return fresh

    def _is_repeated(self, line: LogLine) -> bool:
        if line.stream not in self._repeated:
            return False
        stamp, left = self._repeated[line.stream]
        if line.stamp > stamp or (line.stamp == stamp and left == 0):
            del self._repeated[line.stream]
            return False
        if line.stamp == stamp:
            self._repeated[line.stream] = (stamp, left - 1)
        return True
