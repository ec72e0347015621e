"""The tables of schedules and their logs."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from runtime.base.clock import Millis
from runtime.base.paging import Page, Paging
from runtime.base.records import LogLevel, Schedule, ScheduleLogEntry
from runtime.database.sqlite_connection import SqliteConnection
from runtime.database.tables import NamedTable, RecordCodec

MAX_LOG_ENTRIES = 1000
"""As on the platform. Older entries are deleted."""
IS_OLD_ENTRY = (
    "id <= (SELECT id FROM schedule_log WHERE schedule_id = :schedule ORDER BY id DESC LIMIT 1 OFFSET :limit)"
    " AND schedule_id = :schedule"
)


class SchedulesTable(NamedTable[Schedule]):
    def __init__(self, connection: SqliteConnection) -> None:
        super().__init__(connection, "schedules", RecordCodec(Schedule))

    def page(self, user_id: str, paging: Paging) -> Page[Schedule]:
        """A user's schedules in the order of their creation."""
        return self._page("user_id = ?", [user_id], order_by="created_at", paging=paging)

    def enabled(self) -> list[Schedule]:
        """The schedules that have a next tick, in the order of these ticks."""
        return self._find_all("next_run_at IS NOT NULL ORDER BY next_run_at, rowid")

    def due(self, now: Millis) -> list[Schedule]:
        """The schedules whose next tick is due, in the order of these ticks."""
        return self._find_all("next_run_at <= ? ORDER BY next_run_at, rowid", now)

    def next_run_at(self) -> Millis | None:
        """The time of the first tick of all schedules."""
        [(first,)] = self._fetch_all("SELECT min(next_run_at) FROM schedules WHERE next_run_at IS NOT NULL")
        return None if first is None else int(first)

    async def change_and_log(
        self, id: str, change: Callable[[Schedule], Schedule], *entries: ScheduleLogEntry
    ) -> Schedule | None:
        """Change a schedule and add entries to its log, in one atomic step. Returns None if it does not exist."""

        def write(connection: sqlite3.Connection) -> Schedule | None:
            schedule = self.update_within(connection, id, change)
            if schedule is not None:
                _add_entries(connection, id, entries)
            return schedule

        return await self._connection.write(write)

    def log(self, id: str) -> list[ScheduleLogEntry]:
        """The entries of a schedule's log, oldest first."""
        query = "SELECT created_at, message, level FROM schedule_log WHERE schedule_id = ? ORDER BY id"
        return [
            ScheduleLogEntry(created_at=created_at, message=message, level=LogLevel(level))
            for created_at, message, level in self._fetch_all(query, id)
        ]

    async def delete(self, id: str) -> bool:
        """Delete a schedule with its log; return whether it existed."""

        def write(connection: sqlite3.Connection) -> bool:
            connection.execute("DELETE FROM schedule_log WHERE schedule_id = ?", (id,))
            return connection.execute("DELETE FROM schedules WHERE id = ?", (id,)).rowcount > 0

        return await self._connection.write(write, may_use_reserve=True)


def _add_entries(connection: sqlite3.Connection, schedule_id: str, entries: tuple[ScheduleLogEntry, ...]) -> None:
    """Add entries to a schedule's log, and delete the oldest ones if there are too many."""
    rows = [(schedule_id, entry.created_at, entry.level, entry.message) for entry in entries]
    connection.executemany(
        "INSERT INTO schedule_log (schedule_id, created_at, level, message) VALUES (?, ?, ?, ?)", rows
    )
    values = {"schedule": schedule_id, "limit": MAX_LOG_ENTRIES}
    connection.execute(f"DELETE FROM schedule_log WHERE {IS_OLD_ENTRY}", values)
