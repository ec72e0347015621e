"""Datasets: one row per push, holding its items as JSON lines, in the same transaction as the counters.

So a push is whole or absent, `item_count` cannot disagree with what is there, and any page is found by its index.
"""

from __future__ import annotations

import math
import sqlite3

from runtime.base.clock import Millis
from runtime.base.records import Dataset
from runtime.database.connection import Connection
from runtime.database.storage_tables import StorageTable

CHUNK_BYTES = 131_072
"""Items are read in pieces of about this size, so that neither memory nor the event loop notices a big dataset."""
LOOK_BYTES = 262_144
"""A bigger push takes too long to be cut into its items on the event loop."""

PUSHES = """
    SELECT first, items FROM pushes WHERE dataset_id = ? AND first < ?
    AND first >= (SELECT max(first) FROM pushes WHERE dataset_id = ? AND first <= ?) ORDER BY first
"""


class Items:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.table = StorageTable(connection, "datasets", Dataset, ("pushes", "dataset_id"))

    async def push(self, dataset_id: str, items: bytes, *, count: int, clean_count: int, now: Millis) -> None:
        """Append `count` items, JSON lines without a line end after the last. Raises StorageGone."""

        def change(connection: sqlite3.Connection) -> None:
            after = self.table.add(
                connection,
                dataset_id,
                now,
                item_count=count,
                clean_item_count=clean_count,
                stored_bytes=len(items),
                write_count=count,
            )[0]
            connection.execute("INSERT INTO pushes VALUES (?, ?, ?, ?)", (dataset_id, after - count, count, items))

        await self.table.write(change)

    def query(self, dataset_id: str, start: int, stop: int, *, descending: bool) -> list[bytes]:
        """The first items of [start, stop), or the last ones first; about CHUNK_BYTES of them.

        They end before a big push, so there may be none: `read` goes on.
        """
        return self._connection.query(
            lambda connection: _chunk(connection, dataset_id, start, stop, descending, LOOK_BYTES)
        )

    async def query_in_thread(self, dataset_id: str, start: int, stop: int, *, descending: bool) -> list[bytes]:
        """As `look`, at least one and from pushes of any size, without holding up the event loop."""
        return await self._connection.query_in_thread(
            lambda connection: _chunk(connection, dataset_id, start, stop, descending)
        )


def _chunk(
    connection: sqlite3.Connection, dataset_id: str, start: int, stop: int, descending: bool, most: float = math.inf
) -> list[bytes]:
    lines: list[bytes] = []
    size = 0
    query = f"{PUSHES} DESC" if descending else PUSHES
    for first, items in connection.execute(query, (dataset_id, stop, dataset_id, start)):
        if len(items) > most:
            break
        wanted = items.split(b"\n")[max(start - first, 0) : stop - first]
        lines += reversed(wanted) if descending else wanted
        size += len(items)
        if size >= CHUNK_BYTES:
            break
    return lines
