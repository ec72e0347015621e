from __future__ import annotations

import dataclasses

import pytest

from runtime.base.records import Dataset, KeyValueStore, User
from runtime.database import Store, storage_tables
from runtime.database.tables import AlreadyExists

NOW = 1_700_000_000_000


def dataset(id: str, name: str | None = None, **fields: object) -> Dataset:
    record = Dataset(id=id, user_id="user", created_at=NOW, modified_at=NOW, accessed_at=NOW, name=name)
    return dataclasses.replace(record, **fields)  # type: ignore[arg-type]


async def test_a_record_comes_back_as_it_was(store: Store) -> None:
    record = dataset("a", "name", title="Title", run_id="run", schema={"fields": {"a": [1, None]}})
    assert await store.items.table.get_or_create(record) == (record, True)
    assert store.items.table.get("a") == record
    assert store.items.table.named("user", "name") == record
    assert store.items.table.named("other", "name") is None


async def test_a_name_is_given_once(store: Store) -> None:
    first, _ = await store.items.table.get_or_create(dataset("a", "name"))
    assert await store.items.table.get_or_create(dataset("b", "name")) == (first, False)
    await store.items.table.get_or_create(dataset("c"))
    assert await store.items.table.get_or_create(dataset("d")) == (dataset("d"), True)
    with pytest.raises(AlreadyExists):
        await store.items.table.update("c", {"name": "name"})


async def test_lists_in_order_of_creation(store: Store) -> None:
    for number in range(6):
        name = f"n{number}" if number % 2 else None
        await store.items.table.get_or_create(dataset(str(number), name, created_at=NOW + number // 2))
    page = store.items.table.page("user", unnamed=False, descending=False, offset=1, limit=5)
    assert ([record.id for record in page.items], page.total) == (["3", "5"], 3)
    page = store.items.table.page("user", unnamed=True, descending=True, offset=0, limit=4)
    assert ([record.id for record in page.items], page.total) == (["5", "4", "3", "2"], 6)
    assert store.items.table.page("user", unnamed=True, descending=False, offset=6, limit=4).items == []


async def test_reads_are_counted_without_a_write_and_kept_by_a_flush(store: Store) -> None:
    await store.values.table.get_or_create(
        KeyValueStore(id="a", user_id="user", created_at=NOW, modified_at=NOW, accessed_at=NOW)
    )
    store.values.table.count("a", NOW + 5, read_count=2)
    store.values.table.count("a", NOW + 4, list_count=1)
    for _ in range(2):
        found = store.values.table.get("a")
        assert found is not None
        assert (found.read_count, found.list_count, found.accessed_at, found.modified_at) == (2, 1, NOW + 5, NOW)
        await store.values.table.flush()


async def test_many_reads_are_written_along_with_a_write(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage_tables, "SETTLE_AFTER", 2)
    await store.items.table.get_or_create(dataset("a", "one"))
    await store.items.table.get_or_create(dataset("b", "two"))

    def stored() -> int:
        query = "SELECT read_count FROM datasets WHERE id = 'a'"
        return int(store.connection.query(lambda sql: sql.execute(query).fetchone()[0]))

    store.items.table.count("a", NOW, read_count=2)
    await store.items.table.update("b", {"title": "T"})
    assert stored() == 0
    store.items.table.count("a", NOW, read_count=3)
    with pytest.raises(AlreadyExists):
        await store.items.table.update("b", {"name": "one"})
    await store.items.table.flush()
    assert stored() == 5
    found = store.items.table.get("a")
    assert found is not None and found.read_count == 5


async def test_deleting_takes_the_contents_along(store: Store) -> None:
    for id, run_id in (("a", "run"), ("b", None)):
        await store.items.table.get_or_create(dataset(id, run_id=run_id))
        await store.items.push(id, b"{}", count=1, clean_count=0, now=NOW)
    await store.items.table.delete_of_run("run")
    assert store.items.table.get("a") is None
    assert store.connection.query(lambda sql: sql.execute("SELECT dataset_id FROM pushes").fetchall()) == [("b",)]
    assert await store.items.table.delete("b")
    assert not await store.items.table.delete("b")


async def test_users_by_name(store: Store) -> None:
    await store.users.insert(User(id="user", username="local", created_at=NOW))
    assert store.items.table.user_id("local") == "user"
    assert store.items.table.user_id("nobody") is None
