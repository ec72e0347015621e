"""The samples of runs, in blocks. A block is stored as bytes that only `runtime/metrics` reads.

Samples are rows of the database and not files beside the logs: a block then is stored completely or not at all, a full
disk is handled as for all other writes, and the deletion of a run needs no second place.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from runtime.database.sqlite_connection import SqliteConnection


@dataclass(frozen=True, slots=True)
class StoredBlock:
    """`samples` samples of a run, the first of which has the index `position` in the run's series."""

    position: int
    samples: int
    content: bytes

    @property
    def end(self) -> int:
        return self.position + self.samples


class MetricsTable:
    def __init__(self, connection: SqliteConnection) -> None:
        self._connection = connection

    def end_of(self, run_id: str) -> int:
        """Return the number of stored samples of a run: the position of the next one."""
        query = "SELECT position + samples FROM run_metrics WHERE run_id = ? ORDER BY position DESC LIMIT 1"
        row = self._connection.query(lambda connection: connection.execute(query, (run_id,)).fetchone())
        return int(row[0]) if row else 0

    async def store(self, run_id: str, blocks: Sequence[StoredBlock]) -> None:
        """Store consecutive blocks. They replace everything from the position of the first one on.

        So a write that is repeated changes nothing, and a large block replaces the small ones before it.
        """
        rows = [(run_id, each.position, each.samples, each.content) for each in blocks]

        def store(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM run_metrics WHERE run_id = ? AND position >= ?", rows[0][:2])
            connection.executemany(
                "INSERT INTO run_metrics (run_id, position, samples, content) VALUES (?, ?, ?, ?)", rows
            )

        await self._connection.write(store)

    def blocks(self, run_id: str) -> list[StoredBlock]:
        """Return all blocks of a run in order. Together they are smaller than a megabyte for each day of the run."""
        query = "SELECT position, samples, content FROM run_metrics WHERE run_id = ? ORDER BY position"
        rows = self._connection.query(lambda connection: connection.execute(query, (run_id,)).fetchall())
        return [StoredBlock(*row) for row in rows]

    async def delete_of_run(self, run_id: str) -> None:
        delete = "DELETE FROM run_metrics WHERE run_id = ?"
        await self._connection.write(lambda connection: connection.execute(delete, (run_id,)), may_use_reserve=True)

    async def delete_of_missing_runs(self) -> None:
        """Delete the samples of runs that do not exist."""
        missing = "SELECT DISTINCT run_id FROM run_metrics EXCEPT SELECT id FROM runs"  # it reads no content
        delete = f"DELETE FROM run_metrics WHERE run_id IN ({missing})"
        await self._connection.write(lambda connection: connection.execute(delete), may_use_reserve=True)
