"""What the tables of datasets, key-value stores and request queues have in common.

Reads are counted in memory. The counts are stored together with a later write to the same table, or when the server
stops, so that a read needs no transaction. A crash may lose the most recent counts, but nothing that a client stored.
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
from runtime.base.errors import StorageUnavailable
from runtime.base.general_access import GeneralAccess
from runtime.base.paging import Page, Paging
from runtime.base.records import Storage
from runtime.database.sqlite_connection import SqliteConnection
from runtime.database.tables import HAS_NAME_EXACT_FIRST, AlreadyExists

S = TypeVar("S", bound=Storage)
T = TypeVar("T")

CACHE_LIMIT = 10_000
"""The maximum number of cached records. Far fewer storages are in use at the same time."""
FLUSH_AFTER_READS = 100
"""After this many counted reads, the next write also stores the counts. Fewer do not justify the extra statement."""
DEFAULT_OF_RUN = "run_id = ? AND name IS NULL"
"""The condition for the default storages of a run. A storage that has been named outlives its run."""
GENERAL_ACCESS = {access.value: access for access in GeneralAccess}
"""Every request reads a storage's record, and a dict is faster than the enum's own constructor."""


class StorageGone(Exception):
    """The storage was deleted before or during the write."""


@dataclasses.dataclass(slots=True)
class PendingReads:
    """The unstored reads of one storage: the number to add to each counter column, and the time of the last read."""

    counts: Counter[str]
    at: Millis = 0


class StorageTable(Generic[S]):
    """The storages of one type.

    `content_table` holds the content of the storages; its column `content_reference` holds the storage's id.
    """

    def __init__(
        self,
        connection: SqliteConnection,
        name: str,
        record_class: type[S],
        *,
        content_table: str,
        content_reference: str,
    ) -> None:
        self._connection = connection
        self._name = name
        self._record_class = record_class
        self._content_table = content_table
        self._content_reference = content_reference
        self._columns = tuple(field.name for field in dataclasses.fields(record_class))
        self._select = f"SELECT {', '.join(self._columns)} FROM {name}"
        self._cache: dict[str, S] = {}
        self._pending_reads: dict[str, PendingReads] = {}
        self._pending_read_count = 0

    def get(self, id: str) -> S | None:
        return self._find("id = ?", id)

    def get_cached(self, id: str) -> S | None:
        """The same as `get`, but counters and times may be outdated. Use it for writes, which do not need them.

        It saves a query on the event loop, which would compete with the writer's thread for the interpreter lock.
        """
        cached = self._cache.get(id)
        if cached is None and (cached := self.get(id)) is not None:
            if len(self._cache) >= CACHE_LIMIT:
                self._cache.clear()
            self._cache[id] = cached
        return cached

    def by_name(self, user_id: str, name: str) -> S | None:
        return self._find(HAS_NAME_EXACT_FIRST, user_id, name, name)

    def page(self, user_id: str, paging: Paging, *, unnamed: bool) -> Page[S]:
        """One page in the order of creation. Without `unnamed` it contains only named storages."""
        direction = "DESC" if paging.desc else "ASC"
        condition = "user_id = ?" if unnamed else "user_id = ? AND name IS NOT NULL"
        order = f"ORDER BY created_at {direction}, rowid {direction}"

        def read(connection: sqlite3.Connection) -> Page[S]:
            query = f"{self._select} WHERE {condition} {order} LIMIT ? OFFSET ?"
            rows = connection.execute(query, (user_id, paging.limit, paging.offset)).fetchall()
            count = connection.execute(f"SELECT count(*) FROM {self._name} WHERE {condition}", (user_id,))
            return Page([self._record(row) for row in rows], count.fetchone()[0])

        return self._connection.query(read)

    def ids_unused_since(self, user_id: str, moment: Millis) -> list[str]:
        """The ids of a user's storages without a name and without a run that were last used before `moment`."""
        condition = "user_id = ? AND name IS NULL AND run_id IS NULL AND accessed_at < ?"
        query = f"SELECT id FROM {self._name} WHERE {condition}"
        rows = self._connection.query(lambda connection: connection.execute(query, (user_id, moment)).fetchall())
        return [id for (id,) in rows if id not in self._pending_reads or self._pending_reads[id].at < moment]

    def missing_run_ids(self) -> list[str]:
        """The ids of runs that have default storages, but no longer exist."""
        query = (
            f"SELECT DISTINCT run_id FROM {self._name} WHERE run_id IS NOT NULL AND name IS NULL "
            "AND run_id NOT IN (SELECT id FROM runs)"
        )
        return [id for (id,) in self._connection.query(lambda connection: connection.execute(query).fetchall())]

    async def get_or_create(self, record: S) -> tuple[S, bool]:
        """Return the user's storage with the record's name and False, or store the record and return it and True."""

        def change(connection: sqlite3.Connection) -> tuple[S, bool]:
            query = f"{self._select} WHERE {HAS_NAME_EXACT_FIRST}"
            row = connection.execute(query, (record.user_id, record.name, record.name)).fetchone()
            if row is not None:
                return self._record(row), False
            placeholders = ", ".join("?" * len(self._columns))
            values = tuple(_column_value(getattr(record, column)) for column in self._columns)
            connection.execute(f"INSERT INTO {self._name} ({', '.join(self._columns)}) VALUES ({placeholders})", values)
            return record, True

        return await self._write(change)

    async def update(self, id: str, changes: Mapping[str, object]) -> S | None:
        """Set columns. Returns None if there is no such storage. Raises AlreadyExists if the name is taken."""
        assignments = ", ".join(f"{column} = ?" for column in changes)
        query = f"UPDATE {self._name} SET {assignments} WHERE id = ? RETURNING {', '.join(self._columns)}"

        def change(connection: sqlite3.Connection) -> S | None:
            if changes.get("name") is not None:
                self._check_unique(connection, id, changes["name"])
            try:
                row = connection.execute(query, (*changes.values(), id)).fetchone()
            except sqlite3.IntegrityError as violation:
                raise AlreadyExists(str(violation)) from violation
            return None if row is None else self._record(row)

        return await self._write_and_clear_cache(change)

    async def delete(self, id: str) -> bool:
        """Delete a storage with its content; return whether it existed."""
        return await self._delete_where("id = ?", id) > 0

    async def delete_of_run(self, run_id: str) -> None:
        """Delete the default storages of a run with their content."""
        await self._delete_where(DEFAULT_OF_RUN, run_id)

    def count_reads(self, id: str, now: Millis, **reads: int) -> None:
        """Count reads in memory. A later write adds them to these columns."""
        self._pending_read_count += 1
        pending = self._pending_reads.get(id) or self._pending_reads.setdefault(id, PendingReads(Counter()))
        for column, number in reads.items():
            pending.counts[column] += number
        pending.at = max(pending.at, now)

    async def flush_reads(self) -> None:
        """Store the reads that have been counted. On a full disk, a later write stores them."""
        pending, self._pending_reads, self._pending_read_count = self._pending_reads, {}, 0
        try:
            await self._connection.write(lambda connection: self._store_reads(connection, pending))
        except StorageUnavailable:
            for id, reads in pending.items():
                self.count_reads(id, reads.at, **reads.counts)

    async def _delete_where(self, condition: str, value: str) -> int:
        return await self._write_and_clear_cache(
            lambda connection: self._delete_within(connection, condition, value), may_use_reserve=True
        )

    async def _write(self, change: Callable[[sqlite3.Connection], T], *, may_use_reserve: bool = False) -> T:
        """Write to this table. After FLUSH_AFTER_READS counted reads, also store the counts."""
        writing = self._connection.write(change, may_use_reserve=may_use_reserve)
        if self._pending_read_count < FLUSH_AFTER_READS:
            return await writing
        return (await asyncio.gather(self.flush_reads(), writing))[1]

    async def _write_and_clear_cache(
        self, change: Callable[[sqlite3.Connection], T], *, may_use_reserve: bool = False
    ) -> T:
        """Write to this table and clear its cache, even if the caller is cancelled during the write."""
        writing = asyncio.ensure_future(self._write(change, may_use_reserve=may_use_reserve))
        writing.add_done_callback(lambda _: self._cache.clear())
        return await asyncio.shield(writing)

    def _check_unique(self, connection: sqlite3.Connection, id: str, name: object) -> None:
        """Raise AlreadyExists if another storage of the user has the storage's new name."""
        query = (
            f"SELECT EXISTS (SELECT 1 FROM {self._name} AS own JOIN {self._name} AS other USING (user_id) "
            "WHERE own.id = ? AND own.name IS NOT ? COLLATE NOCASE "
            "AND other.id <> own.id AND other.name = ? COLLATE NOCASE)"
        )
        if connection.execute(query, (id, name, name)).fetchone()[0]:
            raise AlreadyExists(name)

    def _add_counts(self, connection: sqlite3.Connection, id: str, now: Millis, **counts: int) -> tuple[Any, ...]:
        """Add to counter columns as part of a write; return their new values. Raises StorageGone."""
        assignments = "".join(f"{column} = {column} + ?, " for column in counts)
        query = (
            f"UPDATE {self._name} SET {assignments}modified_at = max(modified_at, ?), "
            f"accessed_at = max(accessed_at, ?) WHERE id = ? RETURNING {', '.join(counts)}"
        )
        row: tuple[Any, ...] | None = connection.execute(query, (*counts.values(), now, now, id)).fetchone()
        if row is None:
            raise StorageGone(id)
        return row

    def _delete_within(self, connection: sqlite3.Connection, condition: str, value: str) -> int:
        """Delete the storages that match the SQL condition, with their content, as part of a write."""
        ids = f"SELECT id FROM {self._name} WHERE {condition}"
        connection.execute(f"DELETE FROM {self._content_table} WHERE {self._content_reference} IN ({ids})", (value,))
        return connection.execute(f"DELETE FROM {self._name} WHERE {condition}", (value,)).rowcount

    def _find(self, condition: str, *values: object) -> S | None:
        return self._connection.query(lambda connection: self._find_within(connection, condition, *values))

    def _find_within(self, connection: sqlite3.Connection, condition: str, *values: object) -> S | None:
        """The storage that matches the SQL condition, as part of a read or a write."""
        row = connection.execute(f"{self._select} WHERE {condition}", values).fetchone()
        return None if row is None else self._record(row)

    def _record(self, row: tuple[Any, ...]) -> S:
        fields: dict[str, Any] = dict(zip(self._columns, row, strict=True))
        fields["general_access"] = GENERAL_ACCESS[fields["general_access"]]
        if fields.get("schema") is not None:
            fields["schema"] = msgspec.json.decode(fields["schema"])
        if "had_multiple_clients" in fields:
            fields["had_multiple_clients"] = bool(fields["had_multiple_clients"])
        pending = self._pending_reads.get(fields["id"])
        if pending is not None:
            fields["accessed_at"] = max(fields["accessed_at"], pending.at)
            for column, count in pending.counts.items():
                fields[column] += count
        return self._record_class(**fields)

    def _store_reads(self, connection: sqlite3.Connection, reads: Mapping[str, PendingReads]) -> None:
        for id, pending in reads.items():
            assignments = "".join(f", {column} = {column} + ?" for column in pending.counts)
            query = f"UPDATE {self._name} SET accessed_at = max(accessed_at, ?){assignments} WHERE id = ?"
            connection.execute(query, (pending.at, *pending.counts.values(), id))


def _column_value(value: object) -> object:
    """A record's field as SQLite stores it: a schema becomes JSON."""
    return msgspec.json.encode(value).decode() if isinstance(value, Mapping) else value
