"""BuildKit's response as readable lines: its numbered steps, and what they print.

The engine sends BuildKit's own status messages as Protocol Buffers in base64.
"""

from __future__ import annotations

import base64
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from runtime.containers.build_log import clean
from runtime.containers.buildkit_messages import StatusResponse

TRACE = "moby.buildkit.trace"


class BuildKitLog:
    """Converts messages to lines, and remembers the outcome of the build: `image_id` or `error`."""

    def __init__(self) -> None:
        self.image_id: str | None = None
        self.error: str | None = None
        self._numbers: dict[bytes, int] = {}
        self._printed: set[tuple[bytes, str]] = set()
        self._open: defaultdict[bytes, str] = defaultdict(str)

    def feed(self, message: Mapping[str, Any]) -> Iterator[str]:
        """Yield the lines that this message completes."""
        if "error" in message:
            self.error = str(message["error"])
        elif message.get("id") == TRACE:
            yield from self._status(StatusResponse.FromString(base64.b64decode(message["aux"])))
        elif "aux" in message:
            self.image_id = message["aux"].get("ID", self.image_id)

    def end(self) -> Iterator[str]:
        """Yield the last line of each step that has no line end."""
        for digest, rest in self._open.items():
            if rest:
                yield self._line(digest, rest)

    def _status(self, status: Any) -> Iterator[str]:
        for vertex in status.vertexes:
            yield from self._vertex(vertex)
        for log in status.logs:
            yield from self._log(log)

    def _vertex(self, vertex: Any) -> Iterator[str]:
        if vertex.HasField("started"):
            yield from self._once(vertex, _text(vertex.name))
        if vertex.cached:
            yield from self._once(vertex, "CACHED")
        if vertex.error:
            yield from self._once(vertex, f"ERROR: {_text(vertex.error)}")

    def _once(self, vertex: Any, line: str) -> Iterator[str]:
        if (vertex.digest, line) not in self._printed:
            self._printed.add((vertex.digest, line))
            yield self._line(vertex.digest, line)

    def _log(self, log: Any) -> Iterator[str]:
        *lines, self._open[log.vertex] = (self._open[log.vertex] + _text(log.msg)).split("\n")
        yield from (self._line(log.vertex, line) for line in lines)

    def _line(self, digest: bytes, line: str) -> str:
        return f"#{self._numbers.setdefault(digest, len(self._numbers) + 1)} {clean(line)}"


def _text(value: bytes) -> str:
    return value.decode(errors="replace")
