"""BuildKit's answer as readable lines: its steps, each with a number, and what they print.

The engine sends BuildKit's own status messages as Protocol Buffers in base64. Source: moby/buildkit,
`api/services/control/control.proto`: `StatusResponse`, `Vertex` and `VertexLog`.
"""

from __future__ import annotations

import base64
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from runtime.containers.build_log import clean

TRACE = "moby.buildkit.trace"
VERTEXES, LOGS = 1, 3
DIGEST, NAME, CACHED, STARTED, ERROR = 1, 3, 4, 5, 7  # of a Vertex
LOG_VERTEX, LOG_TEXT = 1, 4  # of a VertexLog
LENGTH_DELIMITED = 2
FIXED_SIZES = {1: 8, 5: 4}


class BuildKitLog:
    """Messages go in, lines come out; what the build came to is kept: `image_id` or `error`."""

    def __init__(self) -> None:
        self.image_id: str | None = None
        self.error: str | None = None
        self._numbers: dict[bytes, int] = {}
        self._told: set[tuple[bytes, str]] = set()
        self._open: defaultdict[bytes, str] = defaultdict(str)

    def feed(self, message: Mapping[str, Any]) -> Iterator[str]:
        if "error" in message:
            self.error = str(message["error"])
        elif message.get("id") == TRACE:
            yield from self._status(base64.b64decode(message["aux"]))
        elif "aux" in message:
            self.image_id = message["aux"].get("ID", self.image_id)

    def end(self) -> Iterator[str]:
        """Lines that never got their end."""
        for digest, rest in self._open.items():
            if rest:
                yield self._line(digest, rest)

    def _status(self, data: bytes) -> Iterator[str]:
        for number, value in fields(data):
            if number == VERTEXES:
                yield from self._vertex(dict(fields(value)))
            elif number == LOGS:
                yield from self._log(dict(fields(value)))

    def _vertex(self, vertex: Mapping[int, bytes]) -> Iterator[str]:
        digest = vertex[DIGEST]
        for field, word in ((STARTED, text(vertex.get(NAME))), (CACHED, "CACHED"), (ERROR, text(vertex.get(ERROR)))):
            if vertex.get(field) and (digest, word) not in self._told:
                self._told.add((digest, word))
                yield self._line(digest, f"ERROR: {word}" if field == ERROR else word)

    def _log(self, log: Mapping[int, bytes]) -> Iterator[str]:
        digest = log[LOG_VERTEX]
        *lines, self._open[digest] = (self._open[digest] + text(log.get(LOG_TEXT))).split("\n")
        yield from (self._line(digest, line) for line in lines)

    def _line(self, digest: bytes, line: str) -> str:
        return f"#{self._numbers.setdefault(digest, len(self._numbers) + 1)} {clean(line)}"


def text(value: bytes | None) -> str:
    return (value or b"").decode(errors="replace")


def fields(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The fields of a message: their numbers, and their bytes; those of a whole number other than 0 are `b"1"`."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        number, kind = key >> 3, key & 7
        if kind == LENGTH_DELIMITED:
            size, at = _varint(data, at)
            yield number, data[at : at + size]
            at += size
        elif kind in FIXED_SIZES:
            at += FIXED_SIZES[kind]
        else:
            value, at = _varint(data, at)
            yield number, b"1" if value else b""


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value, shift = 0, 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
