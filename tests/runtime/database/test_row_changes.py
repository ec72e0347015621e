"""Which changes of records are reported: those that were committed, and no others."""

from __future__ import annotations

import asyncio
import sqlite3
from typing import Any

import pytest

from runtime.base.clock import SystemClock
from runtime.base.lifecycle import JobStatus
from runtime.database import Database
from runtime.database.row_changes import RowChange
from runtime.storages.datasets import Datasets
from tests.fakes.records import a_run, an_actor

TRIGGERS = "SELECT count(*) FROM temp.sqlite_master WHERE type = 'trigger'"


@pytest.fixture
def changes(database: Database) -> list[RowChange]:
    reported: list[RowChange] = []
    database.connection.changes.watch(reported.extend)
    return reported


async def test_created_modified_moved_and_deleted_records_are_reported_in_order(
    database: Database, changes: list[RowChange]
) -> None:
    run = await database.runs.insert(a_run(status=JobStatus.RUNNING))
    await database.runs.update(run.id, lambda now: a_run(status=now.status, status_message="Half done"))
    await database.runs.update(run.id, lambda _: a_run(status=JobStatus.SUCCEEDED))
    await database.runs.delete(run.id)
    reported = [change for change in changes if change.kind == "run"]
    assert reported == [("run", run.id, run.user_id, each) for each in ("created", "modified", "moved", "deleted")]


async def test_a_deletion_of_many_storages_reports_each_and_a_read_reports_nothing(
    database: Database, changes: list[RowChange]
) -> None:
    datasets = Datasets(database, SystemClock())
    ids = {(await datasets.create_default("user1", "run1")).id for _ in range(3)}
    first = datasets.get(next(iter(ids)))
    assert first is not None
    await datasets.push(first, b"[{}]")
    seen = len(changes)
    datasets.items(first, offset=0, limit=None, desc=False)
    await datasets.close()
    assert len(changes) == seen
    await datasets.delete_of_run("run1")
    assert {change.id for change in changes if change.change == "deleted"} == ids
    assert [change.change for change in changes if change.id == first.id] == ["created", "modified", "deleted"]


async def test_a_write_that_is_rolled_back_reports_nothing(database: Database, changes: list[RowChange]) -> None:
    def fail(connection: sqlite3.Connection) -> None:
        connection.execute("UPDATE actors SET body = body")
        raise ValueError

    await database.actors.insert(an_actor())
    changes.clear()
    await asyncio.gather(
        database.connection.write(fail),
        database.actors.update("actor1", lambda now: an_actor(title="New")),
        database.connection.write(fail),
        return_exceptions=True,
    )
    assert changes == [("actor", "actor1", "user1", "modified")]


async def test_without_a_watcher_there_are_no_triggers(database: Database) -> None:
    def triggers() -> Any:
        return database.connection.write(lambda connection: connection.execute(TRIGGERS).fetchone()[0])

    reported: list[RowChange] = []
    assert await triggers() == 0
    database.connection.changes.watch(reported.extend)
    assert await triggers() > 0
    database.connection.changes.stop()
    await database.actors.insert(an_actor())
    assert (await triggers(), reported) == (0, [])
