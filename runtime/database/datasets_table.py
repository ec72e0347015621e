"""Datasets: one row per push, with its items as JSON lines, in the same transaction as the counters.

A push is stored completely or not at all, `item_count` always agrees with the items, and an index finds any page.
"""

from __future__ import annotations

import math
import sqlite3
from io import BytesIO

from runtime.base.clock import Millis
from runtime.base.records import Dataset
from runtime.database.sqlite_connection import SqliteConnection
from runtime.database.storage_table import StorageTable

CHUNK_BYTES = 131_072
"""Items are read in chunks of about this size, which limits memory use and how long a read blocks the event loop."""
MAX_PUSH_BYTES_ON_LOOP = 262_144
"""Splitting a bigger push into its items would block the event loop for too long."""

PUSHES = """
    SELECT first, items FROM pushes WHERE dataset_id = ? AND first < ?
    AND first >= (SELECT max(first) FROM pushes WHERE dataset_id = ? AND first <= ?) ORDER BY first
"""
"""The pushes that contain the items of [start, stop). Parameters: dataset, stop, dataset, start."""


class DatasetsTable(StorageTable[Dataset]):
    def __init__(self, connection: SqliteConnection) -> None:
        super().__init__(connection, "datasets", Dataset, content_table="pushes", content_reference="dataset_id")

    async def push(self, id: str, items: bytes, *, count: int, clean_count: int, now: Millis) -> None:
        """Append `count` items: JSON lines without a newline after the last one. Raises StorageGone."""

        def change(connection: sqlite3.Connection) -> None:
            after = self._add_counts(
                connection,
                id,
                now,
                item_count=count,
                clean_item_count=clean_count,
                stored_bytes=len(items),
                write_count=count,
            )[0]
            connection.execute("INSERT INTO pushes VALUES (?, ?, ?, ?)", (id, after - count, count, items))

        await self._write(change)

    def items(self, id: str, start: int, stop: int, *, desc: bool) -> list[bytes]:
        """About CHUNK_BYTES of the items of [start, stop): the first ones, or with `desc` the last ones, reversed.

        A push of more than MAX_PUSH_BYTES_ON_LOOP is not read, so the list ends before it and may be empty.
        `items_in_thread` also reads such a push.
        """
        return self._connection.query(
            lambda connection: _chunk(connection, id, start, stop, desc, MAX_PUSH_BYTES_ON_LOOP)
        )

    async def items_in_thread(self, id: str, start: int, stop: int, *, desc: bool) -> list[bytes]:
        """The same as `items`, but at least one item, from pushes of any size, and without blocking the event loop."""
        return await self._connection.query_in_thread(lambda connection: _chunk(connection, id, start, stop, desc))


def _chunk(
    connection: sqlite3.Connection,
    dataset_id: str,
    start: int,
    stop: int,
    desc: bool,
    max_push_bytes: float = math.inf,
) -> list[bytes]:
    lines: list[bytes] = []
    size = 0
    query = f"{PUSHES} DESC" if desc else PUSHES
    for first, items in connection.execute(query, (dataset_id, stop, dataset_id, start)):
        if len(items) > max_push_bytes:
            break
        wanted = _lines(items)[max(start - first, 0) : stop - first]
        lines += reversed(wanted) if desc else wanted
        size += len(items)
        if size >= CHUNK_BYTES:
            break
    return lines


def _lines(items: bytes) -> list[bytes]:
    """The items of a push. A thread splits a big one line by line, which shares the interpreter with the event loop."""
    if len(items) <= MAX_PUSH_BYTES_ON_LOOP:
        return items.split(b"\n")
    return [line.rstrip(b"\n") for line in BytesIO(items)]
