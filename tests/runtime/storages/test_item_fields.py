from __future__ import annotations

import asyncio
from typing import Any

import pytest

from runtime.base.errors import NotFound
from runtime.base.json_text import dumps
from runtime.base.records import Dataset
from runtime.storages import item_fields
from tests.fakes.stage import Stage


async def a_dataset(stage: Stage, *items: Any) -> Dataset:
    dataset, _ = await stage.orchestrator.datasets.get_or_create(stage.user.id)
    return await pushed(stage, dataset, *items)


async def pushed(stage: Stage, dataset: Dataset, *items: Any) -> Dataset:
    await stage.orchestrator.datasets.push(dataset, dumps(list(items)))
    return stage.orchestrator.datasets.find(stage.user.id, dataset.id)


@pytest.mark.parametrize(
    ("items", "fields"),
    [
        ([], []),
        ([{}], []),
        ([{"a": 1, "b": None}], ["a", "b"]),
        ([{"math": {"fibonacci": [1, 2]}, "z": 1}], ["math/fibonacci/0", "math/fibonacci/1", "z"]),
        ([{"a": []}, {"a": {}}, {"a": [{"b": 1}]}], ["a", "a/0/b"]),
        ([{"b": 1}, {"a": 1, "b": 2}], ["b", "a"]),
    ],
)
async def test_fields_are_the_paths_of_the_values_in_the_order_of_their_appearance(
    stage: Stage, items: list[Any], fields: list[str]
) -> None:
    dataset = await a_dataset(stage, *items)
    assert await stage.orchestrator.datasets.fields(dataset) == fields


async def test_each_item_is_read_once(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    table, reads = stage.orchestrator.database.datasets, list[tuple[int, int]]()
    read = table.items_in_thread

    async def read_and_record(id: str, start: int, stop: int, *, desc: bool) -> list[bytes]:
        reads.append((start, stop))
        return await read(id, start, stop, desc=desc)

    monkeypatch.setattr(table, "items_in_thread", read_and_record)
    dataset = await a_dataset(stage, {"a": 1}, {"b": 1})
    for _ in range(3):
        assert await stage.orchestrator.datasets.fields(dataset) == ["a", "b"]
    dataset = await pushed(stage, dataset, {"c": 1})
    together = await asyncio.gather(*(stage.orchestrator.datasets.fields(dataset) for _ in range(3)))
    assert together == [["a", "b", "c"]] * 3
    assert reads[0] == (0, 2) and set(reads[1:]) == {(2, 3)}
    assert await stage.orchestrator.datasets.fields(dataset) == ["a", "b", "c"]


@pytest.mark.parametrize(
    "items",
    [
        [{str(n): 1 for n in range(5000)}],
        [{"deep": [[[n] * 100] * 100] * 10} for n in range(3)],
        [{"a": "x" * 400_000} for _ in range(8)],
        [{"n": n} for n in range(2000)],
    ],
)
async def test_the_work_for_one_dataset_is_limited(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, items: list[Any]
) -> None:
    reads: list[bytes] = []
    table = stage.orchestrator.database.datasets
    read = table.items_in_thread

    async def read_and_record(id: str, start: int, stop: int, *, desc: bool) -> list[bytes]:
        lines = await read(id, start, stop, desc=desc)
        reads.extend(lines)
        return lines

    monkeypatch.setattr(table, "items_in_thread", read_and_record)
    dataset = await a_dataset(stage)
    for item in items:
        dataset = await pushed(stage, dataset, item)
    for _ in range(2):
        assert len(await stage.orchestrator.datasets.fields(dataset)) <= item_fields.MAX_FIELDS
    assert len(reads) <= item_fields.SAMPLED_ITEMS
    assert sum(map(len, reads)) < item_fields.SAMPLED_BYTES + 500_000


async def test_a_dataset_that_is_deleted_has_no_fields(stage: Stage) -> None:
    dataset = await a_dataset(stage, {"a": 1})
    await stage.orchestrator.datasets.delete(dataset.id)
    with pytest.raises(NotFound):
        await stage.orchestrator.datasets.fields(dataset)


@pytest.mark.parametrize(("size", "count"), [(1, 2000), (1000, 1000), (100_000, 1000), (1_000_000, 2)])
async def test_long_names_of_many_values_are_not_multiplied(stage: Stage, size: int, count: int) -> None:
    """The paths of a bigger item would not fit into memory."""
    dataset = await a_dataset(stage, {"a": 1, "b": {"k" * size: [0] * count}, "c": 1})
    fields = await stage.orchestrator.datasets.fields(dataset)
    assert fields[0] == "a" and sum(map(len, fields)) <= item_fields.MAX_CHARS
