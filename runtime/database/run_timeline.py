"""The time lines of runs: what happened to each, in the order in which it was stored."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from runtime.base.records import Aborter, TimelineEntry, TimelineKind
from runtime.database.sqlite_connection import SqliteConnection

MAX_ENTRIES = 1000
FIRST_ENTRIES = 100
"""A longer time line has its first entries and its last ones. An Actor can reboot, and be killed, without end."""
INSERT = (
    "INSERT INTO run_timeline (run_id, position, at, kind, name, number, ordered_by, ordered_by_run_id, text)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


class RunTimelineTable:
    def __init__(self, connection: SqliteConnection) -> None:
        self._connection = connection

    async def add(self, run_id: str, entries: Iterable[TimelineEntry]) -> None:
        """Add entries that belong to no change of the run's record. Those of a deleted run are ignored."""
        added = list(entries)

        def add(connection: sqlite3.Connection) -> None:
            if connection.execute("SELECT 1 FROM runs WHERE id = ?", (run_id,)).fetchone():
                self.add_within(connection, run_id, added)

        await self._connection.write(add, may_use_reserve=True)

    def add_within(self, connection: sqlite3.Connection, run_id: str, entries: Iterable[TimelineEntry]) -> None:
        """Add entries to a time line, as part of a larger write."""
        query = "SELECT coalesce(max(position) + 1, 0) FROM run_timeline WHERE run_id = ?"
        end: int = connection.execute(query, (run_id,)).fetchone()[0]
        for entry in entries:
            connection.execute(INSERT, (run_id, end, *_row(entry)))
            end += 1
        if end > MAX_ENTRIES:
            delete = "DELETE FROM run_timeline WHERE run_id = ? AND position >= ? AND position < ?"
            connection.execute(delete, (run_id, FIRST_ENTRIES, end - MAX_ENTRIES + FIRST_ENTRIES))

    def of_run(self, run_id: str, after: int = -1) -> list[TimelineEntry]:
        """The entries of a run after a position, oldest first."""
        query = (
            "SELECT at, kind, name, number, ordered_by, ordered_by_run_id, text, position FROM run_timeline"
            " WHERE run_id = ? AND position > ? ORDER BY position"
        )
        rows = self._connection.query(lambda connection: connection.execute(query, (run_id, after)).fetchall())
        return [
            TimelineEntry(
                at=at,
                kind=TimelineKind(kind),
                name=name,
                number=number,
                by=None if by is None else Aborter(by),
                run_id=by_run_id,
                text=text,
                position=position,
            )
            for at, kind, name, number, by, by_run_id, text, position in rows
        ]


def _row(entry: TimelineEntry) -> tuple[object, ...]:
    return entry.at, entry.kind, entry.name, entry.number, entry.by, entry.run_id, entry.text
