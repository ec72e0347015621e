"""The fields that the items of a dataset have: what the platform lists as a dataset's `fields`.

A field is named by the path to its value, with slashes between the names and positions: `math/fibonacci/0`. The fields
are read from the first items of a dataset when a client reads the dataset, so that pushes do not have to find them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field

from runtime.base.json_text import loads
from runtime.database.datasets_table import DatasetsTable
from runtime.database.storage_table import StorageGone
from runtime.storages.field_paths import Item, leaves_of

MAX_FIELDS = 1000
MAX_CHARS = 100_000
"""The most fields of a dataset, and the most characters that they have in total. Further fields are not listed."""
SAMPLED_ITEMS = 1000
SAMPLED_BYTES = 1_000_000
"""The work for one dataset is limited: the items after the first 1,000, or after the first megabyte, are not read."""
SEPARATOR = "/"
MAX_DATASETS = 1000
"""The fields of so many datasets are cached."""


@dataclass(slots=True)
class _Sample:
    """The fields of the first `items` items of a dataset, which have `size` bytes, in the order of their appearance."""

    items: int = 0
    size: int = 0
    fields: dict[str, None] = field(default_factory=dict)
    chars: int = 0

    @property
    def is_full(self) -> bool:
        return self.size >= SAMPLED_BYTES or len(self.fields) >= MAX_FIELDS or self.chars > MAX_CHARS

    def add(self, lines: list[bytes]) -> None:
        for line in lines:
            for path in _paths(loads(line)):
                if path not in self.fields:
                    self.chars += len(path)
                    if self.is_full:
                        return
                    self.fields[path] = None


class ItemFields:
    """The fields of all datasets of an instance. Items that were read once are not read again."""

    def __init__(self, table: DatasetsTable) -> None:
        self._table = table
        self._samples: dict[str, _Sample] = {}

    async def of(self, dataset_id: str, item_count: int) -> list[str]:
        """The fields of a dataset with this number of items. Raises StorageGone."""
        if dataset_id not in self._samples and len(self._samples) >= MAX_DATASETS:
            self._samples.clear()
        sample = self._samples.setdefault(dataset_id, _Sample())
        stop = min(item_count, SAMPLED_ITEMS)
        while (start := sample.items) < stop and not sample.is_full:
            lines = await self._table.items_in_thread(dataset_id, start, stop, desc=False)
            if not lines:
                raise StorageGone(dataset_id)
            await asyncio.to_thread(sample.add, lines)
            if sample.items == start:  # otherwise another request has read the same items
                sample.items += len(lines)
                sample.size += sum(map(len, lines))
        return list(sample.fields)


def _paths(item: Item) -> Iterator[str]:
    """The paths to all values in an item that contain no other values. `leaves_of` limits their length."""
    for name, value in item.items():
        for path, _ in leaves_of(name, value, SEPARATOR, MAX_CHARS):
            yield path
