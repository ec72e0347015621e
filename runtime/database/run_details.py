"""What a run's page shows beside the record: the time line, the API calls, and the environment of the container."""

from __future__ import annotations

import sqlite3

from runtime.database.run_blocks import RunBlocksTable
from runtime.database.run_timeline import RunTimelineTable
from runtime.database.sqlite_connection import SqliteConnection

TABLES = ("run_timeline", "run_api_calls", "run_environments")


class RunDetails:
    def __init__(self, connection: SqliteConnection) -> None:
        self._connection = connection
        self.timeline = RunTimelineTable(connection)
        self.api_calls = RunBlocksTable(connection, "run_api_calls")

    async def store_environment(self, run_id: str, content: bytes) -> None:
        """Store the environment of a run's container. It replaces that of an earlier container."""
        insert = "INSERT OR REPLACE INTO run_environments (run_id, content) VALUES (?, ?)"
        await self._connection.write(lambda connection: connection.execute(insert, (run_id, content)))

    def environment(self, run_id: str) -> bytes | None:
        query = "SELECT content FROM run_environments WHERE run_id = ?"
        row = self._connection.query(lambda connection: connection.execute(query, (run_id,)).fetchone())
        return bytes(row[0]) if row else None

    async def delete_of_run(self, run_id: str) -> None:
        def delete(connection: sqlite3.Connection) -> None:
            for table in TABLES:
                connection.execute(f"DELETE FROM {table} WHERE run_id = ?", (run_id,))

        await self._connection.write(delete, may_use_reserve=True)

    async def delete_of_missing_runs(self) -> None:
        def delete(connection: sqlite3.Connection) -> None:
            for table in TABLES:
                missing = f"SELECT DISTINCT run_id FROM {table} EXCEPT SELECT id FROM runs"
                connection.execute(f"DELETE FROM {table} WHERE run_id IN ({missing})")

        await self._connection.write(delete, may_use_reserve=True)
