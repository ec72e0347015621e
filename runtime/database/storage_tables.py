"""What the tables of datasets, key-value stores and request queues have in common.

Reads are tallied in memory and written along with a later write of the same kind, or when the server stops: what is
only read costs no transaction. A crash may lose the newest of these counts, never anything a client stored.
"""

from __future__ import annotations

import asyncio
import dataclasses
import sqlite3
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

import msgspec

from runtime.base.clock import Millis
from runtime.base.records import Storage
from runtime.database.connection import Connection
from runtime.database.tables import AlreadyExists, Page

S = TypeVar("S", bound=Storage)
T = TypeVar("T")

KEPT = 10_000
"""Records that are kept at hand; those in use at the same time are far fewer."""
SETTLE_AFTER = 100
"""Tallied reads that are worth a statement of their own beside a write."""
DEFAULT_OF_RUN = "run_id = ? AND name IS NULL"
"""The condition that finds the storages a run was born with; one that was given a name is kept when its run goes."""


class StorageGone(Exception):
    """The storage was deleted while it was being written to."""


@dataclasses.dataclass(slots=True)
class Tally:
    """What was read of one storage since the last write of its kind, by counting column."""

    counts: Counter[str]
    at: Millis = 0


class StorageTable(Generic[S]):
    """The storages of one kind. `contents` names the table of what they hold, by the column that refers to them."""

    def __init__(self, connection: Connection, name: str, kind: type[S], contents: tuple[str, str]) -> None:
        self._connection = connection
        self._name = name
        self._kind = kind
        self._contents, self._reference = contents
        self._columns = tuple(field.name for field in dataclasses.fields(kind))
        self._select = f"SELECT {', '.join(self._columns)} FROM {name}"
        self._known: dict[str, S] = {}
        self._tallies: dict[str, Tally] = {}
        self._tallied = 0

    def get(self, id: str) -> S | None:
        return self._find("id = ?", id)

    def known(self, id: str) -> S | None:
        """As `get`, but for the counters and the times, which may be old: a write needs to know all but these.

        A look-up on the event loop's thread would wait for the writer's to let go of the interpreter, and it for that.
        """
        known = self._known.get(id)
        if known is None and (known := self.get(id)) is not None:
            if len(self._known) >= KEPT:
                self._known.clear()
            self._known[id] = known
        return known

    def named(self, user_id: str, name: str) -> S | None:
        return self._find("user_id = ? AND name = ?", user_id, name)

    def user_id(self, username: str) -> str | None:
        query = "SELECT id FROM users WHERE username = ?"
        row = self._connection.query(lambda connection: connection.execute(query, (username,)).fetchone())
        return None if row is None else row[0]

    def page(self, user_id: str, *, unnamed: bool, descending: bool, offset: int, limit: int) -> Page[S]:
        """One page in order of creation; only named storages unless `unnamed`."""
        direction = "DESC" if descending else "ASC"
        condition = "user_id = ?" if unnamed else "user_id = ? AND name IS NOT NULL"
        order = f"ORDER BY created_at {direction}, rowid {direction}"

        def question(connection: sqlite3.Connection) -> Page[S]:
            query = f"{self._select} WHERE {condition} {order} LIMIT ? OFFSET ?"
            rows = connection.execute(query, (user_id, limit, offset)).fetchall()
            count = connection.execute(f"SELECT count(*) FROM {self._name} WHERE {condition}", (user_id,))
            return Page([self._record(row) for row in rows], count.fetchone()[0])

        return self._connection.query(question)

    def unused(self, before: Millis) -> list[str]:
        """Ids of what has neither a name nor a run and was last used before a moment, uncounted reads included."""
        query = f"SELECT id FROM {self._name} WHERE name IS NULL AND run_id IS NULL AND accessed_at < ?"
        rows = self._connection.query(lambda connection: connection.execute(query, (before,)).fetchall())
        return [id for (id,) in rows if id not in self._tallies or self._tallies[id].at < before]

    def lost_runs(self) -> list[str]:
        """Ids of runs that are not there and have default storages all the same."""
        query = (
            f"SELECT DISTINCT run_id FROM {self._name} WHERE run_id IS NOT NULL AND name IS NULL "
            "AND run_id NOT IN (SELECT id FROM runs)"
        )
        return [id for (id,) in self._connection.query(lambda connection: connection.execute(query).fetchall())]

    async def get_or_create(self, record: S) -> tuple[S, bool]:
        """The user's storage with the record's name and False, else the record, now stored, and True."""

        def change(connection: sqlite3.Connection) -> tuple[S, bool]:
            query = f"{self._select} WHERE user_id = ? AND name = ?"
            row = connection.execute(query, (record.user_id, record.name)).fetchone()
            if row is not None:
                return self._record(row), False
            marks = ", ".join("?" * len(self._columns))
            values = tuple(_stored(getattr(record, column)) for column in self._columns)
            connection.execute(f"INSERT INTO {self._name} ({', '.join(self._columns)}) VALUES ({marks})", values)
            return record, True

        return await self.write(change)

    async def update(self, id: str, changes: Mapping[str, object]) -> S | None:
        """Set columns; None when there is no such storage. Raises AlreadyExists for a name that is taken."""
        settings = ", ".join(f"{column} = ?" for column in changes)
        query = f"UPDATE {self._name} SET {settings} WHERE id = ? RETURNING {', '.join(self._columns)}"

        def change(connection: sqlite3.Connection) -> S | None:
            try:
                row = connection.execute(query, (*changes.values(), id)).fetchone()
            except sqlite3.IntegrityError as refusal:
                raise AlreadyExists(str(refusal)) from refusal
            return None if row is None else self._record(row)

        return await self.write_new(change)

    async def delete(self, id: str) -> bool:
        """Delete a storage with all it holds; False when there was none."""
        return await self.write_new(lambda connection: self.erase(connection, "id = ?", id)) > 0

    async def delete_of_run(self, run_id: str) -> None:
        """Delete the default storages of a run."""
        await self.write_new(lambda connection: self.erase(connection, DEFAULT_OF_RUN, run_id))

    async def write(self, change: Callable[[sqlite3.Connection], T]) -> T:
        """A write of this kind of storage; what was read meanwhile is written along, now and then."""
        if self._tallied < SETTLE_AFTER:
            return await self._connection.write(change)
        return (await asyncio.gather(self.flush(), self._connection.write(change)))[1]

    async def write_new(self, change: Callable[[sqlite3.Connection], T]) -> T:
        """A write after which `known` must look again, also where its caller does not wait for it."""
        writing = asyncio.ensure_future(self.write(change))
        writing.add_done_callback(lambda _: self._known.clear())
        return await asyncio.shield(writing)

    async def flush(self) -> None:
        """Write what has been read so far."""
        tallies, self._tallies, self._tallied = self._tallies, {}, 0
        await self._connection.write(lambda connection: self._settle(connection, tallies))

    def count(self, id: str, now: Millis, **reads: int) -> None:
        """Add to counting columns later: for what is only read."""
        self._tallied += 1
        tally = self._tallies.get(id) or self._tallies.setdefault(id, Tally(Counter()))
        for column, number in reads.items():
            tally.counts[column] += number
        tally.at = max(tally.at, now)

    def add(self, connection: sqlite3.Connection, id: str, now: Millis, **counts: int) -> tuple[Any, ...]:
        """Add to counting columns inside a write; return what they are then. Raises StorageGone."""
        settings = "".join(f"{column} = {column} + ?, " for column in counts)
        query = (
            f"UPDATE {self._name} SET {settings}modified_at = max(modified_at, ?), accessed_at = max(accessed_at, ?) "
            f"WHERE id = ? RETURNING {', '.join(counts)}"
        )
        row: tuple[Any, ...] | None = connection.execute(query, (*counts.values(), now, now, id)).fetchone()
        if row is None:
            raise StorageGone(id)
        return row

    def erase(self, connection: sqlite3.Connection, condition: str, value: str) -> int:
        """Delete the storages that meet the SQL `condition`, with all they hold, inside a write."""
        connection.execute(
            f"DELETE FROM {self._contents} WHERE {self._reference} IN (SELECT id FROM {self._name} WHERE {condition})",
            (value,),
        )
        return connection.execute(f"DELETE FROM {self._name} WHERE {condition}", (value,)).rowcount

    def find(self, connection: sqlite3.Connection, condition: str, *values: object) -> S | None:
        """The storage that meets the SQL `condition`, inside a read or a write."""
        row = connection.execute(f"{self._select} WHERE {condition}", values).fetchone()
        return None if row is None else self._record(row)

    def _find(self, condition: str, *values: object) -> S | None:
        return self._connection.query(lambda connection: self.find(connection, condition, *values))

    def _record(self, row: tuple[Any, ...]) -> S:
        fields: dict[str, Any] = dict(zip(self._columns, row, strict=True))
        if fields.get("schema") is not None:
            fields["schema"] = msgspec.json.decode(fields["schema"])
        if "had_multiple_clients" in fields:
            fields["had_multiple_clients"] = bool(fields["had_multiple_clients"])
        tally = self._tallies.get(fields["id"])
        if tally is not None:
            fields["accessed_at"] = max(fields["accessed_at"], tally.at)
            for column, count in tally.counts.items():
                fields[column] += count
        return self._kind(**fields)

    def _settle(self, connection: sqlite3.Connection, tallies: Mapping[str, Tally]) -> None:
        for id, tally in tallies.items():
            settings = "".join(f", {column} = {column} + ?" for column in tally.counts)
            query = f"UPDATE {self._name} SET accessed_at = max(accessed_at, ?){settings} WHERE id = ?"
            connection.execute(query, (tally.at, *tally.counts.values(), id))


def _stored(value: object) -> object:
    return msgspec.json.encode(value).decode() if isinstance(value, Mapping) else value
