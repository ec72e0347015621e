from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import replace

import pytest

from runtime.base.errors import Conflict, Invalid, NotFound
from runtime.base.records import Dataset, User
from runtime.database import Database
from runtime.storages.datasets import Datasets
from tests.runtime.storages.hand_clock import HandClock


@pytest.fixture
async def datasets(database: Database, clock: HandClock) -> Datasets:
    for id, username in (("ann-id", "ann"), ("bob-id", "bob")):
        await database.users.insert(User(id=id, username=username, created_at=0))
    return Datasets(database, clock)


async def test_a_name_is_created_once_for_each_user(datasets: Datasets) -> None:
    first, is_new = await datasets.get_or_create("ann-id", "some-name")
    assert is_new and len(first.id) == 17
    assert await datasets.get_or_create("ann-id", "some-name") == (first, False)
    assert (await datasets.get_or_create("bob-id", "some-name"))[1]
    unnamed = {(await datasets.get_or_create("ann-id"))[0].id for _ in range(3)}
    assert len(unnamed) == 3


async def test_a_storage_is_found_by_id_and_by_name(datasets: Datasets) -> None:
    made, _ = await datasets.get_or_create("ann-id", "data")
    for reference in (made.id, "~data", "ann~data", "me~data"):
        assert datasets.find("ann-id", reference).id == made.id
    for user_id, reference in (
        ("bob-id", made.id),
        ("bob-id", "~data"),
        ("bob-id", "ann~data"),
        ("ann-id", "data"),
        ("ann-id", "nobody~data"),
        ("ann-id", "~other"),
    ):
        with pytest.raises(NotFound) as error:
            datasets.find(user_id, reference)
        assert error.value.slug == "record-not-found"


@pytest.mark.parametrize("name", ["", "-a", "a-", "a_b", "a b", "a/b", "a~b", "x" * 64, "ä"])
async def test_invalid_names(datasets: Datasets, name: str) -> None:
    with pytest.raises(Invalid):
        await datasets.get_or_create("ann-id", name)


@pytest.mark.parametrize("name", ["a", "A-1", "x" * 63])
async def test_valid_names(datasets: Datasets, name: str) -> None:
    assert (await datasets.get_or_create("ann-id", name))[0].name == name


async def test_updates(datasets: Datasets, clock: HandClock) -> None:
    made, _ = await datasets.get_or_create("ann-id", "old")
    await datasets.get_or_create("ann-id", "taken")
    clock.move(1)
    changed = await datasets.update(made.id, {"name": "new", "title": "T", "general_access": "ANYONE_WITH_ID_CAN_READ"})
    assert (changed.name, changed.title, changed.general_access) == ("new", "T", "ANYONE_WITH_ID_CAN_READ")
    assert changed.modified_at == clock.now()
    assert (await datasets.update(made.id, {"name": None})).name is None
    with pytest.raises(Conflict):
        await datasets.update(made.id, {"name": "taken"})
    for changes in ({"name": "a b"}, {"name": 5}, {"title": 5}, {"general_access": "ALL"}, {"general_access": None}):
        with pytest.raises(Invalid):
            await datasets.update(made.id, changes)
    with pytest.raises(NotFound):
        await datasets.update("nothing", {"name": "x"})


async def test_a_runs_default_storage_is_deleted_with_the_run(datasets: Datasets) -> None:
    default = await datasets.create_default("ann-id", "run")
    other = await datasets.create_default("ann-id", "other-run")
    assert (default.run_id, default.name) == ("run", None)
    await datasets.delete_of_run("run")
    assert datasets.get(default.id) is None
    assert datasets.get(other.id) == other


async def test_a_runs_default_storage_with_a_name_is_not_deleted(datasets: Datasets) -> None:
    default = await datasets.create_default("ann-id", "run")
    named = await datasets.update(default.id, {"name": "named"})
    await datasets.delete_of_run("run")
    assert datasets.get(default.id) == named


async def test_a_deleted_storage_is_not_found(datasets: Datasets) -> None:
    made, _ = await datasets.get_or_create("ann-id")
    await datasets.delete(made.id)
    assert datasets.get(made.id) is None
    with pytest.raises(NotFound):
        await datasets.delete(made.id)


def to_write(datasets: Datasets, id: str) -> Dataset | None:
    return datasets.locate(None, id, to_write=True)


async def test_locating_a_storage_to_write_needs_no_query_but_has_old_counters(
    datasets: Datasets, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, _ = await datasets.get_or_create("ann-id", "data")
    assert to_write(datasets, made.id) == made
    await datasets.push(made, b"{}")

    def fail(read: Callable[[sqlite3.Connection], object]) -> None:
        raise AssertionError("a query")

    with monkeypatch.context() as patched:
        patched.setattr(database.connection, "query", fail)
        cached = to_write(datasets, made.id)
    now = datasets.get(made.id)
    assert cached is not None and now is not None and now.item_count == 1
    assert cached == replace(now, item_count=0, clean_item_count=0, stored_bytes=0, write_count=0)


async def test_locating_a_storage_to_write_finds_every_other_change(datasets: Datasets) -> None:
    made, _ = await datasets.get_or_create("ann-id")
    default = await datasets.create_default("ann-id", "run")
    for storage in (made, default):
        assert to_write(datasets, storage.id) == storage
    changed = await datasets.update(made.id, {"name": "new", "general_access": "RESTRICTED"})
    assert to_write(datasets, made.id) == changed
    await datasets.delete_of_run("run")
    assert to_write(datasets, default.id) is None
    await datasets.delete(made.id)
    assert to_write(datasets, made.id) is None


async def test_locating_a_storage_to_write_finds_a_cancelled_callers_change(
    datasets: Datasets, database: Database
) -> None:
    made, _ = await datasets.get_or_create("ann-id", "old")
    may_continue = threading.Event()
    blocking = asyncio.create_task(database.connection.write(lambda _: may_continue.wait()))
    await asyncio.sleep(0)
    changing = asyncio.create_task(datasets.update(made.id, {"name": "new"}))
    await asyncio.sleep(0)
    changing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await changing
    assert to_write(datasets, made.id) == made
    may_continue.set()
    await blocking
    await database.connection.write(lambda _: None)  # returns after the change
    found = to_write(datasets, made.id)
    assert found is not None and found.name == "new"
