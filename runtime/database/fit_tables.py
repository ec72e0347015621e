"""The tables of fits and of their inputs."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

from runtime.base.paging import Page, Paging
from runtime.base.records import Fit, PlannedTrial
from runtime.database.sqlite_connection import SqliteConnection
from runtime.database.tables import RecordCodec, Table

OF_USER_AND_ACTOR = "user_id = ? AND actor_id = ?"
IS_LIVE = "status IN ('RUNNING', 'STOPPING')"


class FitsTable(Table[Fit]):
    def __init__(self, connection: SqliteConnection) -> None:
        super().__init__(connection, "fits", RecordCodec(Fit))

    async def insert_one_of(self, fit: Fit, bodies: Sequence[str | None], most: int) -> Fit:
        """Insert a fit with its inputs, and delete the oldest finished ones of its user and Actor beyond `most`."""

        def write(connection: sqlite3.Connection) -> Fit:
            self._insert_within(connection, fit)
            rows = ((fit.id, position, body) for position, body in enumerate(bodies))
            connection.executemany("INSERT INTO fit_inputs (fit_id, position, body) VALUES (?, ?, ?)", rows)
            newest = (
                "SELECT id FROM fits WHERE user_id = ? AND actor_id = ? ORDER BY created_at DESC, rowid DESC LIMIT ?"
            )
            old = f"user_id = ? AND actor_id = ? AND NOT ({IS_LIVE}) AND id NOT IN ({newest})"
            of = (fit.user_id, fit.actor_id)
            _delete(connection, old, *of, *of, most)
            return fit

        return await self._connection.write(write)

    def live(self) -> list[Fit]:
        return self._find_all(f"{IS_LIVE} ORDER BY rowid")

    def live_count(self, user_id: str) -> int:
        [(count,)] = self._fetch_all(f"SELECT count(*) FROM fits WHERE +user_id = ? AND {IS_LIVE}", user_id)
        return int(count)

    async def planned_trials(self) -> list[PlannedTrial]:
        """The live trials of all fits, without decoding the measurements."""
        query = f"""
            SELECT fits.id, user_id, json_extract(live.value, '$.run_id'),
                json_extract(live.value, '$.trial.memory_mbytes')
            FROM fits, json_each(fits.body, '$.live') AS live WHERE {IS_LIVE}
        """
        return await self._connection.query_in_thread(
            lambda connection: [PlannedTrial(*row) for row in connection.execute(query)]
        )

    async def stored_runs(self, run_ids: Sequence[str]) -> set[str]:
        """Those of the runs that still exist."""
        query = "SELECT id FROM runs WHERE id IN (SELECT value FROM json_each(?))"
        return await self._connection.query_in_thread(
            lambda connection: {id for (id,) in connection.execute(query, (json.dumps(run_ids),))}
        )

    def has_live_of_actor(self, actor_id: str) -> bool:
        return self._exists(f"actor_id = ? AND {IS_LIVE}", actor_id)

    def page(self, user_id: str, actor_id: str | None, paging: Paging) -> Page[Fit]:
        """A user's fits, or their fits of one Actor, in the order of their start."""
        condition, values = (
            ("user_id = ?", [user_id]) if actor_id is None else ("user_id = ? AND actor_id = ?", [user_id, actor_id])
        )
        return self._page(condition, values, order_by="created_at", paging=paging)

    def input(self, id: str, position: int) -> str | None:
        """The JSON of an input; None if the runs get no input."""
        rows = self._fetch_all("SELECT body FROM fit_inputs WHERE fit_id = ? AND position = ?", id, position)
        return rows[0][0] if rows else None

    async def inputs(self, id: str) -> list[str | None]:
        query = "SELECT body FROM fit_inputs WHERE fit_id = ? ORDER BY position"
        return await self._connection.query_in_thread(
            lambda connection: [body for (body,) in connection.execute(query, (id,))]
        )

    async def delete(self, id: str) -> bool:
        """Delete a fit with its inputs; return whether it existed."""
        return await self._connection.write(
            lambda connection: _delete(connection, "id = ?", id) > 0, may_use_reserve=True
        )

    async def delete_of_actor(self, actor_id: str) -> None:
        await self._connection.write(
            lambda connection: _delete(connection, "actor_id = ?", actor_id), may_use_reserve=True
        )


def _delete(connection: sqlite3.Connection, condition: str, *values: object) -> int:
    """Delete the fits that match the SQL condition, with their inputs; return their number."""
    connection.execute(f"DELETE FROM fit_inputs WHERE fit_id IN (SELECT id FROM fits WHERE {condition})", values)
    return connection.execute(f"DELETE FROM fits WHERE {condition}", values).rowcount
