from __future__ import annotations

import sqlite3
from typing import Any

import pytest

from runtime.base.lifecycle import JobStatus
from runtime.base.records import BuildOptions, RunFilter, WebhookCondition, WebhookEvent, new_event
from runtime.database import Database
from runtime.database.job_tables import HAS_PENDING_EVENTS, UNFINISHED
from tests.fakes.clock import START
from tests.fakes.records import a_build, a_run, an_actor, options


async def insert_runs(database: Database, **runs: dict[str, Any]) -> None:
    """Insert runs with these ids. Each run starts one second after the previous one."""
    for seconds, (id, fields) in enumerate(runs.items()):
        await database.runs.insert(a_run(id=id, **{"started_at": START + 1000 * seconds, **fields}))


@pytest.mark.parametrize("status", JobStatus)
async def test_unfinished_jobs_have_no_terminal_status(database: Database, status: JobStatus) -> None:
    await database.runs.insert(a_run(status=status))
    await database.builds.insert(a_build(status=status))
    is_unfinished = not status.is_terminal
    assert bool(database.runs.unfinished()) == bool(database.builds.unfinished()) == is_unfinished
    assert database.runs.has_unfinished_of_actor("actor1") == is_unfinished
    assert database.runs.has_unfinished_of_build("build1") == is_unfinished
    assert not database.runs.has_unfinished_of_actor("actor2")
    assert not database.runs.has_unfinished_of_build("build2")
    assert await database.runs.delete_ended("run1") != is_unfinished
    assert (database.runs.get("run1") is None) != is_unfinished


async def test_unfinished_jobs_and_their_memory_are_counted_for_each_user(database: Database) -> None:
    await insert_runs(
        database,
        one={"options": options(memory_mbytes=128)},
        two={"options": options(memory_mbytes=256)},
        ended={"options": options(memory_mbytes=512), "status": JobStatus.FAILED},
        foreign={"options": options(memory_mbytes=1024), "user_id": "user2"},
    )
    await database.builds.insert(
        a_build(status=JobStatus.RUNNING, options=BuildOptions(tag="latest", memory_mbytes=4096))
    )
    assert database.runs.unfinished_count_and_mbytes("user1") == (2, 384)
    assert database.builds.unfinished_count_and_mbytes("user1") == (1, 4096)
    assert database.runs.unfinished_count_and_mbytes("nobody") == (0, 0)


async def test_jobs_with_pending_events_are_found(database: Database) -> None:
    await insert_runs(database, quiet={}, pending={"pending_events": new_event(WebhookEvent.RUN_CREATED)})
    await database.builds.insert(a_build(pending_events=new_event(WebhookEvent.BUILD_CREATED)))
    assert [run.id for run in database.runs.with_pending_events()] == ["pending"]
    assert [build.id for build in database.builds.with_pending_events()] == ["build1"]


@pytest.mark.parametrize("condition", [UNFINISHED, HAS_PENDING_EVENTS])
def test_jobs_that_need_attention_are_found_by_an_index(database: Database, condition: str) -> None:
    def plan(connection: sqlite3.Connection) -> str:
        return str(connection.execute(f"EXPLAIN QUERY PLAN SELECT body FROM runs WHERE {condition}").fetchall())

    assert "INDEX" in database.connection.query(plan)


async def test_a_run_is_found_by_each_of_its_keys(database: Database) -> None:
    await insert_runs(database, one={}, two={})
    runs = database.runs
    for found in (runs.by_token("greenroom_run_two"), runs.by_web_key("webkeytwo"), runs.by_events_key("eventskeytwo")):
        assert found is not None and found.id == "two"
    assert runs.by_token("webkeytwo") is runs.by_web_key("") is runs.by_events_key("nobody") is None


async def test_the_newest_run_of_a_user_an_actor_or_a_filter(database: Database) -> None:
    await insert_runs(
        database,
        old={"status": JobStatus.SUCCEEDED},
        middle={"actor_id": "actor2"},
        new={},
        foreign={"user_id": "user2"},
    )
    newest = database.runs.newest
    ended = RunFilter(statuses=("SUCCEEDED", "FAILED"))
    found = [
        newest("user1", None, RunFilter()),
        newest("user1", an_actor(id="actor2"), RunFilter()),
        newest("user1", None, ended),
        newest("user1", an_actor(id="actor3"), RunFilter()),
        newest("user1", None, RunFilter(started_before=START + 1000)),
    ]
    assert [run and run.id for run in found] == ["new", "middle", "old", None, "middle"]


@pytest.mark.parametrize(
    ("condition", "id"),
    [
        (WebhookCondition(actor_run_id="old"), "old"),
        (WebhookCondition(actor_id="actor1"), "new"),
        (WebhookCondition(actor_task_id="task1"), "middle"),
        (WebhookCondition(actor_task_id="task1", actor_run_id="new"), "new"),
        (WebhookCondition(actor_id="nobody"), None),
        (WebhookCondition(), None),
    ],
)
async def test_the_newest_run_of_a_webhooks_condition(
    database: Database, condition: WebhookCondition, id: str | None
) -> None:
    await insert_runs(
        database, old={}, middle={"task_id": "task1", "actor_id": "actor2"}, new={}, foreign={"user_id": "user2"}
    )
    found = database.runs.newest_of_condition("user1", condition)
    assert (found and found.id) == id


async def test_runs_that_ended_before_a_moment_without_the_newest_ones(database: Database) -> None:
    ended = {"status": JobStatus.SUCCEEDED}
    await insert_runs(
        database,
        first={**ended, "finished_at": START + 10_000},
        late={**ended, "finished_at": START + 99_000},
        live={},
        second={**ended, "finished_at": START + 20_000},
        newest={**ended, "finished_at": START + 20_000},
        foreign={**ended, "finished_at": START, "user_id": "user2"},
    )
    found = database.runs.ended_before("user1", START + 50_000, except_newest=1)
    assert [run.id for run in found] == ["first", "second"]


async def test_builds_are_found_by_number_actor_and_fingerprint(database: Database) -> None:
    for number, fingerprint in (("0.0.1", "same"), ("0.0.12", "other"), ("0.1.3", "same")):
        started_at = START + int(number.rpartition(".")[2])
        await database.builds.insert(a_build(id=number, number=number, fingerprint=fingerprint, started_at=started_at))
    await database.builds.insert(a_build(id="foreign", actor_id="actor2", number="0.0.99", fingerprint="same"))
    builds = database.builds
    found = builds.by_number("actor1", "0.0.12")
    assert found is not None and found.id == "0.0.12"
    assert builds.by_number("actor1", "0.0.99") is None
    assert [build.id for build in builds.by_fingerprint("actor1", "same")] == ["0.1.3", "0.0.1"]
    assert {build.id for build in builds.of_actor("actor1")} == {"0.0.1", "0.0.12", "0.1.3"}
    assert [builds.last_number("actor1", version) for version in ("0.0", "0.1", "0.2")] == [12, 3, 0]
