"""Charges of runs. The run's record counts them; their idempotency keys are stored here for a while."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from runtime.base.clock import Millis
from runtime.base.records import Run
from runtime.database.job_tables import RunsTable
from runtime.database.sqlite_connection import SqliteConnection


class Charges:
    def __init__(self, connection: SqliteConnection, runs: RunsTable) -> None:
        self._connection = connection
        self._runs = runs

    async def charge(
        self, run_id: str, key: str | None, change: Callable[[Run], Run], *, now: Millis, forget_before: Millis
    ) -> None:
        """Change the run's record, unless the run has already been charged with this idempotency key.

        Keys from before `forget_before` do not count. The key and the change are one write. An exception of `change`
        is raised here, and then nothing is written.
        """

        def write(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM charges WHERE charged_at < ?", (forget_before,))
            if key is None or _insert_key(connection, run_id, key, now):
                self._runs.update_within(connection, run_id, change)

        await self._connection.write(write)


def _insert_key(connection: sqlite3.Connection, run_id: str, key: str, now: Millis) -> bool:
    """Return False if the key is already stored."""
    query = "INSERT OR IGNORE INTO charges VALUES (?, ?, ?)"
    return connection.execute(query, (run_id, key, now)).rowcount == 1
