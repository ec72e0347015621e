"""JSON and JSON Lines. Items are not parsed if the query does not change them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import ClassVar

from api.response.exports.export import BOM, Export, computed
from runtime.base.json_text import dumps


class JsonLines(Export):
    content_type = "application/jsonl"
    start: ClassVar[bytes] = b""
    between: ClassVar[bytes] = b"\n"
    end: ClassVar[bytes] = b""

    @property
    def whole(self) -> bytes | None:
        """The whole page, if it is in memory and the query does not change its items; otherwise None."""
        if not self.page.is_complete or not self.view.is_plain:
            return None
        return self._start + self.between.join(self.page.first) + self.end

    async def stream(self) -> AsyncIterator[bytes]:
        yield self._start
        between = b""
        async for lines in self._slices():
            if lines:
                yield between + self.between.join(lines)
                between = self.between
        yield self.end

    @property
    def _start(self) -> bytes:
        return BOM.encode() + self.start if self.options.bom else self.start

    async def _slices(self) -> AsyncIterator[list[bytes]]:
        async for lines in self.page.chunks():
            if self.view.is_plain:
                yield lines
            else:
                async for shown in computed(self._shown, lines):
                    yield [line for line in shown if line]

    def _shown(self, lines: list[bytes]) -> Iterator[bytes]:
        return (b"" if item is None else dumps(item) for item in self.view.apply(lines))


class JsonArray(JsonLines):
    content_type = "application/json; charset=utf-8"
    start = b"["
    between = b",\n"
    end = b"]"
