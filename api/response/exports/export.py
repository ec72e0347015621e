"""What all formats share: a page of items is read in chunks, and written in slices outside of the event loop."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Sized
from typing import Any, ClassVar, TypeVar

from api.request.parsing.dataset_items import FormatOptions
from runtime.base.background import in_slices
from runtime.base.errors import Invalid
from runtime.base.helper_process import WorkLimitExceeded, in_helper
from runtime.base.records import Dataset
from runtime.storages.datasets import ItemPage
from runtime.storages.item_view import Item, ItemView, has_giant

S = TypeVar("S", bound=Sized)
BOM = "\ufeff"


class Export:
    """One page of items in one format: `open` it, then send its `stream`."""

    content_type: ClassVar[str]

    def __init__(self, dataset: Dataset, page: ItemPage, view: ItemView, options: FormatOptions) -> None:
        self.dataset = dataset
        self.page = page
        self.view = view
        self.options = options

    def __getstate__(self) -> dict[str, Any]:
        """What a helper process gets: everything but the page, which reads the database."""
        return {name: value for name, value in vars(self).items() if name != "page"}

    async def open(self) -> None:
        """Read the items beforehand if the format needs it. Raises Invalid before anything is sent."""

    def stream(self) -> AsyncIterator[bytes]:
        raise NotImplementedError


async def computed(pieces: Callable[[list[bytes]], Iterator[S]], lines: list[bytes]) -> AsyncIterator[list[S]]:
    """The pieces that a method of an export yields for these items, in slices. Raises Invalid.

    A helper process computes them altogether if an item is a giant.
    """
    if not await has_giant(lines):
        async for slice in in_slices(pieces(lines)):
            yield slice
        return
    try:
        yield await in_helper(_all, pieces, lines)
    except WorkLimitExceeded as problem:
        raise Invalid("invalid-parameter", "An item is too complex for this format: use format=json") from problem


def _all(pieces: Callable[[list[bytes]], Iterator[S]], lines: list[bytes]) -> list[S]:
    return list(pieces(lines))


class TextExport(Export):
    """A format that is written as text, piece by piece: the text of one item can be much longer than the item."""

    has_bom: ClassVar[bool] = False

    async def stream(self) -> AsyncIterator[bytes]:
        bom = self.has_bom if self.options.bom is None else self.options.bom
        yield _encode((BOM if bom else "") + self.start())
        async for lines in self.page.chunks():
            async for pieces in computed(self._pieces, lines):
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
