"""The schema as an ordered list of steps. `PRAGMA user_version` counts the steps that a database has been through.

Records that change rarely (Actors, builds, runs and so on) are one JSON document per row, with generated columns for
what queries search: a new field needs no migration. Storages, whose counters change with every request, have columns.
"""

from __future__ import annotations

import sqlite3

STEPS = (
    """
    CREATE TABLE users (
        id TEXT PRIMARY KEY, body TEXT NOT NULL,
        username TEXT GENERATED ALWAYS AS (json_extract(body, '$.username')) VIRTUAL
    );
    CREATE UNIQUE INDEX users_by_username ON users (username);

    CREATE TABLE actors (
        id TEXT PRIMARY KEY, body TEXT NOT NULL,
        user_id TEXT GENERATED ALWAYS AS (json_extract(body, '$.user_id')) VIRTUAL,
        name TEXT GENERATED ALWAYS AS (json_extract(body, '$.name')) VIRTUAL,
        created_at INTEGER GENERATED ALWAYS AS (json_extract(body, '$.created_at')) VIRTUAL,
        last_run_started_at INTEGER GENERATED ALWAYS AS (json_extract(body, '$.last_run_started_at')) VIRTUAL
    );
    CREATE UNIQUE INDEX actors_by_name ON actors (user_id, name);

    CREATE TABLE versions (
        id TEXT PRIMARY KEY, body TEXT NOT NULL,
        actor_id TEXT GENERATED ALWAYS AS (json_extract(body, '$.actor_id')) VIRTUAL,
        number TEXT GENERATED ALWAYS AS (json_extract(body, '$.number')) VIRTUAL,
        created_at INTEGER GENERATED ALWAYS AS (json_extract(body, '$.created_at')) VIRTUAL
    );
    CREATE UNIQUE INDEX versions_by_number ON versions (actor_id, number);

    CREATE TABLE builds (
        id TEXT PRIMARY KEY, body TEXT NOT NULL,
        user_id TEXT GENERATED ALWAYS AS (json_extract(body, '$.user_id')) VIRTUAL,
        actor_id TEXT GENERATED ALWAYS AS (json_extract(body, '$.actor_id')) VIRTUAL,
        number TEXT GENERATED ALWAYS AS (json_extract(body, '$.number')) VIRTUAL,
        status TEXT GENERATED ALWAYS AS (json_extract(body, '$.status')) VIRTUAL,
        started_at INTEGER GENERATED ALWAYS AS (json_extract(body, '$.started_at')) VIRTUAL
    );
    CREATE UNIQUE INDEX builds_by_number ON builds (actor_id, number);
    CREATE INDEX builds_by_user ON builds (user_id, started_at);
    CREATE INDEX builds_by_status ON builds (status);

    CREATE TABLE runs (
        id TEXT PRIMARY KEY, body TEXT NOT NULL,
        user_id TEXT GENERATED ALWAYS AS (json_extract(body, '$.user_id')) VIRTUAL,
        actor_id TEXT GENERATED ALWAYS AS (json_extract(body, '$.actor_id')) VIRTUAL,
        build_id TEXT GENERATED ALWAYS AS (json_extract(body, '$.build_id')) VIRTUAL,
        status TEXT GENERATED ALWAYS AS (json_extract(body, '$.status')) VIRTUAL,
        origin TEXT GENERATED ALWAYS AS (json_extract(body, '$.meta.origin')) VIRTUAL,
        token TEXT GENERATED ALWAYS AS (json_extract(body, '$.token')) VIRTUAL,
        web_key TEXT GENERATED ALWAYS AS (json_extract(body, '$.web_key')) VIRTUAL,
        events_key TEXT GENERATED ALWAYS AS (json_extract(body, '$.events_key')) VIRTUAL,
        started_at INTEGER GENERATED ALWAYS AS (json_extract(body, '$.started_at')) VIRTUAL
    );
    CREATE INDEX runs_by_user ON runs (user_id, started_at);
    CREATE INDEX runs_by_actor ON runs (actor_id, started_at);
    CREATE INDEX runs_by_status ON runs (status);
    CREATE UNIQUE INDEX runs_by_token ON runs (token);
    CREATE UNIQUE INDEX runs_by_web_key ON runs (web_key);
    CREATE UNIQUE INDEX runs_by_events_key ON runs (events_key);
    """,
    """
    CREATE TABLE datasets (
        id TEXT NOT NULL PRIMARY KEY, user_id TEXT NOT NULL, name TEXT, title TEXT, general_access TEXT NOT NULL,
        run_id TEXT, created_at INTEGER NOT NULL, modified_at INTEGER NOT NULL, accessed_at INTEGER NOT NULL,
        read_count INTEGER NOT NULL, write_count INTEGER NOT NULL,
        item_count INTEGER NOT NULL, clean_item_count INTEGER NOT NULL, stored_bytes INTEGER NOT NULL, schema TEXT
    );
    CREATE UNIQUE INDEX datasets_by_name ON datasets (user_id, name) WHERE name IS NOT NULL;
    CREATE INDEX datasets_by_user ON datasets (user_id, created_at);
    CREATE INDEX datasets_by_run ON datasets (run_id) WHERE run_id IS NOT NULL;

    CREATE TABLE pushes (dataset_id TEXT NOT NULL, first INTEGER NOT NULL, count INTEGER NOT NULL, items BLOB NOT NULL);
    CREATE UNIQUE INDEX pushes_by_first ON pushes (dataset_id, first);

    CREATE TABLE key_value_stores (
        id TEXT NOT NULL PRIMARY KEY, user_id TEXT NOT NULL, name TEXT, title TEXT, general_access TEXT NOT NULL,
        run_id TEXT, created_at INTEGER NOT NULL, modified_at INTEGER NOT NULL, accessed_at INTEGER NOT NULL,
        read_count INTEGER NOT NULL, write_count INTEGER NOT NULL,
        list_count INTEGER NOT NULL, delete_count INTEGER NOT NULL, stored_bytes INTEGER NOT NULL
    );
    CREATE UNIQUE INDEX key_value_stores_by_name ON key_value_stores (user_id, name) WHERE name IS NOT NULL;
    CREATE INDEX key_value_stores_by_user ON key_value_stores (user_id, created_at);
    CREATE INDEX key_value_stores_by_run ON key_value_stores (run_id) WHERE run_id IS NOT NULL;

    CREATE TABLE records (
        store_id TEXT NOT NULL, key TEXT NOT NULL, content_type TEXT NOT NULL, content_encoding TEXT,
        size INTEGER NOT NULL, file TEXT, body BLOB,
        CHECK ((file IS NULL) <> (body IS NULL))
    );
    CREATE UNIQUE INDEX records_by_key ON records (store_id, key);

    CREATE TABLE request_queues (
        id TEXT NOT NULL PRIMARY KEY, user_id TEXT NOT NULL, name TEXT, title TEXT, general_access TEXT NOT NULL,
        run_id TEXT, created_at INTEGER NOT NULL, modified_at INTEGER NOT NULL, accessed_at INTEGER NOT NULL,
        read_count INTEGER NOT NULL, write_count INTEGER NOT NULL,
        total_request_count INTEGER NOT NULL, handled_request_count INTEGER NOT NULL,
        had_multiple_clients INTEGER NOT NULL, first_client TEXT
    );
    CREATE UNIQUE INDEX request_queues_by_name ON request_queues (user_id, name) WHERE name IS NOT NULL;
    CREATE INDEX request_queues_by_user ON request_queues (user_id, created_at);
    CREATE INDEX request_queues_by_run ON request_queues (run_id) WHERE run_id IS NOT NULL;

    CREATE TABLE requests (
        queue_id TEXT NOT NULL, id TEXT NOT NULL, position INTEGER,
        lock_expires_at INTEGER, lock_by_client TEXT, lock_by_run TEXT, body BLOB NOT NULL
    );
    CREATE UNIQUE INDEX requests_by_id ON requests (queue_id, id);
    CREATE INDEX requests_unhandled ON requests (queue_id, position, lock_expires_at)
        WHERE position IS NOT NULL;
    CREATE INDEX requests_by_lock ON requests (queue_id, lock_expires_at) WHERE lock_expires_at IS NOT NULL;
    """,
    """
    CREATE TABLE webhooks (
        id TEXT PRIMARY KEY, body TEXT NOT NULL,
        user_id TEXT GENERATED ALWAYS AS (json_extract(body, '$.user_id')) VIRTUAL,
        actor_id TEXT GENERATED ALWAYS AS (json_extract(body, '$.condition.actor_id')) VIRTUAL,
        run_id TEXT GENERATED ALWAYS AS (json_extract(body, '$.condition.actor_run_id')) VIRTUAL,
        idempotency_key TEXT GENERATED ALWAYS AS (json_extract(body, '$.idempotency_key')) VIRTUAL,
        created_at INTEGER GENERATED ALWAYS AS (json_extract(body, '$.created_at')) VIRTUAL
    );
    CREATE INDEX webhooks_by_user ON webhooks (user_id, created_at);
    CREATE INDEX webhooks_by_actor ON webhooks (actor_id) WHERE actor_id IS NOT NULL;
    CREATE INDEX webhooks_by_run ON webhooks (run_id) WHERE run_id IS NOT NULL;
    CREATE UNIQUE INDEX webhooks_by_key ON webhooks (user_id, idempotency_key) WHERE idempotency_key IS NOT NULL;

    CREATE TABLE dispatches (
        id TEXT PRIMARY KEY, body TEXT NOT NULL,
        user_id TEXT GENERATED ALWAYS AS (json_extract(body, '$.user_id')) VIRTUAL,
        webhook_id TEXT GENERATED ALWAYS AS (json_extract(body, '$.webhook.id')) VIRTUAL,
        run_id TEXT GENERATED ALWAYS AS (json_extract(body, '$.webhook.condition.actor_run_id')) VIRTUAL,
        occasion TEXT GENERATED ALWAYS AS (json_extract(body, '$.occasion')) VIRTUAL,
        created_at INTEGER GENERATED ALWAYS AS (json_extract(body, '$.created_at')) VIRTUAL,
        next_call_at INTEGER GENERATED ALWAYS AS (json_extract(body, '$.next_call_at')) VIRTUAL
    );
    CREATE INDEX dispatches_by_user ON dispatches (user_id, created_at);
    CREATE INDEX dispatches_by_webhook ON dispatches (webhook_id, created_at);
    CREATE INDEX dispatches_by_call ON dispatches (next_call_at) WHERE next_call_at IS NOT NULL;
    CREATE UNIQUE INDEX dispatches_by_occasion ON dispatches (webhook_id, occasion);

    CREATE INDEX runs_untold ON runs (id) WHERE json_extract(body, '$.untold') <> '{}';
    CREATE INDEX builds_untold ON builds (id) WHERE json_extract(body, '$.untold') <> '{}';
    """,
    """
    CREATE TABLE charges (run_id TEXT NOT NULL, idempotency_key TEXT NOT NULL, charged_at INTEGER NOT NULL);
    CREATE UNIQUE INDEX charges_by_key ON charges (run_id, idempotency_key);
    CREATE INDEX charges_by_time ON charges (charged_at);

    ALTER TABLE key_value_stores ADD COLUMN schema TEXT;
    """,
    """
    ALTER TABLE datasets ADD COLUMN creator_run_id TEXT;
    ALTER TABLE datasets ADD COLUMN creator_actor_id TEXT;
    ALTER TABLE key_value_stores ADD COLUMN creator_run_id TEXT;
    ALTER TABLE key_value_stores ADD COLUMN creator_actor_id TEXT;
    ALTER TABLE request_queues ADD COLUMN creator_run_id TEXT;
    ALTER TABLE request_queues ADD COLUMN creator_actor_id TEXT;
    """,
    """
    CREATE TABLE tasks (
        id TEXT PRIMARY KEY, body TEXT NOT NULL,
        user_id TEXT GENERATED ALWAYS AS (json_extract(body, '$.user_id')) VIRTUAL,
        actor_id TEXT GENERATED ALWAYS AS (json_extract(body, '$.actor_id')) VIRTUAL,
        name TEXT GENERATED ALWAYS AS (json_extract(body, '$.name')) VIRTUAL,
        created_at INTEGER GENERATED ALWAYS AS (json_extract(body, '$.created_at')) VIRTUAL
    );
    CREATE UNIQUE INDEX tasks_by_name ON tasks (user_id, name);
    CREATE INDEX tasks_by_actor ON tasks (actor_id);

    ALTER TABLE runs ADD COLUMN task_id TEXT GENERATED ALWAYS AS (json_extract(body, '$.task_id')) VIRTUAL;
    CREATE INDEX runs_by_task ON runs (task_id, started_at) WHERE task_id IS NOT NULL;

    ALTER TABLE webhooks ADD COLUMN task_id TEXT
        GENERATED ALWAYS AS (json_extract(body, '$.condition.actor_task_id')) VIRTUAL;
    CREATE INDEX webhooks_by_task ON webhooks (task_id) WHERE task_id IS NOT NULL;
    """,
    """
    CREATE TABLE input_keys (
        id TEXT PRIMARY KEY, body TEXT NOT NULL,
        actor_id TEXT GENERATED ALWAYS AS (json_extract(body, '$.actor_id')) VIRTUAL
    );
    CREATE INDEX input_keys_by_actor ON input_keys (actor_id);
    """,
    """
    CREATE TABLE vault (proof TEXT NOT NULL);
    """,
    """
    DROP INDEX runs_untold;
    DROP INDEX builds_untold;
    UPDATE runs SET body = json_remove(json_set(body, '$.pending_events', json_extract(body, '$.untold')), '$.untold')
        WHERE json_type(body, '$.untold') IS NOT NULL;
    UPDATE builds SET body = json_remove(json_set(body, '$.pending_events', json_extract(body, '$.untold')), '$.untold')
        WHERE json_type(body, '$.untold') IS NOT NULL;
    CREATE INDEX runs_with_pending_events ON runs (id) WHERE json_extract(body, '$.pending_events') <> '{}';
    CREATE INDEX builds_with_pending_events ON builds (id) WHERE json_extract(body, '$.pending_events') <> '{}';
    """,
    """
    UPDATE runs SET body = json_remove(
            json_set(body, '$.options.requested_mbytes', json_extract(body, '$.options.asked_mbytes')),
            '$.options.asked_mbytes'
        )
        WHERE json_type(body, '$.options.asked_mbytes') IS NOT NULL;
    """,
    """
    CREATE INDEX actors_by_name_in_any_case ON actors (user_id, name COLLATE NOCASE);
    CREATE INDEX tasks_by_name_in_any_case ON tasks (user_id, name COLLATE NOCASE);
    CREATE INDEX datasets_by_name_in_any_case ON datasets (user_id, name COLLATE NOCASE) WHERE name IS NOT NULL;
    CREATE INDEX key_value_stores_by_name_in_any_case ON key_value_stores (user_id, name COLLATE NOCASE)
        WHERE name IS NOT NULL;
    CREATE INDEX request_queues_by_name_in_any_case ON request_queues (user_id, name COLLATE NOCASE)
        WHERE name IS NOT NULL;
    """,
    """
    ALTER TABLE request_queues ADD COLUMN delete_count INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE request_queues ADD COLUMN head_item_read_count INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE request_queues ADD COLUMN stored_bytes INTEGER NOT NULL DEFAULT 0;
    UPDATE request_queues SET stored_bytes =
        (SELECT coalesce(sum(length(body)), 0) FROM requests WHERE queue_id = request_queues.id);
    """,
    """
    CREATE TABLE daily_usage (
        user_id TEXT NOT NULL, day INTEGER NOT NULL, service TEXT NOT NULL, quantity REAL NOT NULL,
        PRIMARY KEY (user_id, day, service)
    ) WITHOUT ROWID;
    """,
    """
    CREATE TABLE schedules (
        id TEXT PRIMARY KEY, body TEXT NOT NULL,
        user_id TEXT GENERATED ALWAYS AS (json_extract(body, '$.user_id')) VIRTUAL,
        name TEXT GENERATED ALWAYS AS (json_extract(body, '$.name')) VIRTUAL,
        created_at INTEGER GENERATED ALWAYS AS (json_extract(body, '$.created_at')) VIRTUAL,
        next_run_at INTEGER GENERATED ALWAYS AS (json_extract(body, '$.next_run_at')) VIRTUAL
    );
    CREATE INDEX schedules_by_name ON schedules (user_id, name COLLATE NOCASE);
    CREATE INDEX schedules_by_next_run ON schedules (next_run_at) WHERE next_run_at IS NOT NULL;

    CREATE TABLE schedule_log (
        id INTEGER PRIMARY KEY, schedule_id TEXT NOT NULL, created_at INTEGER NOT NULL, level TEXT NOT NULL,
        message TEXT NOT NULL
    );
    CREATE INDEX schedule_log_by_schedule ON schedule_log (schedule_id, id);

    ALTER TABLE runs ADD COLUMN schedule_id TEXT
        GENERATED ALWAYS AS (json_extract(body, '$.meta.schedule_id')) VIRTUAL;
    CREATE INDEX runs_by_schedule ON runs (schedule_id) WHERE schedule_id IS NOT NULL;
    """,
    """
    CREATE TABLE run_metrics (
        run_id TEXT NOT NULL, position INTEGER NOT NULL, samples INTEGER NOT NULL, content BLOB NOT NULL,
        PRIMARY KEY (run_id, position)
    );
    """,
    """
    CREATE TABLE ended_sessions (id TEXT PRIMARY KEY, expires_at INTEGER NOT NULL) WITHOUT ROWID;
    """,
    """
    ALTER TABLE runs ADD COLUMN current_actor_id TEXT GENERATED ALWAYS AS
        (coalesce(json_extract(body, '$.metamorphs[#-1].actor_id'), json_extract(body, '$.actor_id'))) VIRTUAL;
    ALTER TABLE runs ADD COLUMN finished_at INTEGER GENERATED ALWAYS AS (json_extract(body, '$.finished_at')) VIRTUAL;
    ALTER TABLE runs ADD COLUMN mem_max_bytes INTEGER
        GENERATED ALWAYS AS (json_extract(body, '$.stats.mem_max_bytes')) VIRTUAL;
    ALTER TABLE runs ADD COLUMN memory_mbytes INTEGER
        GENERATED ALWAYS AS (json_extract(body, '$.options.memory_mbytes')) VIRTUAL;
    ALTER TABLE runs ADD COLUMN default_dataset_id TEXT
        GENERATED ALWAYS AS (json_extract(body, '$.default_dataset_id')) VIRTUAL;
    ALTER TABLE runs ADD COLUMN status_message TEXT
        GENERATED ALWAYS AS (json_extract(body, '$.status_message')) VIRTUAL;
    DROP INDEX runs_by_user;
    CREATE INDEX runs_in_lists ON runs (
        user_id, started_at, id, status, actor_id, current_actor_id, origin, finished_at, mem_max_bytes,
        memory_mbytes, default_dataset_id, status_message
    );
    """,
    """
    CREATE TABLE run_timeline (
        run_id TEXT NOT NULL, position INTEGER NOT NULL, at INTEGER NOT NULL, kind TEXT NOT NULL,
        name TEXT, number INTEGER, ordered_by TEXT, ordered_by_run_id TEXT, text TEXT,
        PRIMARY KEY (run_id, position)
    ) WITHOUT ROWID;

    CREATE TABLE run_api_calls (
        run_id TEXT NOT NULL, position INTEGER NOT NULL, samples INTEGER NOT NULL, content BLOB NOT NULL,
        PRIMARY KEY (run_id, position)
    );

    CREATE TABLE run_environments (run_id TEXT PRIMARY KEY, content BLOB NOT NULL);
    """,
    """
    CREATE TABLE fits (
        id TEXT PRIMARY KEY, body TEXT NOT NULL,
        user_id TEXT GENERATED ALWAYS AS (json_extract(body, '$.user_id')) VIRTUAL,
        actor_id TEXT GENERATED ALWAYS AS (json_extract(body, '$.actor_id')) VIRTUAL,
        status TEXT GENERATED ALWAYS AS (json_extract(body, '$.status')) VIRTUAL,
        created_at INTEGER GENERATED ALWAYS AS (json_extract(body, '$.created_at')) VIRTUAL
    );
    CREATE INDEX fits_by_user ON fits (user_id, created_at);
    CREATE INDEX fits_by_actor ON fits (actor_id, created_at);
    CREATE INDEX live_fits ON fits (status) WHERE status IN ('RUNNING', 'STOPPING');

    CREATE TABLE fit_inputs (
        fit_id TEXT NOT NULL, position INTEGER NOT NULL, body TEXT, PRIMARY KEY (fit_id, position)
    ) WITHOUT ROWID;
    """,
    """
    ALTER TABLE dispatches ADD COLUMN event_run_id TEXT
        GENERATED ALWAYS AS (json_extract(body, '$.event_data.actorRunId')) VIRTUAL;
    CREATE INDEX dispatches_by_event_run ON dispatches (event_run_id, created_at) WHERE event_run_id IS NOT NULL;
    """,
    """
    CREATE INDEX builds_by_actor ON builds (actor_id, started_at);
    """,
)


class NewerSchema(Exception):
    """The data directory was written by a newer Greenroom."""


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the schema up to date in one transaction. Raises NewerSchema, and then changes nothing."""
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version == len(STEPS):
        return
    if version > len(STEPS):
        raise NewerSchema(
            f"The data directory has schema version {version}, but this Greenroom supports only versions up to "
            f"{len(STEPS)}. Use the newer Greenroom that created it, or another --data-dir."
        )
    connection.execute("BEGIN IMMEDIATE")
    try:
        for step in STEPS[version:]:
            _run_script(connection, step)
        connection.execute(f"PRAGMA user_version = {len(STEPS)}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _run_script(connection: sqlite3.Connection, script: str) -> None:
    """Run each statement separately, because `executescript` would commit the surrounding transaction."""
    for statement in script.split(";"):
        if statement.strip():
            connection.execute(statement)
