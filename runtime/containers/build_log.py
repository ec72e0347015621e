"""The classic builder's response, a stream of JSON messages, as readable lines.

Source: Docker Engine API, "Build an image"; the messages' shape is the engine's `jsonmessage`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

LINE_LIMIT = 1024 * 1024
"""The longest line, in characters. The rest of a longer one begins a new line."""

COLORS = re.compile(r"\x1b\[[0-9;]*m")  # the builder colors what a step writes to stderr


class PrintedLines:
    """Joins what a step prints, which arrives in parts, to lines."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._size = 0

    def feed(self, text: str) -> Iterator[str]:
        """Yield the lines that this part completes."""
        *ends, rest = text.split("\n")
        for end in ends:
            self._add(end)
            yield self._joined()
        self._add(rest)
        if self._size >= LINE_LIMIT:
            yield self._joined()

    def end(self) -> Iterator[str]:
        """Yield the last line, if it has no line end."""
        if self._size:
            yield self._joined()

    def _add(self, part: str) -> None:
        self._parts.append(part)
        self._size += len(part)

    def _joined(self) -> str:
        line = clean("".join(self._parts))
        self._parts, self._size = [], 0
        return line


class BuildLog:
    """Converts messages to lines, and remembers the outcome of the build: `image_id` or `error`."""

    def __init__(self) -> None:
        self.image_id: str | None = None
        self.error: str | None = None
        self._lines = PrintedLines()

    def feed(self, message: Mapping[str, Any]) -> Iterator[str]:
        """Yield the lines that this message completes."""
        if "error" in message:
            self.error = str(message["error"])
        elif "aux" in message:
            self.image_id = message["aux"].get("ID", self.image_id)
        elif "stream" in message:
            yield from self._lines.feed(message["stream"])
        elif "status" in message and not self._is_progress(message):
            yield " ".join(filter(None, (message.get("id"), message["status"])))

    def end(self) -> Iterator[str]:
        """Yield the last line, if it has no line end."""
        return self._lines.end()

    @staticmethod
    def _is_progress(message: Mapping[str, Any]) -> bool:
        """Return whether the message reports the download of a layer. Other messages about a pull have no progress."""
        return "progressDetail" in message or "progress" in message


def clean(line: str) -> str:
    """Remove colors, and the earlier states of a line that was drawn repeatedly."""
    return COLORS.sub("", line).rstrip("\r").rpartition("\r")[2]
