"""Datasets: lists of objects that only grow.

Counting: a write per item pushed, a read per item read.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

from runtime.base.clock import Clock
from runtime.base.errors import Invalid, record_not_found
from runtime.base.json_schema import JsonSchema
from runtime.base.json_text import dump_lines, loads
from runtime.base.records import Dataset
from runtime.database.items import Items
from runtime.database.storage_tables import StorageGone
from runtime.storages.item_schema import FieldStatistics, check_items, item_schema
from runtime.storages.item_view import HIDDEN_PREFIX, Item
from runtime.storages.storage_service import StorageService

BIG_BYTES = 262_144
"""A bigger push takes too long to be read on the event loop."""


@dataclass(frozen=True, slots=True)
class ItemPage:
    """A page of stored items as JSON, `count` of the `total` in the dataset.

    `first` are the page's first ones, read at once; `chunks` reads all of them, as often as it is called.
    """

    total: int
    count: int
    first: list[bytes]
    chunks: Callable[[], AsyncIterator[list[bytes]]]

    @property
    def is_whole(self) -> bool:
        """Whether `first` is all."""
        return len(self.first) == self.count


@dataclass(frozen=True, slots=True)
class _Push:
    """`lines` are the items as JSON, one a line."""

    lines: bytes
    count: int
    clean_count: int


class Datasets(StorageService[Dataset]):
    label = "Dataset"
    record = Dataset

    def __init__(self, items: Items, clock: Clock) -> None:
        super().__init__(items.table, clock)
        self._items = items

    async def push(self, dataset: Dataset, body: bytes) -> int:
        """Append the item or items of a JSON body, all or none; return how many.

        Raises Invalid, for items that the dataset's schema does not allow too, and NotFound.
        """
        schema = item_schema(dataset.schema)
        is_big = len(body) > BIG_BYTES
        push = await asyncio.to_thread(_read_push, body, schema) if is_big else _read_push(body, schema)
        if push.count:
            try:
                await self._items.push(
                    dataset.id, push.lines, count=push.count, clean_count=push.clean_count, now=self._clock.now()
                )
            except StorageGone as gone:
                raise record_not_found(self.label, dataset.id) from gone
        return push.count

    def items(self, dataset: Dataset, *, offset: int, limit: int | None, desc: bool) -> ItemPage:
        """A page by place among the stored items, from the end where `desc`; `limit` None means all."""
        total = dataset.item_count
        count = max(min(total - offset, total if limit is None else limit), 0)
        self._table.count(dataset.id, self._clock.now(), read_count=count)
        start = total - offset - count if desc else offset
        first = self._items.query(dataset.id, start, start + count, descending=desc) if count else []
        return ItemPage(total, count, first, lambda: self._chunks(dataset.id, first, start, start + count, desc))

    async def field_statistics(self, dataset: Dataset) -> dict[str, Any] | None:
        """What is known of each field of the dataset's schema, over all items; None without a schema of items."""
        if item_schema(dataset.schema) is None:
            return None
        statistics = FieldStatistics(dataset.schema or {})
        async for lines in self._chunks(dataset.id, [], 0, dataset.item_count, desc=False):
            await asyncio.to_thread(statistics.count, lines)
        return statistics.shown

    async def _chunks(
        self, id: str, first: list[bytes], start: int, stop: int, desc: bool
    ) -> AsyncIterator[list[bytes]]:
        lines = first
        while True:
            if lines:
                yield lines
            start, stop = (start, stop - len(lines)) if desc else (start + len(lines), stop)
            if start >= stop:
                return
            lines = await self._items.query_in_thread(id, start, stop, descending=desc)
            if not lines:
                raise StorageGone(id)


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


def _read_push(body: bytes, schema: JsonSchema | None) -> _Push:
    items = parse_items(body)
    if schema is not None:
        check_items(schema, items)
    clean = sum(1 for item in items if any(not name.startswith(HIDDEN_PREFIX) for name in item))
    return _Push(dump_lines(items), len(items), clean)


def _parse(body: bytes) -> Any:
    try:
        return loads(body)
    except ValueError as problem:
        raise Invalid("invalid-input", f"The items are not valid JSON: {problem}") from problem
