from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from runtime.base.general_access import GeneralAccess
from runtime.base.paging import Paging
from runtime.base.records import Dataset, KeyValueStore, RequestQueue
from runtime.database import AlreadyExists, Database, storage_table
from tests.fakes.old_database import old_database

NOW = 1_700_000_000_000


def dataset(id: str, name: str | None = None, **fields: Any) -> Dataset:
    record = Dataset(id=id, user_id="user", created_at=NOW, modified_at=NOW, accessed_at=NOW, name=name)
    return dataclasses.replace(record, **fields)


async def test_a_record_is_read_as_it_was_stored(database: Database) -> None:
    schema, access = {"fields": {"a": [1, None]}}, GeneralAccess.RESTRICTED
    record = dataset("a", "name", title="Title", run_id="run", schema=schema, general_access=access)
    assert await database.datasets.get_or_create(record) == (record, True)
    assert database.datasets.get("a") == record
    assert database.datasets.by_name("user", "name") == record
    assert database.datasets.by_name("other", "name") is None


async def test_a_name_is_unique(database: Database) -> None:
    first, _ = await database.datasets.get_or_create(dataset("a", "name"))
    assert await database.datasets.get_or_create(dataset("b", "name")) == (first, False)
    await database.datasets.get_or_create(dataset("c"))
    assert await database.datasets.get_or_create(dataset("d")) == (dataset("d"), True)
    with pytest.raises(AlreadyExists):
        await database.datasets.update("c", {"name": "name"})


@pytest.mark.parametrize("kind", ["datasets", "key_value_stores", "request_queues"])
async def test_a_name_is_found_and_unique_without_regard_to_case(database: Database, kind: str) -> None:
    table: Any = getattr(database, kind)
    record_class = {"datasets": Dataset, "key_value_stores": KeyValueStore, "request_queues": RequestQueue}[kind]
    times = {"user_id": "user", "created_at": NOW, "modified_at": NOW, "accessed_at": NOW}
    first, _ = await table.get_or_create(record_class(id="a", name="Mixed-Case", **times))
    other, _ = await table.get_or_create(record_class(id="b", name="other", **times))
    for name in ("Mixed-Case", "mixed-case", "MIXED-CASE"):
        assert await table.get_or_create(record_class(id="c", name=name, **times)) == (first, False)
        assert table.by_name("user", name) == first
        assert table.by_name("user2", name) is None
        with pytest.raises(AlreadyExists):
            await table.update(other.id, {"name": name})
    renamed = await table.update(first.id, {"name": "MIXED-case"})
    assert renamed.name == "MIXED-case" and table.by_name("user", "mixed-CASE") == renamed


async def test_names_of_an_older_database_that_differ_only_in_case_stay(tmp_path: Path) -> None:
    with old_database(tmp_path, before="COLLATE NOCASE") as connection:
        for id, name in (("a", "Same"), ("b", "same")):
            values = (id, "user", name, "FOLLOW_USER_SETTING", *[0] * 8)
            columns = "id, user_id, name, general_access, created_at, modified_at, accessed_at, read_count, write_count"
            columns += ", item_count, clean_item_count, stored_bytes"
            connection.execute(f"INSERT INTO datasets ({columns}) VALUES ({', '.join('?' * 12)})", values)
    database = Database(tmp_path)
    found = [database.datasets.by_name("user", name) for name in ("Same", "same", "SAME")]
    assert [each and each.id for each in found] == ["a", "b", "a"]
    renamed = await database.datasets.update("b", {"name": "same", "title": "Still here"})
    assert renamed is not None and renamed.title == "Still here"
    assert (await database.datasets.get_or_create(dataset("c", "saME")))[0].id == "a"
    database.close()


async def test_pages_are_in_the_order_of_creation(database: Database) -> None:
    for number in range(6):
        name = f"n{number}" if number % 2 else None
        await database.datasets.get_or_create(dataset(str(number), name, created_at=NOW + number // 2))
    page = database.datasets.page("user", Paging(offset=1, limit=5), unnamed=False)
    assert ([record.id for record in page.items], page.total) == (["3", "5"], 3)
    page = database.datasets.page("user", Paging(offset=0, limit=4, desc=True), unnamed=True)
    assert ([record.id for record in page.items], page.total) == (["5", "4", "3", "2"], 6)
    assert database.datasets.page("user", Paging(offset=6, limit=4), unnamed=True).items == []


async def test_reads_are_counted_without_a_write_and_stored_by_a_flush(database: Database) -> None:
    await database.key_value_stores.get_or_create(
        KeyValueStore(id="a", user_id="user", created_at=NOW, modified_at=NOW, accessed_at=NOW)
    )
    database.key_value_stores.count_reads("a", NOW + 5, read_count=2)
    database.key_value_stores.count_reads("a", NOW + 4, list_count=1)
    for _ in range(2):
        found = database.key_value_stores.get("a")
        assert found is not None
        assert (found.read_count, found.list_count, found.accessed_at, found.modified_at) == (2, 1, NOW + 5, NOW)
        await database.key_value_stores.flush_reads()


async def test_counts_of_many_reads_are_stored_together_with_a_write(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage_table, "FLUSH_AFTER_READS", 2)
    await database.datasets.get_or_create(dataset("a", "one"))
    await database.datasets.get_or_create(dataset("b", "two"))

    def stored() -> int:
        query = "SELECT read_count FROM datasets WHERE id = 'a'"
        return int(database.connection.query(lambda sql: sql.execute(query).fetchone()[0]))

    database.datasets.count_reads("a", NOW, read_count=2)
    await database.datasets.update("b", {"title": "T"})
    assert stored() == 0
    database.datasets.count_reads("a", NOW, read_count=3)
    with pytest.raises(AlreadyExists):
        await database.datasets.update("b", {"name": "one"})
    await database.datasets.flush_reads()
    assert stored() == 5
    found = database.datasets.get("a")
    assert found is not None and found.read_count == 5


async def test_deleting_a_storage_deletes_its_content(database: Database) -> None:
    for id, run_id in (("a", "run"), ("b", None)):
        await database.datasets.get_or_create(dataset(id, run_id=run_id))
        await database.datasets.push(id, b"{}", count=1, clean_count=0, now=NOW)
    await database.datasets.delete_of_run("run")
    assert database.datasets.get("a") is None
    assert database.connection.query(lambda sql: sql.execute("SELECT dataset_id FROM pushes").fetchall()) == [("b",)]
    assert await database.datasets.delete("b")
    assert not await database.datasets.delete("b")
