"""Pages of lists of runs. All conditions and orders use the index `runs_in_lists` alone, so no other run is decoded.
Only the runs of a task are found with the index `runs_by_task`.

A page begins at the place of a run, not at an offset: new and deleted runs neither repeat nor skip others.
"""

from __future__ import annotations

import sqlite3
import string
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from runtime.base.clock import Millis
from runtime.base.records import ListPosition, Run, RunListPage, RunListQuery, RunSort
from runtime.database.job_tables import AFTER_IDS
from runtime.database.sqlite_connection import SqliteConnection
from runtime.database.tables import RecordCodec

LAST = 2**62
"""Sorts a live run after all times of an end."""
KEYS = {
    RunSort.STARTED: "started_at",
    RunSort.FINISHED: f"coalesce(finished_at, {LAST})",
    RunSort.DURATION: "max(0, coalesce(finished_at, :moment) - started_at)",
    RunSort.MEMORY_PEAK: "coalesce(mem_max_bytes, -1)",
    RunSort.MEMORY_LIMIT: "memory_mbytes",
    RunSort.ITEMS: "coalesce((SELECT item_count FROM datasets WHERE datasets.id = default_dataset_id), -1)",
    RunSort.ACTOR: "coalesce((SELECT lower(name) FROM actors WHERE actors.id = current_actor_id), '')",
    RunSort.STATUS: "status",
    RunSort.ORIGIN: "origin",
}
"""By what runs are sorted. An unknown value is less than all others."""
TITLE = "json_extract(body, '$.title')"
USERNAME = "(SELECT username FROM users WHERE users.id = actors.user_id)"
ASCII_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
"""SQLite changes the case of these letters only."""


@dataclass(frozen=True, slots=True)
class _Row:
    key: int | str
    number: int


class RunLists:
    def __init__(self, connection: SqliteConnection) -> None:
        self._connection = connection
        self._codec = RecordCodec(Run)

    async def page(
        self, user_id: str, query: RunListQuery, limit: int, at: ListPosition | None, now: Millis
    ) -> RunListPage:
        """The runs of a user at a place of a list; without a place, its first ones."""

        def read(connection: sqlite3.Connection) -> RunListPage:
            selection = _Selection(user_id, query, now if at is None else at.moment)
            rows, has_previous, has_next = selection.rows(connection, limit, at)
            runs = self._runs(connection, [row.number for row in rows])
            return RunListPage(
                runs=runs,
                previous=selection.position(rows[0], is_before=True) if has_previous and rows else None,
                next=selection.position(rows[-1]) if has_next and rows else None,
                counts=selection.counts(connection),
            )

        return await self._connection.query_in_thread(read)

    def _runs(self, connection: sqlite3.Connection, numbers: list[int]) -> list[Run]:
        query = f"SELECT rowid, body FROM runs WHERE rowid IN ({_marks(numbers)})"
        bodies = dict(connection.execute(query, numbers).fetchall())
        return [self._codec.decode(bodies[number]) for number in numbers if number in bodies]


class _Selection:
    """The SQL conditions of a list, with their values."""

    def __init__(self, user_id: str, query: RunListQuery, moment: Millis) -> None:
        self._moment = moment
        self._desc = query.desc
        self._key = KEYS[query.sort]
        self._values: dict[str, Any] = {"user": user_id, "moment": moment}
        self._conditions = ["user_id = :user"]
        wanted = query.filter
        self._add("actor_id = :actor", actor=query.actor_id)
        self._add("task_id = :task", task=query.task_id)
        self._add("origin = :origin", origin=wanted.origin)
        self._add("started_at >= :after", after=wanted.started_after)
        self._add("started_at <= :before", before=wanted.started_before)
        if wanted.id_prefix is not None:
            self._add("id >= :id AND id < :id_end", id=wanted.id_prefix, id_end=wanted.id_prefix + AFTER_IDS)
        for number, word in enumerate(query.words):
            self._add_word(f"word{number}", word.translate(ASCII_LOWER), word)
        self._has_status = ""
        if wanted.statuses:
            names = {f"status{number}": status for number, status in enumerate(wanted.statuses)}
            self._values |= names
            self._has_status = f" AND status IN ({', '.join(f':{name}' for name in names)})"

    def counts(self, connection: sqlite3.Connection) -> dict[str, int]:
        """The number of runs by status, without the condition on the status."""
        query = f"SELECT status, count(*) FROM runs WHERE {' AND '.join(self._conditions)} GROUP BY status"
        return dict(connection.execute(query, self._values).fetchall())

    def rows(
        self, connection: sqlite3.Connection, limit: int, at: ListPosition | None
    ) -> tuple[list[_Row], bool, bool]:
        """The rows of a page in order, and whether there are rows before and after it."""
        if at is None or not at.is_before:
            found = self._fetch(connection, limit + 1, at, desc=self._desc)
            return found[:limit], at is not None, len(found) > limit
        found = self._fetch(connection, limit + 1, at, desc=not self._desc)
        if len(found) <= limit:  # the page before is the first one, which is complete if there are enough runs
            return self.rows(connection, limit, None)
        return found[limit - 1 :: -1], True, True

    def position(self, row: _Row, *, is_before: bool = False) -> ListPosition:
        return ListPosition(key=row.key, number=row.number, moment=self._moment, is_before=is_before)

    def _add(self, condition: str, **values: object) -> None:
        if None not in values.values():
            self._conditions.append(condition)
            self._values |= values

    def _add_word(self, name: str, lowered: str, word: str) -> None:
        matches = [f"instr(lower({text}), :{name})" for text in ("name", TITLE)]
        if "/" in word or "~" in word:
            matches.append(f"instr(lower({USERNAME} || '/' || name), replace(:{name}, '~', '/'))")
        of_actor = f"current_actor_id IN (SELECT id FROM actors WHERE {' OR '.join(matches)})"
        of_run = f"instr(lower(status_message), :{name}) OR (id >= :{name}_id AND id < :{name}_end)"
        self._add(f"({of_actor} OR {of_run})", **{name: lowered, f"{name}_id": word, f"{name}_end": word + AFTER_IDS})

    def _fetch(self, connection: sqlite3.Connection, limit: int, at: ListPosition | None, *, desc: bool) -> list[_Row]:
        direction, less = ("DESC", "<") if desc else ("ASC", ">")
        condition = " AND ".join(self._conditions) + self._has_status
        values = {**self._values, "limit": limit}
        if at is not None:
            condition += f" AND ({self._key}, rowid) {less} (:key, :number)"
            values |= {"key": at.key, "number": at.number}
        query = (
            f"SELECT {self._key} AS sort_key, rowid FROM runs WHERE {condition} "
            f"ORDER BY sort_key {direction}, rowid {direction} LIMIT :limit"
        )
        return [_Row(key, number) for key, number in connection.execute(query, values)]


def _marks(values: Iterable[object]) -> str:
    return ", ".join("?" for _ in values)
