"""The table of browser sessions that were signed out before they expired."""

from __future__ import annotations

import sqlite3

from runtime.base.clock import Millis
from runtime.database.sqlite_connection import SqliteConnection


class EndedSessionsTable:
    def __init__(self, connection: SqliteConnection) -> None:
        self._connection = connection

    def contains(self, id: str) -> bool:
        query = "SELECT 1 FROM ended_sessions WHERE id = ?"
        return self._connection.query(lambda connection: connection.execute(query, (id,)).fetchone()) is not None

    async def add(self, id: str, expires_at: Millis, now: Millis) -> None:
        """Store a session until it expires, and delete those that have expired."""

        def add(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM ended_sessions WHERE expires_at <= ?", (now,))
            connection.execute("INSERT OR IGNORE INTO ended_sessions (id, expires_at) VALUES (?, ?)", (id, expires_at))

        await self._connection.write(add, may_use_reserve=True)
