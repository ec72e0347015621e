"""Datasets against a list: pushes of any size at once, and pages that are read while they happen."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runtime.database import Store, items
from runtime.storages.datasets import Datasets
from tests.fakes.data_directory import with_database
from tests.runtime.storages.hand_clock import HandClock

Item = dict[str, Any]


@dataclass(frozen=True)
class Push:
    """`hidden` says of each item whether it has hidden fields only."""

    hidden: Sequence[bool]

    def items(self, number: int) -> list[Item]:
        return [{"#at" if is_hidden else "at": [number, place]} for place, is_hidden in enumerate(self.hidden)]


@dataclass(frozen=True)
class Page:
    """`late` is after how many turns of the event loop it is asked for."""

    offset: int
    limit: int | None
    desc: bool
    late: int


@dataclass(frozen=True)
class Read:
    """A page that was asked for when the dataset had `total` items."""

    page: Page
    total: int
    items: list[Item]

    def expected(self, stored: Sequence[Item]) -> list[Item]:
        then = list(stored[: self.total])
        ordered = then[::-1] if self.page.desc else then
        limit = self.total if self.page.limit is None else self.page.limit
        return ordered[self.page.offset :][:limit]


pushes = st.builds(Push, st.lists(st.booleans(), max_size=12))
pages = st.builds(Page, st.integers(0, 40), st.none() | st.integers(0, 30), st.booleans(), st.integers(0, 6))


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page of a few items takes several reads, between which pushes are committed."""
    monkeypatch.setattr(items, "CHUNK_BYTES", 40)
    monkeypatch.setattr(items, "LOOK_BYTES", 100)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.lists(pushes | pages, min_size=1, max_size=8), max_size=4))
def test_pages_amid_pushes(steps: list[list[Push | Page]]) -> None:
    """What is in a step is asked for at once. A page shows what was there when it was asked for, and nothing else."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store(with_database(Path(folder)))
        try:
            asyncio.run(live_through(Datasets(store.items, HandClock()), steps))
        finally:
            store.close()


async def live_through(datasets: Datasets, steps: list[list[Push | Page]]) -> None:
    id = (await datasets.get_or_create("user"))[0].id
    model: list[Item] = []
    reads: list[Read] = []
    for step in steps:
        pushed = [part.items(number) for number, part in enumerate(step) if isinstance(part, Push)]
        asked = [push(datasets, id, part) for part in pushed]
        read = await asyncio.gather(*(look(datasets, id, part) for part in step if isinstance(part, Page)), *asked)
        reads += [each for each in read if isinstance(each, Read)]
        reads.append(await look(datasets, id, Page(0, None, False, 0)))
        before, model = model, reads[-1].items
        assert model[: len(before)] == before, "A dataset only grows"
        assert is_made_of(model[len(before) :], pushed)
        check_counts(datasets, id, model, reads)
    assert [each.items for each in reads] == [each.expected(model) for each in reads]


async def push(datasets: Datasets, id: str, pushed: list[Item]) -> None:
    dataset = datasets.get(id)
    assert dataset is not None
    assert await datasets.push(dataset, json.dumps(pushed).encode()) == len(pushed)


async def look(datasets: Datasets, id: str, page: Page) -> Read:
    for _ in range(page.late):
        await asyncio.sleep(0)
    dataset = datasets.get(id)
    assert dataset is not None
    found = datasets.items(dataset, offset=page.offset, limit=page.limit, desc=page.desc)
    lines = [line async for chunk in found.chunks() for line in chunk]
    assert (found.total, found.count) == (dataset.item_count, len(lines))
    return Read(page, found.total, [json.loads(line) for line in lines])


def is_made_of(items: Sequence[Item], pushed: list[list[Item]]) -> bool:
    """Whether these are the items of these pushes, each whole, in some order of the pushes."""
    left = [push for push in pushed if push]
    while left:
        first = next((push for push in left if list(items[: len(push)]) == push), None)
        if first is None:
            return False
        left.remove(first)
        items = items[len(first) :]
    return not items


def check_counts(datasets: Datasets, id: str, model: Sequence[Item], reads: Sequence[Read]) -> None:
    dataset = datasets.get(id)
    assert dataset is not None
    clean = sum(1 for item in model if "at" in item)
    assert (dataset.item_count, dataset.clean_item_count, dataset.write_count) == (len(model), clean, len(model))
    assert dataset.read_count == sum(len(read.items) for read in reads)
