"""Datasets compared with a list: concurrent pushes of any size, and pages that are read at the same time."""

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

from runtime.database import Database, datasets_table
from runtime.storages.datasets import Datasets
from tests.examples import examples
from tests.fakes.data_directory import with_database
from tests.runtime.storages.hand_clock import HandClock

Item = dict[str, Any]


@dataclass(frozen=True)
class Push:
    """`hidden` has one value for each item: whether all its fields are hidden."""

    hidden: Sequence[bool]

    def items(self, number: int) -> list[Item]:
        return [{"#at" if is_hidden else "at": [number, place]} for place, is_hidden in enumerate(self.hidden)]


@dataclass(frozen=True)
class Page:
    """`late` is the number of turns of the event loop before the page is requested."""

    offset: int
    limit: int | None
    desc: bool
    late: int


@dataclass(frozen=True)
class Read:
    """A page that was requested when the dataset had `total` items."""

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
    """Make a page of a few items take several reads, so that pushes are committed between them."""
    monkeypatch.setattr(datasets_table, "CHUNK_BYTES", 40)
    monkeypatch.setattr(datasets_table, "MAX_PUSH_BYTES_ON_LOOP", 100)


@settings(max_examples=examples(100), deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.lists(pushes | pages, min_size=1, max_size=8), max_size=4))
def test_pages_during_pushes(steps: list[list[Push | Page]]) -> None:
    """All requests of a step are concurrent. A page covers exactly the items stored before its request."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(with_database(Path(folder)))
        try:
            asyncio.run(run_steps(Datasets(database, HandClock()), steps))
        finally:
            database.close()


async def run_steps(datasets: Datasets, steps: list[list[Push | Page]]) -> None:
    id = (await datasets.get_or_create("user"))[0].id
    model: list[Item] = []
    reads: list[Read] = []
    for step in steps:
        pushed = [part.items(number) for number, part in enumerate(step) if isinstance(part, Push)]
        pushing = [push(datasets, id, part) for part in pushed]
        reading = [read_page(datasets, id, part) for part in step if isinstance(part, Page)]
        results = await asyncio.gather(*reading, *pushing)
        reads += [each for each in results if isinstance(each, Read)]
        reads.append(await read_page(datasets, id, Page(0, None, False, 0)))
        before, model = model, reads[-1].items
        assert model[: len(before)] == before, "A dataset only grows"
        assert consists_of(model[len(before) :], pushed)
        check_counts(datasets, id, model, reads)
    assert [each.items for each in reads] == [each.expected(model) for each in reads]


async def push(datasets: Datasets, id: str, pushed: list[Item]) -> None:
    dataset = datasets.get(id)
    assert dataset is not None
    assert await datasets.push(dataset, json.dumps(pushed).encode()) == len(pushed)


async def read_page(datasets: Datasets, id: str, page: Page) -> Read:
    for _ in range(page.late):
        await asyncio.sleep(0)
    dataset = datasets.get(id)
    assert dataset is not None
    found = datasets.items(dataset, offset=page.offset, limit=page.limit, desc=page.desc)
    lines = [line async for chunk in found.chunks() for line in chunk]
    assert (found.total, found.count) == (dataset.item_count, len(lines))
    return Read(page, found.total, [json.loads(line) for line in lines])


def consists_of(items: Sequence[Item], pushed: list[list[Item]]) -> bool:
    """Return whether the items are exactly these pushes, each of them whole, in any order."""
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
