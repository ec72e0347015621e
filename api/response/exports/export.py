"""What all formats have in common: a page of items, read in chunks and written off the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import ClassVar

from runtime.base.records import Dataset
from runtime.storages.datasets import ItemPage
from runtime.storages.item_view import Item, ItemView

BOM = "\ufeff"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a query asks of a format; each format looks at its own. `bom` None is as the format usually is."""

    bom: bool | None = None
    delimiter: str = ","
    skip_header_row: bool = False
    xml_root: str = "items"
    xml_row: str = "item"
    feed_title: str | None = None
    feed_description: str | None = None


class Export:
    """One page in one format: `open` it, then send its `stream`."""

    content_type: ClassVar[str]

    def __init__(self, dataset: Dataset, page: ItemPage, view: ItemView, options: Options) -> None:
        self.dataset = dataset
        self.page = page
        self.view = view
        self.options = options

    async def open(self) -> None:
        """Look at the items beforehand, where the format needs to. Raises Invalid, before anything is sent."""

    def stream(self) -> AsyncIterator[bytes]:
        raise NotImplementedError


class TextExport(Export):
    """A format that is written from its start to its end, some items at a time."""

    has_bom: ClassVar[bool] = False

    async def stream(self) -> AsyncIterator[bytes]:
        bom = self.has_bom if self.options.bom is None else self.options.bom
        yield _encoded((BOM if bom else "") + self.start())
        async for lines in self.page.chunks():
            yield await asyncio.to_thread(self._written, lines)
        yield _encoded(self.end())

    def start(self) -> str:
        return ""

    def items(self, items: Iterable[Item]) -> str:
        raise NotImplementedError

    def end(self) -> str:
        return ""

    def _written(self, lines: list[bytes]) -> bytes:
        return _encoded(self.items(self.view.apply(lines)))


def _encoded(text: str) -> bytes:
    """UTF-8; half a surrogate pair, which JSON allows and text does not, becomes a question mark."""
    return text.encode("utf-8", "replace")
