from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import replace

import pytest

from runtime.base.errors import Conflict, Invalid, NotFound
from runtime.base.records import Dataset, User
from runtime.database import Store
from runtime.storages.datasets import Datasets
from tests.runtime.storages.hand_clock import HandClock


@pytest.fixture
async def datasets(store: Store, clock: HandClock) -> Datasets:
    for id, username in (("ann-id", "ann"), ("bob-id", "bob")):
        await store.users.insert(User(id=id, username=username, created_at=0))
    return Datasets(store.items, clock)


async def test_get_or_create(datasets: Datasets) -> None:
    first, is_new = await datasets.get_or_create("ann-id", "some-name")
    assert is_new and len(first.id) == 17
    assert await datasets.get_or_create("ann-id", "some-name") == (first, False)
    assert (await datasets.get_or_create("bob-id", "some-name"))[1]
    unnamed = {(await datasets.get_or_create("ann-id"))[0].id for _ in range(3)}
    assert len(unnamed) == 3


async def test_found_by_id_and_by_name(datasets: Datasets) -> None:
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
        with pytest.raises(NotFound) as refusal:
            datasets.find(user_id, reference)
        assert refusal.value.slug == "record-not-found"


@pytest.mark.parametrize("name", ["", "-a", "a-", "a_b", "a b", "a/b", "a~b", "x" * 64, "ä"])
async def test_names_that_are_none(datasets: Datasets, name: str) -> None:
    with pytest.raises(Invalid):
        await datasets.get_or_create("ann-id", name)


@pytest.mark.parametrize("name", ["a", "A-1", "x" * 63])
async def test_names(datasets: Datasets, name: str) -> None:
    assert (await datasets.get_or_create("ann-id", name))[0].name == name


async def test_update(datasets: Datasets, clock: HandClock) -> None:
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


async def test_a_runs_default_goes_with_the_run(datasets: Datasets) -> None:
    default = await datasets.open_default("ann-id", "run")
    other = await datasets.open_default("ann-id", "other-run")
    assert (default.run_id, default.name) == ("run", None)
    await datasets.drop_of_run("run")
    assert datasets.get(default.id) is None
    assert datasets.get(other.id) == other


async def test_a_runs_default_that_got_a_name_stays(datasets: Datasets) -> None:
    default = await datasets.open_default("ann-id", "run")
    named = await datasets.update(default.id, {"name": "kept"})
    await datasets.drop_of_run("run")
    assert datasets.get(default.id) == named


async def test_delete(datasets: Datasets) -> None:
    made, _ = await datasets.get_or_create("ann-id")
    await datasets.delete(made.id)
    assert datasets.get(made.id) is None
    with pytest.raises(NotFound):
        await datasets.delete(made.id)


def to_write(datasets: Datasets, id: str) -> Dataset | None:
    return datasets.locate(None, id, to_write=True)


async def test_who_writes_is_told_all_but_counters_without_a_look_up(
    datasets: Datasets, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, _ = await datasets.get_or_create("ann-id", "data")
    assert to_write(datasets, made.id) == made
    await datasets.push(made, b"{}")

    def no_look_up(question: Callable[[sqlite3.Connection], object]) -> None:
        raise AssertionError("looked up")

    with monkeypatch.context() as patched:
        patched.setattr(store.connection, "query", no_look_up)
        known = to_write(datasets, made.id)
    now = datasets.get(made.id)
    assert known is not None and now is not None and now.item_count == 1
    assert known == replace(now, item_count=0, clean_item_count=0, stored_bytes=0, write_count=0)


async def test_who_writes_sees_every_other_change(datasets: Datasets) -> None:
    made, _ = await datasets.get_or_create("ann-id")
    default = await datasets.open_default("ann-id", "run")
    for storage in (made, default):
        assert to_write(datasets, storage.id) == storage
    changed = await datasets.update(made.id, {"name": "new", "general_access": "RESTRICTED"})
    assert to_write(datasets, made.id) == changed
    await datasets.drop_of_run("run")
    assert to_write(datasets, default.id) is None
    await datasets.delete(made.id)
    assert to_write(datasets, made.id) is None


async def test_who_writes_sees_a_change_that_nobody_waited_for(datasets: Datasets, store: Store) -> None:
    made, _ = await datasets.get_or_create("ann-id", "old")
    may_go_on = threading.Event()
    holding = asyncio.create_task(store.connection.write(lambda _: may_go_on.wait()))
    await asyncio.sleep(0)
    changing = asyncio.create_task(datasets.update(made.id, {"name": "new"}))
    await asyncio.sleep(0)
    changing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await changing
    assert to_write(datasets, made.id) == made
    may_go_on.set()
    await holding
    await store.connection.write(lambda _: None)  # comes after the change
    found = to_write(datasets, made.id)
    assert found is not None and found.name == "new"
