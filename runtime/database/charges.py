"""Charges of runs: counted in the run's record, and remembered for a while by their idempotency key."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from runtime.base.clock import Millis
from runtime.base.records import Run
from runtime.database.connection import Connection
from runtime.database.tables import Table


class Charges:
    def __init__(self, connection: Connection, runs: Table[Run]) -> None:
        self._connection = connection
        self._runs = runs

    async def charge(
        self, run_id: str, key: str | None, change: Callable[[Run], Run], *, now: Millis, forget_before: Millis
    ) -> None:
        """Change the run's record, unless a charge of it with this key is remembered; key and change are one write.

        What `change` raises is raised, and nothing is written then.
        """

        def write(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM charges WHERE charged_at < ?", (forget_before,))
            if key is None or _remember(connection, run_id, key, now):
                self._runs.rewrite(connection, run_id, change)

        await self._connection.write(write)


def _remember(connection: sqlite3.Connection, run_id: str, key: str, now: Millis) -> bool:
    """False where the key is known already."""
    query = "INSERT OR IGNORE INTO charges VALUES (?, ?, ?)"
    return connection.execute(query, (run_id, key, now)).rowcount == 1
