"""What all formats share: a page of items is read in chunks, and written in slices outside of the event loop."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import ClassVar

from api.request.parsing.dataset_items import FormatOptions
from runtime.base.background import in_slices
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
    """A format that is written as text, piece by piece: the text of one item can be much longer than the item."""

    has_bom: ClassVar[bool] = False

    async def stream(self) -> AsyncIterator[bytes]:
        bom = self.has_bom if self.options.bom is None else self.options.bom
        yield _encode((BOM if bom else "") + self.start())
        async for lines in self.page.chunks():
            async for pieces in in_slices(self._pieces(lines)):
                yield b"".join(pieces)
        yield _encode(self.end())

    def start(self) -> str:
        return ""

    def item(self, item: Item) -> Iterator[str]:
        """The text of one item, in pieces."""
        raise NotImplementedError

    def end(self) -> str:
        return ""

    def _pieces(self, lines: list[bytes]) -> Iterator[bytes]:
        for item in self.view.apply(lines):
            if item is None:
                yield b""
            else:
                yield from map(_encode, self.item(item))


def _encode(text: str) -> bytes:
    """UTF-8. Half a surrogate pair, which JSON allows and UTF-8 does not, becomes a question mark."""
    return text.encode("utf-8", "replace")
