from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from runtime.base.lifecycle import JobStatus
from runtime.base.records import EnvVar, RunStats, WebhookEvent, new_event
from runtime.database import Store
from runtime.database.tables import UNFINISHED, AlreadyExists
from tests.fakes.clock import START
from tests.fakes.records import a_build, a_run, a_user, an_actor


async def test_a_record_comes_back_as_it_was_stored(store: Store) -> None:
    run = a_run(
        stats=RunStats(mem_avg_bytes=0.1, mem_max_bytes=7),
        status_message="grün \x00 \u2028",
        pending_events=new_event(WebhookEvent.RUN_CREATED),
    )
    build = a_build(
        env_vars=(EnvVar(name="A", value="b", is_secret=True),), definition={"deep": {"list": [1, None, 2.5]}}
    )
    assert await store.runs.insert(run) == run
    await store.builds.insert(build)
    assert store.runs.get("run1") == run
    assert store.builds.get("build1") == build


async def test_a_record_that_is_not_there_is_none(store: Store) -> None:
    assert store.runs.get("nobody") is None
    assert store.runs.find("token = ?", "nobody") is None
    assert store.runs.all() == []


async def test_records_are_found_by_what_is_searched(store: Store) -> None:
    await store.runs.insert(a_run(id="one", status=JobStatus.SUCCEEDED))
    await store.runs.insert(a_run(id="two", status=JobStatus.TIMING_OUT))
    found = store.runs.find("web_key = ?", "webkeytwo")
    assert found is not None and found.id == "two"
    assert [run.id for run in store.runs.all(UNFINISHED)] == ["two"]


async def test_a_record_of_an_older_greenroom_lacks_new_fields_and_is_read_with_their_defaults(store: Store) -> None:
    def insert_old(connection: object) -> None:
        connection.execute(  # type: ignore[attr-defined]
            "INSERT INTO users (id, body) VALUES ('old', ?)",
            ('{"id":"old","username":"old","created_at":1,"of_a_newer_one":true}',),
        )

    await store.connection.write(insert_old)
    assert store.users.get("old") == a_user(id="old", username="old", created_at=1)


async def test_what_must_be_unique_is_refused_and_the_first_stays(store: Store) -> None:
    await store.users.insert(a_user(id="one", username="alice"))
    with pytest.raises(AlreadyExists):
        await store.users.insert(a_user(id="two", username="alice"))
    assert [user.id for user in store.users.all()] == ["one"]


async def test_an_update_that_breaks_uniqueness_is_refused_and_changes_nothing(store: Store) -> None:
    await store.actors.insert(an_actor(id="one", name="first"))
    await store.actors.insert(an_actor(id="two", name="second"))
    with pytest.raises(AlreadyExists):
        await store.actors.update("two", lambda now: replace(now, name="first"))
    kept = store.actors.get("two")
    assert kept is not None and kept.name == "second"


async def test_no_update_is_lost_among_many_at_once(store: Store) -> None:
    await store.actors.insert(an_actor())

    async def count() -> None:
        await store.actors.update("actor1", lambda now: replace(now, total_runs=now.total_runs + 1))

    await asyncio.gather(*[count() for _ in range(200)])
    actor = store.actors.get("actor1")
    assert actor is not None and actor.total_runs == 200


async def test_an_update_that_raises_writes_nothing_and_tells_its_caller(store: Store) -> None:
    await store.actors.insert(an_actor())

    def refuse(_: object) -> None:
        raise ValueError("not like this")

    with pytest.raises(ValueError, match="not like this"):
        await store.actors.update("actor1", refuse)  # type: ignore[arg-type]
    assert store.actors.get("actor1") == an_actor()


async def test_updating_what_is_not_there_gives_none_and_makes_nothing(store: Store) -> None:
    assert await store.actors.update("nobody", lambda now: now) is None
    assert store.actors.all() == []


async def test_deleting_tells_how_many_there_were(store: Store) -> None:
    for id in ("one", "two"):
        await store.runs.insert(a_run(id=id))
    assert await store.runs.delete("id = ?", "one") == 1
    assert await store.runs.delete("id = ?", "one") == 0
    assert [run.id for run in store.runs.all()] == ["two"]


@pytest.mark.parametrize(
    ("descending", "offset", "limit", "ids"),
    [
        (False, 0, 10, ["a", "b", "c", "d"]),
        (True, 0, 10, ["d", "c", "b", "a"]),
        (False, 1, 2, ["b", "c"]),
        (True, 1, 2, ["c", "b"]),
        (False, 4, 10, []),
        (False, 1000, 10, []),
    ],
)
async def test_a_page_is_in_order_and_records_of_one_moment_keep_the_order_they_came_in(
    store: Store, descending: bool, offset: int, limit: int, ids: list[str]
) -> None:
    await store.runs.insert(a_run(id="d", started_at=START + 1))
    for id in ("a", "b", "c"):
        await store.runs.insert(a_run(id=id))
    await store.runs.insert(a_run(id="x", user_id="somebody else"))
    page = store.runs.page(
        "user_id = ?", ["user1"], order_by="started_at", descending=descending, offset=offset, limit=limit
    )
    assert [run.id for run in page.items] == ids
    assert page.total == 4
