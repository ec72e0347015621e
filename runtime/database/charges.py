"""Charges of runs. A run's record counts its charges; this table stores their idempotency keys for a limited time."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from runtime.base.clock import Millis
from runtime.base.records import Run
from runtime.database.daily_usage import Counted, DailyUsageTable
from runtime.database.job_tables import RunsTable
from runtime.database.sqlite_connection import SqliteConnection


class Charges:
    def __init__(self, connection: SqliteConnection, runs: RunsTable, daily_usage: DailyUsageTable) -> None:
        self._connection = connection
        self._runs = runs
        self._daily_usage = daily_usage

    async def charge(
        self,
        run_id: str,
        key: str | None,
        change: Callable[[Run], Counted[Run]],
        *,
        now: Millis,
        delete_keys_before: Millis,
    ) -> None:
        """Change the run's record and add its usage, unless the run has already been charged with this idempotency key.

        Keys that were stored before `delete_keys_before` are deleted first. The key and the change are one write. If
        `change` raises an exception, nothing is written and the caller gets the exception.
        """

        def write(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM charges WHERE charged_at < ?", (delete_keys_before,))
            if key is None or _insert_key(connection, run_id, key, now):
                self._daily_usage.update_job_within(connection, self._runs, run_id, change)

        await self._connection.write(write)


def _insert_key(connection: sqlite3.Connection, run_id: str, key: str, now: Millis) -> bool:
    """Return False if the key is already stored."""
    query = "INSERT OR IGNORE INTO charges VALUES (?, ?, ?)"
    return connection.execute(query, (run_id, key, now)).rowcount == 1
