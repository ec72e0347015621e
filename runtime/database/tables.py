"""Tables of records: one JSON document a row, read into and written from frozen dataclasses."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec

from runtime.database.connection import Connection

R = TypeVar("R")

UNFINISHED = "status IN ('READY', 'RUNNING', 'TIMING-OUT', 'ABORTING')"
"""The condition that finds live runs and builds; their index is on the status."""

HAS_PENDING_EVENTS = "json_extract(body, '$.pending_events') <> '{}'"
"""The condition that finds runs and builds with events that webhooks were not told of; it has an index of its own."""


@dataclass(frozen=True, slots=True)
class Page(Generic[R]):
    """A page of a list, and how many records the whole list has."""

    items: list[R]
    total: int


class AlreadyExists(Exception):
    """A unique index refused the record."""


class Table(Generic[R]):
    """The records of one kind. Reads answer at once; writes return when they are committed."""

    def __init__(self, connection: Connection, name: str, kind: type[R]) -> None:
        self._connection = connection
        self._name = name
        self._decoder = msgspec.json.Decoder(kind)

    def get(self, id: str) -> R | None:
        return self.find("id = ?", id)

    def find(self, condition: str, *values: object) -> R | None:
        """The first record for which the SQL `condition` holds."""
        query = f"SELECT body FROM {self._name} WHERE {condition} LIMIT 1"
        row = self._connection.query(lambda connection: connection.execute(query, values).fetchone())
        return None if row is None else self._decode(row[0])

    def all(self, condition: str = "1", *values: object) -> list[R]:
        query = f"SELECT body FROM {self._name} WHERE {condition}"
        rows = self._connection.query(lambda connection: connection.execute(query, values).fetchall())
        return [self._decode(row[0]) for row in rows]

    def ids(self) -> set[str]:
        query = f"SELECT id FROM {self._name}"
        return {id for (id,) in self._connection.query(lambda connection: connection.execute(query).fetchall())}

    def sum(self, field: str, condition: str, *values: object) -> int:
        """The sum of a whole-number field, such as `options.memory_mbytes`, over what meets the SQL `condition`."""
        query = f"SELECT coalesce(sum(json_extract(body, '$.{field}')), 0) FROM {self._name} WHERE {condition}"
        return int(self._connection.query(lambda connection: connection.execute(query, values).fetchone()[0]))

    def page(
        self,
        condition: str,
        values: Iterable[object],
        *,
        order_by: str,
        descending: bool,
        offset: int,
        limit: int,
    ) -> Page[R]:
        """One page in the order of a column; records of the same moment keep the order in which they came."""
        direction = "DESC" if descending else "ASC"
        given = tuple(values)
        query = (
            f"SELECT body FROM {self._name} WHERE {condition} "
            f"ORDER BY {order_by} {direction}, rowid {direction} LIMIT ? OFFSET ?"
        )
        count = f"SELECT count(*) FROM {self._name} WHERE {condition}"

        def question(connection: sqlite3.Connection) -> Page[R]:
            rows = connection.execute(query, (*given, limit, offset)).fetchall()
            total = connection.execute(count, given).fetchone()[0]
            return Page([self._decode(row[0]) for row in rows], total)

        return self._connection.query(question)

    async def insert(self, record: R) -> R:
        """Raises AlreadyExists."""
        body = self._encode(record)
        id: Any = record.id  # type: ignore[attr-defined]

        def change(connection: sqlite3.Connection) -> R:
            try:
                connection.execute(f"INSERT INTO {self._name} (id, body) VALUES (?, ?)", (id, body))
            except sqlite3.IntegrityError as refusal:
                raise AlreadyExists(str(refusal)) from refusal
            return record

        return await self._connection.write(change)

    async def update(self, id: str, change: Callable[[R], R]) -> R | None:
        """Replace the record by what `change` makes of it, in one step that no other write can come between.

        None when there is no such record. What `change` raises is raised, and nothing is written then.
        """

        return await self._connection.write(lambda connection: self.rewrite(connection, id, change))

    def rewrite(self, connection: sqlite3.Connection, id: str, change: Callable[[R], R]) -> R | None:
        """`update` as part of a write."""
        row = connection.execute(f"SELECT body FROM {self._name} WHERE id = ?", (id,)).fetchone()
        if row is None:
            return None
        record = change(self._decode(row[0]))
        try:
            connection.execute(
                f"UPDATE {self._name} SET body = ? WHERE id = ?",
                (self._encode(record), id),
            )
        except sqlite3.IntegrityError as refusal:
            raise AlreadyExists(str(refusal)) from refusal
        return record

    async def delete(self, condition: str, *values: object) -> int:
        """Delete what meets the SQL `condition`; return how many that were."""
        query = f"DELETE FROM {self._name} WHERE {condition}"
        return await self._connection.write(lambda connection: connection.execute(query, values).rowcount)

    def _encode(self, record: R) -> str:
        return msgspec.json.encode(record).decode()

    def _decode(self, body: str) -> R:
        return self._decoder.decode(body)
