"""The usage of users by day and service. It remains when the jobs that used it are deleted."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from runtime.base.clock import Millis
from runtime.base.records import DailyUsage
from runtime.database.job_tables import JobsTable
from runtime.database.sqlite_connection import SqliteConnection

R = TypeVar("R")
Counted = tuple[R, Sequence[DailyUsage]]
"""A changed job, with the usage that the change adds."""

ADD = (
    "INSERT INTO daily_usage (user_id, day, service, quantity) VALUES (?, ?, ?, ?) "
    "ON CONFLICT (user_id, day, service) DO UPDATE SET quantity = quantity + excluded.quantity"
)


class DailyUsageTable:
    def __init__(self, connection: SqliteConnection) -> None:
        self._connection = connection

    async def update_job(self, jobs: JobsTable[R], id: str, change: Callable[[R], Counted[R]]) -> R | None:
        """Replace a job with what `change` returns for it, and add its usage, in one write.

        So a crash can neither lose nor repeat the usage. Otherwise the same as `update` of the jobs' table.
        """
        return await self._connection.write(
            lambda connection: self.update_job_within(connection, jobs, id, change), may_use_reserve=True
        )

    def update_job_within(
        self, connection: sqlite3.Connection, jobs: JobsTable[R], id: str, change: Callable[[R], Counted[R]]
    ) -> R | None:
        """The same as `update_job`, as part of a larger write."""
        added: Sequence[DailyUsage] = ()

        def changed(before: R) -> R:
            nonlocal added
            after, added = change(before)
            return after

        job = jobs.update_within(connection, id, changed)
        _add(connection, added)
        return job

    def between(self, user_id: str, first_day: Millis, last_day: Millis) -> list[DailyUsage]:
        """A user's usage from the first to the last day, in the order of the days."""
        query = (
            "SELECT day, service, quantity FROM daily_usage WHERE user_id = ? AND day BETWEEN ? AND ? "
            "ORDER BY day, service"
        )
        values = (user_id, first_day, last_day)
        rows = self._connection.query(lambda connection: connection.execute(query, values).fetchall())
        return [
            DailyUsage(user_id=user_id, day=day, service=service, quantity=quantity) for day, service, quantity in rows
        ]


def _add(connection: sqlite3.Connection, added: Iterable[DailyUsage]) -> None:
    connection.executemany(ADD, [(each.user_id, each.day, each.service, each.quantity) for each in added])
