from __future__ import annotations

import json
from typing import Any

import pytest

from runtime.base.errors import Invalid, NotFound
from runtime.base.records import Dataset
from runtime.database import Database, datasets_table
from runtime.storages.datasets import Datasets
from runtime.storages.item_push import MAX_PUSH_BYTES_ON_LOOP
from tests.runtime.storages.hand_clock import HandClock


@pytest.fixture
def datasets(database: Database, clock: HandClock) -> Datasets:
    return Datasets(database, clock)


@pytest.fixture
async def dataset(datasets: Datasets) -> Dataset:
    return (await datasets.get_or_create("user"))[0]


async def read_items(datasets: Datasets, id: str, **paging: Any) -> list[Any]:
    record = datasets.get(id)
    assert record is not None
    page = datasets.items(record, **{"offset": 0, "limit": None, "desc": False, **paging})
    lines = [line async for chunk in page.chunks() for line in chunk]
    assert lines[: len(page.first)] == page.first and len(lines) == page.count
    assert page.is_complete == (len(page.first) == len(lines))
    assert [line async for chunk in page.chunks() for line in chunk] == lines, "a page can be read more than once"
    return [json.loads(line) for line in lines]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"a":1}', [{"a": 1}]),
        (b'[{"a":1},{"a":2}]', [{"a": 1}, {"a": 2}]),
        (b'"[{\\"a\\":1}]"', [{"a": 1}]),
        (b'"{\\"a\\":1}"', [{"a": 1}]),
        (b'[\n {"a":\n 1}\n]', [{"a": 1}]),
        (b'{"a":"line\\nend"}', [{"a": "line\nend"}]),
        (b'{"a":"\\ud83d"}', [{"a": "\ud83d"}]),
        (b'{"a":123456789012345678901234567890}', [{"a": 123456789012345678901234567890}]),
        (b'{"a":1e999,"b":"\\ud83d"}', [{"a": None, "b": "\ud83d"}]),
        (b"[]", []),
        (b"[{}]", [{}]),
    ],
)
async def test_pushed_items_can_be_read(datasets: Datasets, dataset: Dataset, body: bytes, expected: list[Any]) -> None:
    assert await datasets.push(dataset, body) == len(expected)
    assert await read_items(datasets, dataset.id) == expected


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"5",
        b"[1]",
        b'[{"a":1},[]]',
        b'"x"',
        b"{",
        b'{"a":NaN}',
        b'{"a":"\xff"}',
        b"[" * 99_999,
        b'["\\ud800",' + b"[" * 99_999,
    ],
)
async def test_an_invalid_push_stores_nothing(datasets: Datasets, dataset: Dataset, body: bytes) -> None:
    with pytest.raises(Invalid) as error:
        await datasets.push(dataset, body)
    assert error.value.slug == "invalid-input"
    assert await read_items(datasets, dataset.id) == []


async def test_a_push_to_a_deleted_dataset_is_not_found(datasets: Datasets, dataset: Dataset) -> None:
    await datasets.delete(dataset.id)
    with pytest.raises(NotFound):
        await datasets.push(dataset, b"{}")


async def test_clean_items_are_counted(datasets: Datasets, dataset: Dataset) -> None:
    await datasets.push(dataset, b'[{},{"#a":1},{"a":1},{"#a":1,"b":null}]')
    found = datasets.get(dataset.id)
    assert found is not None and (found.item_count, found.clean_item_count) == (4, 2)


@pytest.mark.parametrize(
    ("chunk_bytes", "max_push_bytes"),
    [(1, 99), (datasets_table.CHUNK_BYTES, datasets_table.MAX_PUSH_BYTES_ON_LOOP), (1, 1)],
)
async def test_paging(
    datasets: Datasets, dataset: Dataset, monkeypatch: pytest.MonkeyPatch, chunk_bytes: int, max_push_bytes: int
) -> None:
    monkeypatch.setattr(datasets_table, "CHUNK_BYTES", chunk_bytes)
    monkeypatch.setattr(datasets_table, "MAX_PUSH_BYTES_ON_LOOP", max_push_bytes)
    for first in (0, 3, 6):
        await datasets.push(dataset, json.dumps([{"n": n} for n in range(first, first + 3)]).encode())
    every = [{"n": n} for n in range(9)]
    for desc in (False, True):
        stored = every[::-1] if desc else every
        for offset in range(11):
            for limit in (None, 1, 4, 9, 100):
                expected = stored[offset:] if limit is None else stored[offset : offset + limit]
                assert await read_items(datasets, dataset.id, offset=offset, limit=limit, desc=desc) == expected


