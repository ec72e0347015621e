"""Datasets: lists of objects that only grow.

Counting: a write per item pushed, a read per item read.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

from runtime.clock import Clock
from runtime.errors import Invalid, record_not_found
from runtime.records import Dataset
from runtime.storages.json_text import dump_lines, dumps, loads
from runtime.storages.kind import StorageKind
from runtime.store.items import Items
from runtime.store.storage_tables import StorageGone

Item = dict[str, Any]
HIDDEN_PREFIX = "#"
BIG_BYTES = 262_144
"""A bigger push takes too long to be read on the event loop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemView:
    """How items are shown: hidden fields (`#...`) dropped, fields picked in this order, omitted, `{}` skipped."""

    skip_hidden: bool = False
    skip_empty: bool = False
    fields: tuple[str, ...] = ()
    omit: frozenset[str] = frozenset()

    @property
    def is_plain(self) -> bool:
        return not (self.skip_hidden or self.skip_empty or self.fields or self.omit)

    def shown(self, item: Item) -> Item:
        if self.skip_hidden:
            item = {name: value for name, value in item.items() if not name.startswith(HIDDEN_PREFIX)}
        if self.fields:
            item = {name: item[name] for name in self.fields if name in item}
        if self.omit:
            item = {name: value for name, value in item.items() if name not in self.omit}
        return item


@dataclass(frozen=True, slots=True)
class ItemPage:
    """A page of stored items: `total` in the dataset, `count` of them in the page before the view skips any.

    `first` holds the page's first items as JSON, one each; `rest` reads the others.
    """

    total: int
    count: int
    first: list[bytes]
    rest: Callable[[], AsyncIterator[list[bytes]]] | None


@dataclass(frozen=True, slots=True)
class _Push:
    """`lines` are the items as JSON, one a line."""

    lines: bytes
    count: int
    clean_count: int


class Datasets(StorageKind[Dataset]):
    label = "Dataset"
    record = Dataset

    def __init__(self, items: Items, clock: Clock) -> None:
        super().__init__(items.table, clock)
        self._items = items

    async def push(self, id: str, body: bytes) -> int:
        """Append the item or items of a JSON body, all or none; return how many. Raises Invalid, NotFound."""
        push = await asyncio.to_thread(_read_push, body) if len(body) > BIG_BYTES else _read_push(body)
        if push.count:
            try:
                await self._items.push(
                    id, push.lines, count=push.count, clean_count=push.clean_count, now=self._clock.now()
                )
            except StorageGone as gone:
                raise record_not_found(self.label, id) from gone
        return push.count

    def items(self, dataset: Dataset, view: ItemView, *, offset: int, limit: int | None, desc: bool) -> ItemPage:
        """A page by place among the stored items, from the end where `desc`; `limit` None means all."""
        total = dataset.item_count
        count = max(min(total - offset, total if limit is None else limit), 0)
        self._table.count(dataset.id, self._clock.now(), read_count=count)
        start = total - offset - count if desc else offset
        first = self._items.look(dataset.id, start, start + count, descending=desc) if count else []
        left = (start, start + count - len(first)) if desc else (start + len(first), start + count)
        rest = None if left[0] >= left[1] else lambda: self._rest(dataset.id, view, *left, desc)
        return ItemPage(total, count, _shown(first, view), rest)

    async def _rest(self, id: str, view: ItemView, start: int, stop: int, desc: bool) -> AsyncIterator[list[bytes]]:
        while start < stop:
            lines = await self._items.read(id, start, stop, descending=desc)
            if not lines:
                raise StorageGone(id)
            start, stop = (start, stop - len(lines)) if desc else (start + len(lines), stop)
            yield await asyncio.to_thread(_shown, lines, view)


def parse_items(body: bytes) -> list[Item]:
    """The items of a push: an object, an array of objects, or a JSON string of either. Raises Invalid."""
    value = _parse(body)
    if isinstance(value, str):
        value = _parse(value.encode("utf-8", "surrogatepass"))
    items = value if isinstance(value, list) else [value]
    for position, item in enumerate(items):
        if not isinstance(item, dict):
            raise Invalid("invalid-input", f"Dataset items must be objects; the one at position {position} is not")
    return items


def _read_push(body: bytes) -> _Push:
    items = parse_items(body)
    clean = sum(1 for item in items if any(not name.startswith(HIDDEN_PREFIX) for name in item))
    return _Push(dump_lines(items), len(items), clean)


def _parse(body: bytes) -> Any:
    try:
        return loads(body)
    except ValueError as problem:
        raise Invalid("invalid-input", f"The items are not valid JSON: {problem}") from problem


def _shown(lines: list[bytes], view: ItemView) -> list[bytes]:
    if view.is_plain:
        return lines
    items = (view.shown(loads(line)) for line in lines)
    return [dumps(item) for item in items if item or not view.skip_empty]
