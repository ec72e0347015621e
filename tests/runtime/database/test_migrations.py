from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.base.lifecycle import JobStatus
from runtime.base.records import WebhookEvent
from runtime.database import Database, migrations
from runtime.database.migrations import STEPS, NewerSchema, migrate
from tests.fakes.old_database import insert_old, old_database
from tests.fakes.records import a_build, a_run, options


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(tmp_path / "test.db", isolation_level=None)
    yield connection
    connection.close()


def version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def schema(connection: sqlite3.Connection) -> list[tuple[str, ...]]:
    return connection.execute("SELECT type, name, sql FROM sqlite_master ORDER BY type, name").fetchall()


def test_a_new_database_gets_the_complete_schema(connection: sqlite3.Connection) -> None:
    migrate(connection)
    assert version(connection) == len(STEPS)
    tables = {name for kind, name, _ in schema(connection) if kind == "table"}
    assert {"users", "actors", "versions", "builds", "runs", "datasets", "key_value_stores", "request_queues"} <= tables


def test_migrating_again_changes_nothing(connection: sqlite3.Connection) -> None:
    migrate(connection)
    before = schema(connection)
    migrate(connection)
    assert schema(connection) == before


@pytest.mark.parametrize("done", range(len(STEPS)))
def test_every_older_schema_is_migrated_to_the_newest(
    connection: sqlite3.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, done: int
) -> None:
    monkeypatch.setattr(migrations, "STEPS", STEPS[:done])
    migrate(connection)
    assert version(connection) == done
    monkeypatch.undo()
    migrate(connection)
    with sqlite3.connect(tmp_path / "fresh.db", isolation_level=None) as fresh:
        migrate(fresh)
        assert schema(connection) == schema(fresh)


def test_a_newer_schema_is_rejected_with_advice_and_not_changed(connection: sqlite3.Connection) -> None:
    connection.execute(f"PRAGMA user_version = {len(STEPS) + 1}")
    with pytest.raises(NewerSchema, match="--data-dir"):
        migrate(connection)
    assert version(connection) == len(STEPS) + 1
    assert schema(connection) == []


def test_a_failing_step_changes_nothing(connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    migrate(connection)
    before = schema(connection)
    monkeypatch.setattr(migrations, "STEPS", (*STEPS, "CREATE TABLE half (id); CREATE TABLE half (id);"))
    with pytest.raises(sqlite3.OperationalError):
        migrate(connection)
    assert schema(connection) == before
    assert version(connection) == len(STEPS)


def test_the_database_of_a_newer_greenroom_is_not_opened(tmp_path: Path) -> None:
    Database(tmp_path).close()
    with sqlite3.connect(tmp_path / "greenroom.db") as connection:
        connection.execute("PRAGMA user_version = 9999")
    with pytest.raises(NewerSchema):
        Database(tmp_path)


def test_pending_events_survive_the_renaming_of_their_field(tmp_path: Path) -> None:
    run = a_run(status=JobStatus.SUCCEEDED, pending_events={"event1": WebhookEvent.RUN_SUCCEEDED})
    build = a_build(pending_events={"event2": WebhookEvent.BUILD_CREATED, "event3": WebhookEvent.BUILD_SUCCEEDED})
    with old_database(tmp_path, before="pending_events") as connection:
        insert_old(connection, "runs", run, pending_events="untold")
        insert_old(connection, "runs", a_run(id="quiet"), pending_events="untold")
        insert_old(connection, "builds", build, pending_events="untold")
    database = Database(tmp_path)
    assert (database.runs.get(run.id), database.builds.get(build.id)) == (run, build)
    assert (database.runs.with_pending_events(), database.builds.with_pending_events()) == ([run], [build])
    database.close()


def test_the_requested_memory_survives_the_renaming_of_its_field(tmp_path: Path) -> None:
    run = a_run(options=options(requested_mbytes=1000.5))
    with old_database(tmp_path, before="requested_mbytes") as connection:
        insert_old(connection, "runs", run)
        connection.execute("UPDATE runs SET body = replace(body, 'requested_mbytes', 'asked_mbytes')")
    database = Database(tmp_path)
    assert database.runs.get(run.id) == run
    database.close()


def test_the_bytes_of_requests_are_counted_when_the_queue_gets_the_counter(tmp_path: Path) -> None:
    with old_database(tmp_path, before="head_item_read_count") as connection:
        columns = "id, user_id, general_access, created_at, modified_at, accessed_at, read_count, write_count"
        counters = "total_request_count, handled_request_count, had_multiple_clients"
        query = (
            f"INSERT INTO request_queues ({columns}, {counters}) VALUES (?, 'u', 'RESTRICTED', 1, 1, 1, 0, 2, 2, 0, 0)"
        )
        connection.executemany(query, [("full",), ("empty",)])
        for id, body in (("a", b"{}"), ("b", b"12345")):
            connection.execute(
                "INSERT INTO requests (queue_id, id, position, body) VALUES ('full', ?, 1, ?)", (id, body)
            )
    database = Database(tmp_path)
    full, empty = database.request_queues.get("full"), database.request_queues.get("empty")
    assert full is not None and empty is not None
    assert (full.stored_bytes, full.delete_count, empty.stored_bytes) == (7, 0, 0)
    database.close()
