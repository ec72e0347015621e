"""Series of a run, such as its samples, in blocks. A block is stored as bytes that only its recorder reads.

Blocks are rows of the database and not files beside the logs: a block then is stored completely or not at all, a full
disk is handled as for all other writes, and the deletion of a run needs no second place.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from runtime.database.sqlite_connection import SqliteConnection


@dataclass(frozen=True, slots=True)
class StoredBlock:
    """`samples` entries of a run's series, the first of which has the index `position` in the series."""

    position: int
    samples: int
    content: bytes

    @property
    def end(self) -> int:
        return self.position + self.samples


class RunBlocksTable:
    """One series of each run. All tables of this class have the same columns."""

    def __init__(self, connection: SqliteConnection, name: str) -> None:
        self._connection = connection
        self._name = name

    def end_of(self, run_id: str) -> int:
        """Return the number of stored entries of a run: the position of the next one."""
        query = f"SELECT position + samples FROM {self._name} WHERE run_id = ? ORDER BY position DESC LIMIT 1"
        row = self._connection.query(lambda connection: connection.execute(query, (run_id,)).fetchone())
        return int(row[0]) if row else 0

    async def store(self, run_id: str, blocks: Sequence[StoredBlock], *, delete_before: int = 0) -> None:
        """Store consecutive blocks. They replace everything from the position of the first one on.

        So a write that is repeated changes nothing, and a large block replaces the small ones before it. Blocks that
        end before the position `delete_before` are deleted.
        """
        rows = [(run_id, each.position, each.samples, each.content) for each in blocks]

        def store(connection: sqlite3.Connection) -> None:
            connection.execute(f"DELETE FROM {self._name} WHERE run_id = ? AND position >= ?", rows[0][:2])
            connection.executemany(
                f"INSERT INTO {self._name} (run_id, position, samples, content) VALUES (?, ?, ?, ?)", rows
            )
            if delete_before > 0:
                delete = f"DELETE FROM {self._name} WHERE run_id = ? AND position + samples <= ?"
                connection.execute(delete, (run_id, delete_before))

        await self._connection.write(store)

    def blocks(self, run_id: str) -> list[StoredBlock]:
        """Return all blocks of a run in order. Samples are together smaller than a megabyte for each day of the run."""
        query = f"SELECT position, samples, content FROM {self._name} WHERE run_id = ? ORDER BY position"
        rows = self._connection.query(lambda connection: connection.execute(query, (run_id,)).fetchall())
        return [StoredBlock(*row) for row in rows]

    def last_block(self, run_id: str) -> StoredBlock | None:
        query = f"SELECT position, samples, content FROM {self._name} WHERE run_id = ? ORDER BY position DESC LIMIT 1"
        row = self._connection.query(lambda connection: connection.execute(query, (run_id,)).fetchone())
        return StoredBlock(*row) if row else None

    async def delete_of_run(self, run_id: str) -> None:
        delete = f"DELETE FROM {self._name} WHERE run_id = ?"
        await self._connection.write(lambda connection: connection.execute(delete, (run_id,)), may_use_reserve=True)

    async def delete_of_missing_runs(self) -> None:
        """Delete the blocks of runs that do not exist."""
        missing = f"SELECT DISTINCT run_id FROM {self._name} EXCEPT SELECT id FROM runs"  # it reads no content
        delete = f"DELETE FROM {self._name} WHERE run_id IN ({missing})"
        await self._connection.write(lambda connection: connection.execute(delete), may_use_reserve=True)
