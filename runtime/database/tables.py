"""The base class of tables that store one JSON document per row, which is decoded into a frozen dataclass.

Each table is a subclass that gives its queries names, so that SQL conditions never leave this package.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Generic, TypeVar

import msgspec

from runtime.base.paging import Page, Paging
from runtime.database.sqlite_connection import SqliteConnection

R = TypeVar("R")


class AlreadyExists(Exception):
    """The record violates a unique index."""


class TooMany(Exception):
    """The user already has as many records as are allowed."""


HAS_NAME = "user_id = ? AND name = ? COLLATE NOCASE"
"""The condition for a user's record with a name. Names are ASCII, and they are unique without regard to case.

The indexes for this condition are not unique, because an older database may hold names that differ only in case.
"""
HAS_NAME_EXACT_FIRST = f"{HAS_NAME} ORDER BY name = ? DESC, rowid"
"""The same for a lookup, which finds either of two names that differ only in case. It has the name as a third value."""


class RecordCodec(Generic[R]):
    """Converts records of one class to JSON and back."""

    def __init__(self, record_class: type[R]) -> None:
        self._decoder = msgspec.json.Decoder(record_class)

    def encode(self, record: R) -> str:
        return msgspec.json.encode(record).decode()

    def decode(self, body: str) -> R:
        return self._decoder.decode(body)


class Table(Generic[R]):
    """The records of one class. Reads return immediately; writes return after their commit.

    With `may_use_reserve`, a small write that must succeed gets the reserved space of a full disk. Deletions always do.
    """

    def __init__(self, connection: SqliteConnection, name: str, codec: RecordCodec[R]) -> None:
        self._connection = connection
        self._name = name
        self._codec = codec

    def get(self, id: str) -> R | None:
        return self._find("id = ?", id)

    def all(self) -> list[R]:
        """All records in the order of their insertion."""
        return self._find_all("1 ORDER BY rowid")

    def of_ids(self, ids: Sequence[str]) -> list[R]:
        """The records with these ids that exist, in no particular order."""
        return self._find_all(f"id IN ({', '.join('?' * len(ids))})", *ids)

    def ids(self) -> set[str]:
        return {id for (id,) in self._fetch_all(f"SELECT id FROM {self._name}")}

    async def insert(self, record: R, *, may_use_reserve: bool = False) -> R:
        """Raises AlreadyExists."""
        return await self._connection.write(
            lambda connection: self._insert_within(connection, record), may_use_reserve=may_use_reserve
        )

    async def update(self, id: str, change: Callable[[R], R], *, may_use_reserve: bool = False) -> R | None:
        """Replace the record with what `change` returns for it, in one atomic step.

        Returns None if there is no such record. If `change` raises an exception, nothing is written and the caller gets
        the exception.
        """
        return await self._connection.write(
            lambda connection: self.update_within(connection, id, change), may_use_reserve=may_use_reserve
        )

    def update_within(self, connection: sqlite3.Connection, id: str, change: Callable[[R], R]) -> R | None:
        """The same as `update`, as part of a larger write."""
        row = connection.execute(f"SELECT body FROM {self._name} WHERE id = ?", (id,)).fetchone()
        if row is None:
            return None
        before = self._codec.decode(row[0])
        record = change(before)
        self._check_unique(connection, record, before)
        try:
            connection.execute(f"UPDATE {self._name} SET body = ? WHERE id = ?", (self._codec.encode(record), id))
        except sqlite3.IntegrityError as violation:
            raise AlreadyExists(str(violation)) from violation
        return record

    async def delete(self, id: str) -> bool:
        """Delete a record; return whether it existed."""
        return await self._delete_where("id = ?", id) > 0

    def _insert_within(self, connection: sqlite3.Connection, record: R) -> R:
        id: Any = record.id  # type: ignore[attr-defined]
        self._check_unique(connection, record, None)
        try:
            values = (id, self._codec.encode(record))
            connection.execute(f"INSERT INTO {self._name} (id, body) VALUES (?, ?)", values)
        except sqlite3.IntegrityError as violation:
            raise AlreadyExists(str(violation)) from violation
        return record

    def _check_unique(self, connection: sqlite3.Connection, record: R, before: R | None) -> None:
        """Raise AlreadyExists if the record violates a rule that no unique index can express.

        `before` is the stored record, or None for a new one.
        """

    def _find(self, condition: str, *values: object) -> R | None:
        """The first record that matches the SQL condition."""
        query = f"SELECT body FROM {self._name} WHERE {condition} LIMIT 1"
        row = self._connection.query(lambda connection: connection.execute(query, values).fetchone())
        return None if row is None else self._codec.decode(row[0])

    def _find_all(self, condition: str, *values: object) -> list[R]:
        rows = self._fetch_all(f"SELECT body FROM {self._name} WHERE {condition}", *values)
        return [self._codec.decode(body) for (body,) in rows]

    def _exists(self, condition: str, *values: object) -> bool:
        query = f"SELECT EXISTS (SELECT 1 FROM {self._name} WHERE {condition})"
        [(exists,)] = self._fetch_all(query, *values)
        return bool(exists)

    def _page(self, condition: str, values: Iterable[object], *, order_by: str, paging: Paging) -> Page[R]:
        """One page in the order of a column. Records with equal values stay in the order of their insertion."""
        direction = "DESC" if paging.desc else "ASC"
        given = tuple(values)
        query = (
            f"SELECT body FROM {self._name} WHERE {condition} "
            f"ORDER BY {order_by} {direction}, rowid {direction} LIMIT ? OFFSET ?"
        )
        count = f"SELECT count(*) FROM {self._name} WHERE {condition}"

        def read(connection: sqlite3.Connection) -> Page[R]:
            rows = connection.execute(query, (*given, paging.limit, paging.offset)).fetchall()
            total = connection.execute(count, given).fetchone()[0]
            return Page([self._codec.decode(body) for (body,) in rows], total)

        return self._connection.query(read)

    async def _delete_where(self, condition: str, *values: object) -> int:
        """Delete all records that match the SQL condition; return their number."""
        query = f"DELETE FROM {self._name} WHERE {condition}"
        return await self._connection.write(
            lambda connection: connection.execute(query, values).rowcount, may_use_reserve=True
        )

    def _fetch_all(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        return self._connection.query(lambda connection: connection.execute(query, values).fetchall())


class NamedTable(Table[R]):
    """Records whose names are unique among those of their user."""

    def by_name(self, user_id: str, name: str) -> R | None:
        return self._find(HAS_NAME_EXACT_FIRST, user_id, name, name)

    def by_lowered_id(self, lowered: str) -> R | None:
        """The record whose id is this text in lower case, as in a host name. It reads all ids."""
        return self._find("lower(id) = ?", lowered)

    def count_of_user(self, user_id: str) -> int:
        return self._connection.query(lambda connection: self._count_within(connection, user_id))

    async def insert_one_of(self, record: R, most: int) -> R:
        """Insert a record, unless its user already has `most` records. Raises TooMany, AlreadyExists."""

        def change(connection: sqlite3.Connection) -> R:
            user_id: str = record.user_id  # type: ignore[attr-defined]
            if self._count_within(connection, user_id) >= most:
                raise TooMany(self._name)
            return self._insert_within(connection, record)

        return await self._connection.write(change)

    def _count_within(self, connection: sqlite3.Connection, user_id: str) -> int:
        """Counts in the index of the names."""
        query = f"SELECT count(*) FROM {self._name} WHERE user_id = ?"
        return int(connection.execute(query, (user_id,)).fetchone()[0])

    def _check_unique(self, connection: sqlite3.Connection, record: Any, before: Any) -> None:
        if before is not None and before.name.lower() == record.name.lower():
            return
        query = f"SELECT EXISTS (SELECT 1 FROM {self._name} WHERE {HAS_NAME} AND id <> ?)"
        if connection.execute(query, (record.user_id, record.name, record.id)).fetchone()[0]:
            raise AlreadyExists(record.name)
