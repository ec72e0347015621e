"""What all formats share: a page of items is read in chunks, and written in a thread."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import ClassVar

from api.request.parsing.dataset_items import FormatOptions
from runtime.base.records import Dataset
from runtime.storages.datasets import ItemPage
from runtime.storages.field_paths import Item
from runtime.storages.item_view import ItemView

BOM = "\ufeff"


class Export:
    """One page of items in one format: `open` it, then send its `stream`."""

    content_type: ClassVar[str]

    def __init__(self, dataset: Dataset, page: ItemPage, view: ItemView, options: FormatOptions) -> None:
        self.dataset = dataset
        self.page = page
        self.view = view
        self.options = options

    @classmethod
    def check_options(cls, options: FormatOptions) -> None:
        """Raises Invalid for options that the format does not allow."""

    async def open(self) -> None:
        """Read the items beforehand if the format needs it. Raises Invalid before anything is sent."""

    def stream(self) -> AsyncIterator[bytes]:
        raise NotImplementedError


class TextExport(Export):
    """A format that is written as text, a chunk of items at a time."""

    has_bom: ClassVar[bool] = False

    async def stream(self) -> AsyncIterator[bytes]:
        bom = self.has_bom if self.options.bom is None else self.options.bom
        yield _encode((BOM if bom else "") + self.start())
        async for lines in self.page.chunks():
            yield await asyncio.to_thread(self._encode_items, lines)
        yield _encode(self.end())

    def start(self) -> str:
        return ""

    def items(self, items: Iterable[Item]) -> str:
        raise NotImplementedError

    def end(self) -> str:
        return ""

    def _encode_items(self, lines: list[bytes]) -> bytes:
        return _encode(self.items(self.view.apply(lines)))


def _encode(text: str) -> bytes:
    """UTF-8. Half a surrogate pair, which JSON allows and UTF-8 does not, becomes a question mark."""
    return text.encode("utf-8", "replace")
