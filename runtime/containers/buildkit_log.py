"""BuildKit's response as readable lines: its numbered steps, and what they print.

The engine sends BuildKit's own status messages as Protocol Buffers in base64.
"""

from __future__ import annotations

import base64
import codecs
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from runtime.containers.build_log import PrintedLines, clean
from runtime.containers.buildkit_messages import StatusResponse

TRACE = "moby.buildkit.trace"


class BuildKitLog:
    """Converts messages to lines, and remembers the outcome of the build: `image_id` or `error`."""

    def __init__(self) -> None:
        self.image_id: str | None = None
        self.error: str | None = None
        self._numbers: dict[bytes, int] = {}
        self._printed: set[tuple[bytes, str]] = set()
        self._streams: defaultdict[tuple[bytes, int], _Stream] = defaultdict(_Stream)
        """What each step prints to stdout and to stderr. Their parts arrive mixed with each other."""

    def feed(self, message: Mapping[str, Any]) -> Iterator[str]:
        """Yield the lines that this message completes."""
        if "error" in message:
            self.error = str(message["error"])
        elif message.get("id") == TRACE:
            yield from self._status(StatusResponse.FromString(base64.b64decode(message["aux"])))
        elif "aux" in message:
            self.image_id = message["aux"].get("ID", self.image_id)

    def end(self) -> Iterator[str]:
        """Yield the last lines of each step that have no line end."""
        for (digest, _), stream in self._streams.items():
            yield from (self._line(digest, line) for line in stream.end())

    def _status(self, status: Any) -> Iterator[str]:
        for vertex in status.vertexes:
            yield from self._vertex(vertex)
        for log in status.logs:
            yield from self._log(log)

    def _vertex(self, vertex: Any) -> Iterator[str]:
        if vertex.HasField("started"):
            yield from self._once(vertex, clean(_text(vertex.name)))
        if vertex.cached:
            yield from self._once(vertex, "CACHED")
        if vertex.error:
            yield from self._once(vertex, f"ERROR: {clean(_text(vertex.error))}")

    def _once(self, vertex: Any, line: str) -> Iterator[str]:
        if (vertex.digest, line) not in self._printed:
            self._printed.add((vertex.digest, line))
            yield self._line(vertex.digest, line)

    def _log(self, log: Any) -> Iterator[str]:
        lines = self._streams[log.vertex, log.stream].feed(log.msg)
        yield from (self._line(log.vertex, line) for line in lines)

    def _line(self, digest: bytes, line: str) -> str:
        return f"#{self._numbers.setdefault(digest, len(self._numbers) + 1)} {line}"


class _Stream:
    """One stream of a step as lines. A part may end within a line, and within a character."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._lines = PrintedLines()

    def feed(self, part: bytes) -> Iterator[str]:
        return self._lines.feed(self._decoder.decode(part))

    def end(self) -> Iterator[str]:
        yield from self._lines.feed(self._decoder.decode(b"", final=True))
        yield from self._lines.end()


def _text(value: bytes) -> str:
    return value.decode(errors="replace")
