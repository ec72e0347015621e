"""Datasets: append-only lists of objects.

Counters: each item pushed is one write, each item read is one read.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

from runtime.base.background import exhaust
from runtime.base.clock import Clock
from runtime.base.errors import record_not_found
from runtime.base.helper_process import in_helper
from runtime.base.records import Dataset
from runtime.database import Database
from runtime.database.datasets_table import DatasetsTable
from runtime.storages.item_fields import ItemFields
from runtime.storages.item_push import read_push
from runtime.storages.item_schema import FieldStatistics, item_schema, with_items
from runtime.storages.item_view import has_giant
from runtime.storages.storage_service import StorageService


@dataclass(frozen=True, slots=True)
class ItemPage:
    """A page of stored items as JSON: `count` of the `total` items in the dataset.

    `first` are the first items, which have already been read. Each call of `chunks` iterates over the whole page.
    """

    total: int
    count: int
    first: list[bytes]
    chunks: Callable[[], AsyncIterator[list[bytes]]]

    @property
    def is_complete(self) -> bool:
        """Whether `first` are all items of the page."""
        return len(self.first) == self.count


class Datasets(StorageService[Dataset]):
    label = "Dataset"
    record_class = Dataset
    _table: DatasetsTable

    def __init__(self, database: Database, clock: Clock) -> None:
        super().__init__(database.datasets, database.users, clock)
        self._fields = ItemFields(database.datasets)

    async def fields(self, dataset: Dataset) -> list[str]:
        """The paths of the fields in the dataset's first items, in the order of their appearance. Raises NotFound."""
        with self._must_exist(dataset.id):
            return await self._fields.of(dataset.id, dataset.item_count)

    async def push(self, dataset: Dataset, body: bytes) -> int:
        """Append the item or items of a JSON body, either all or none; return their number.

        Raises Invalid, also for items that the dataset's schema does not allow, and NotFound.
        """
        push = await read_push(body, item_schema(dataset.schema))
        if push.count:
            with self._must_exist(dataset.id):
                await self._table.push(
                    dataset.id, push.lines, count=push.count, clean_count=push.clean_count, now=self._clock.now()
                )
        return push.count

    def items(self, dataset: Dataset, *, offset: int, limit: int | None, desc: bool) -> ItemPage:
        """A page in the order of storage, or with `desc` in reverse. Without a `limit` it has all after `offset`."""
        total = dataset.item_count
        count = max(min(total - offset, total if limit is None else limit), 0)
        self._table.count_reads(dataset.id, self._clock.now(), read_count=count)
        start = total - offset - count if desc else offset
        first = self._table.items(dataset.id, start, start + count, desc=desc) if count else []
        return ItemPage(total, count, first, lambda: self._chunks(dataset.id, first, start, start + count, desc))

    async def field_statistics(self, dataset: Dataset) -> dict[str, Any] | None:
        """Statistics of all items for each field of the dataset's schema. None if it does not describe items."""
        if item_schema(dataset.schema) is None:
            return None
        statistics = FieldStatistics(dataset.schema or {})
        async for lines in self._chunks(dataset.id, [], 0, dataset.item_count, desc=False):
            if await has_giant(lines):
                statistics = await in_helper(with_items, statistics, lines)
            else:
                await exhaust(statistics.adding(lines))
        return statistics.by_field

    async def _chunks(
        self, id: str, first: list[bytes], start: int, stop: int, desc: bool
    ) -> AsyncIterator[list[bytes]]:
        """Yield the items of [start, stop). `first` are those that have already been read. Raises NotFound."""
        lines = first
        while True:
            if lines:
                yield lines
            start, stop = (start, stop - len(lines)) if desc else (start + len(lines), stop)
            if start >= stop:
                return
            lines = await self._table.items_in_thread(id, start, stop, desc=desc)
            if not lines:
                raise record_not_found(self.label, id)  # it was deleted during this read
