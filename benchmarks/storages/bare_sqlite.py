"""The rows of a push, written directly to SQLite: the minimal cost of a push.

Each push is one transaction, on the tables and with the settings of Greenroom's own database.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from benchmarks.storages import shapes
from benchmarks.storages.load import Cost
from runtime.base.clock import SystemClock
from runtime.base.json_text import dumps
from runtime.database import Database
from runtime.storages.datasets import Datasets

UPDATE_COUNTERS = """
    UPDATE datasets SET item_count = item_count + ?1, clean_item_count = clean_item_count + ?1,
    stored_bytes = stored_bytes + ?2, write_count = write_count + ?1, modified_at = ?3, accessed_at = ?3
    WHERE id = ?4 RETURNING item_count
"""


def pushes(folder: Path, items: int, count: int) -> Cost:
    """Return the cost of each of `count` pushes, with `items` items each, to a new dataset."""
    id = asyncio.run(_new_dataset(folder))
    body = b"\n".join(dumps(shapes.item(number)) for number in range(items))
    with closing(sqlite3.connect(folder / "greenroom.db", isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = NORMAL")
        wall, cpu = time.perf_counter(), time.process_time()
        for now in range(count):
            connection.execute("BEGIN IMMEDIATE")
            after = connection.execute(UPDATE_COUNTERS, (items, len(body), now, id)).fetchone()[0]
            connection.execute("INSERT INTO pushes VALUES (?, ?, ?, ?)", (id, after - items, items, body))
            connection.execute("COMMIT")
        return Cost((time.perf_counter() - wall) / count * 1e6, (time.process_time() - cpu) / count * 1e6)


async def _new_dataset(folder: Path) -> str:
    with closing(Database(folder)) as database:
        dataset, _ = await Datasets(database, SystemClock()).get_or_create("user")
        return dataset.id