async def test_a_big_push_is_read_item_by_item(datasets: Datasets, dataset: Dataset) -> None:
    every = [{"n": n, "text": "x" * 100} for n in range(MAX_PUSH_BYTES_ON_LOOP // 100)]
    assert await datasets.push(dataset, json.dumps(every).encode()) == len(every)
    assert await read_items(datasets, dataset.id, offset=1) == every[1:]


async def test_counters(datasets: Datasets, dataset: Dataset) -> None:
    await datasets.push(dataset, b"[{},{},{}]")
    await read_items(datasets, dataset.id, limit=2)
    found = datasets.get(dataset.id)
    assert found is not None and (found.write_count, found.read_count) == (3, 2)


SCHEMA = {
    "fields": {
        "type": "object",
        "properties": {"name": {"type": "string"}, "price": {"type": "number", "minimum": 0}},
        "required": ["name"],
    }
}


async def with_schema(datasets: Datasets) -> Dataset:
    return (await datasets.get_or_create("user", schema=SCHEMA))[0]


async def test_one_invalid_item_rejects_the_whole_push(datasets: Datasets) -> None:
    dataset = await with_schema(datasets)
    with pytest.raises(Invalid) as error:
        await datasets.push(dataset, b'[{"name":"a"},{"price":-1},{"name":5}]')
    assert (error.value.slug, error.value.message) == ("schema-validation-error", "Schema validation failed")
    assert error.value.data is not None
    found = [
        (item["itemPosition"], [(each["instancePath"], each["schemaPath"]) for each in item["validationErrors"]])
        for item in error.value.data["invalidItems"]
    ]
    assert found == [
        (1, [("/1", "/items/required"), ("/1/price", "/items/properties/price/minimum")]),
        (2, [("/2/name", "/items/properties/name/type")]),
    ]
    assert await read_items(datasets, dataset.id) == []
    assert await datasets.push(dataset, b'[{"name":"a"},{"name":"b","price":0,"more":[]}]') == 2


async def test_a_lone_surrogate_counts_as_a_character_for_the_schema(datasets: Datasets) -> None:
    dataset = await with_schema(datasets)
    assert await datasets.push(dataset, b'[{"name":"\\ud800"}]') == 1
    with pytest.raises(Invalid):
        await datasets.push(dataset, b'[{"name":"\\ud800","price":-1}]')


async def test_statistics_of_the_fields_of_the_schema(datasets: Datasets) -> None:
    fields: dict[str, Any] = {"n": {}, "text": {}, "list": {}, "object": {}, "flag": {}, "never": {}}
    dataset = (await datasets.get_or_create("user", schema={"fields": {"properties": fields}}))[0]
    await datasets.push(dataset, b'[{"n":2,"text":"abc","list":[],"object":{"a":1},"flag":true},{"n":null}]')
    await datasets.push(dataset, b'{"n":-1.5,"text":"","list":[1,2],"else":9}')
    found = datasets.get(dataset.id)
    assert found is not None
    assert await datasets.field_statistics(found) == {
        "n": {"min": -1.5, "max": 2, "nullCount": 1, "emptyCount": 0},
        "text": {"min": 0, "max": 3, "nullCount": 0, "emptyCount": 1},
        "list": {"min": 0, "max": 2, "nullCount": 0, "emptyCount": 1},
        "object": {"min": 1, "max": 1, "nullCount": 0, "emptyCount": 2},
        "flag": {"min": None, "max": None, "nullCount": 0, "emptyCount": 2},
        "never": {"min": None, "max": None, "nullCount": 0, "emptyCount": 3},
    }


@pytest.mark.parametrize("schema", [None, {}, {"fields": {}}, {"fields": None, "views": {}}])
async def test_without_a_schema_of_items_there_are_no_statistics(datasets: Datasets, schema: Any) -> None:
    dataset = (await datasets.get_or_create("user", schema=schema))[0]
    assert await datasets.field_statistics(dataset) is None
