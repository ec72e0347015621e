"""What all tables of JSON documents have in common, tested with the tables of runs, users and Actors."""

from __future__ import annotations

import asyncio
import sqlite3
from dataclasses import replace

import pytest

from runtime.base.paging import Paging
from runtime.base.records import Actor, EnvVar, RunFilter, RunStats, WebhookEvent, new_event
from runtime.database import AlreadyExists, Database
from tests.fakes.clock import START
from tests.fakes.records import a_build, a_run, a_user, an_actor


async def test_a_record_is_read_as_it_was_stored(database: Database) -> None:
    run = a_run(
        stats=RunStats(mem_avg_bytes=0.1, mem_max_bytes=7),
        status_message="grün \x00 \u2028",
        pending_events=new_event(WebhookEvent.RUN_CREATED),
    )
    build = a_build(
        env_vars=(EnvVar(name="A", value="b", is_secret=True),), definition={"deep": {"list": [1, None, 2.5]}}
    )
    assert await database.runs.insert(run) == run
    await database.builds.insert(build)
    assert database.runs.get("run1") == run
    assert database.builds.get("build1") == build


async def test_a_missing_record_is_not_found(database: Database) -> None:
    assert database.runs.get("nobody") is None
    assert database.runs.by_token("nobody") is None
    assert database.runs.all() == []


async def test_records_are_listed_in_the_order_of_their_insertion(database: Database) -> None:
    for id in ("b", "a", "c"):
        await database.runs.insert(a_run(id=id))
    assert [run.id for run in database.runs.all()] == ["b", "a", "c"]
    assert database.runs.ids() == {"a", "b", "c"}


async def test_a_record_of_an_older_greenroom_gets_the_defaults_of_new_fields(database: Database) -> None:
    def insert_old(connection: sqlite3.Connection) -> None:
        body = '{"id":"old","username":"old","created_at":1,"unknown_field":true}'
        connection.execute("INSERT INTO users (id, body) VALUES ('old', ?)", (body,))

    await database.connection.write(insert_old)
    assert database.users.get("old") == a_user(id="old", username="old", created_at=1)


async def test_a_duplicate_is_rejected_and_the_first_record_stays(database: Database) -> None:
    await database.users.insert(a_user(id="one", username="alice"))
    with pytest.raises(AlreadyExists):
        await database.users.insert(a_user(id="two", username="alice"))
    assert [user.id for user in database.users.all()] == ["one"]


async def test_an_update_that_causes_a_duplicate_is_rejected_and_changes_nothing(database: Database) -> None:
    await database.actors.insert(an_actor(id="one", name="first"))
    await database.actors.insert(an_actor(id="two", name="second"))
    with pytest.raises(AlreadyExists):
        await database.actors.update("two", lambda now: replace(now, name="first"))
    actor = database.actors.get("two")
    assert actor is not None and actor.name == "second"


async def test_no_concurrent_update_is_lost(database: Database) -> None:
    await database.actors.insert(an_actor())

    async def count() -> None:
        await database.actors.update("actor1", lambda now: replace(now, total_runs=now.total_runs + 1))

    await asyncio.gather(*[count() for _ in range(200)])
    actor = database.actors.get("actor1")
    assert actor is not None and actor.total_runs == 200


async def test_an_update_that_raises_writes_nothing_and_its_caller_gets_the_exception(database: Database) -> None:
    await database.actors.insert(an_actor())

    def fail(_: Actor) -> Actor:
        raise ValueError("not like this")

    with pytest.raises(ValueError, match="not like this"):
        await database.actors.update("actor1", fail)
    assert database.actors.get("actor1") == an_actor()


async def test_updating_a_missing_record_returns_none_and_creates_nothing(database: Database) -> None:
    assert await database.actors.update("nobody", lambda now: now) is None
    assert database.actors.all() == []


async def test_delete_returns_whether_the_record_existed(database: Database) -> None:
    for id in ("one", "two"):
        await database.runs.insert(a_run(id=id))
    assert await database.runs.delete("one")
    assert not await database.runs.delete("one")
    assert [run.id for run in database.runs.all()] == ["two"]


@pytest.mark.parametrize(
    ("desc", "offset", "limit", "ids"),
    [
        (False, 0, 10, ["a", "b", "c", "d"]),
        (True, 0, 10, ["d", "c", "b", "a"]),
        (False, 1, 2, ["b", "c"]),
        (True, 1, 2, ["c", "b"]),
        (False, 4, 10, []),
        (False, 1000, 10, []),
    ],
)
async def test_a_page_is_ordered_by_a_column_and_then_by_insertion(
    database: Database, desc: bool, offset: int, limit: int, ids: list[str]
) -> None:
    await database.runs.insert(a_run(id="d", started_at=START + 1))
    for id in ("a", "b", "c"):
        await database.runs.insert(a_run(id=id))
    await database.runs.insert(a_run(id="x", user_id="another user"))
    page = database.runs.page("user1", None, RunFilter(), Paging(offset, limit, desc))
    assert [run.id for run in page.items] == ids
    assert page.total == 4
