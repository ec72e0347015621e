from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from runtime.base.records import Dataset
from runtime.database import Store, items
from runtime.database.storage_tables import StorageGone

NOW = 1_700_000_000_000


def dataset(id: str = "dataset") -> Dataset:
    return Dataset(id=id, user_id="user", created_at=NOW, modified_at=NOW, accessed_at=NOW)


def lines(first: int, count: int) -> bytes:
    return b"\n".join(b'{"n":%d}' % n for n in range(first, first + count))


def numbers(found: list[bytes]) -> list[int]:
    return [int(line[5:-1]) for line in found]


@pytest.fixture
async def filled(store: Store) -> Store:
    """Pushes of 1, 2, ... 8 items: 36 in all."""
    await store.items.table.get_or_create(dataset())
    first = 0
    for count in range(1, 9):
        await store.items.push("dataset", lines(first, count), count=count, clean_count=count - 1, now=NOW + count)
        first += count
    return store


async def test_a_push_moves_the_counters(filled: Store) -> None:
    found = filled.items.table.get("dataset")
    assert found is not None
    assert (found.item_count, found.clean_item_count, found.write_count) == (36, 28, 36)
    assert found.stored_bytes == sum(len(lines(sum(range(n)), n)) for n in range(1, 9))
    assert found.modified_at == NOW + 8


async def test_every_page_both_ways(filled: Store) -> None:
    for start in range(36):
        for stop in range(start + 1, 37):
            forwards = filled.items.query("dataset", start, stop, descending=False)
            backwards = await filled.items.query_in_thread("dataset", start, stop, descending=True)
            assert numbers(forwards) == list(range(start, stop))
            assert numbers(backwards) == list(reversed(range(start, stop)))


async def test_chunks_are_bounded(filled: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(items, "CHUNK_BYTES", 1)
    assert numbers(filled.items.query("dataset", 7, 36, descending=False)) == [7, 8, 9]
    assert numbers(filled.items.query("dataset", 7, 34, descending=True)) == [33, 32, 31, 30, 29, 28]


async def test_a_push_to_a_deleted_dataset_leaves_nothing(filled: Store) -> None:
    assert await filled.items.table.delete("dataset")
    with pytest.raises(StorageGone):
        await filled.items.push("dataset", lines(0, 1), count=1, clean_count=1, now=NOW)
    assert filled.connection.query(lambda sql: sql.execute("SELECT count(*) FROM pushes").fetchone()) == (0,)


async def test_a_deep_page_costs_what_the_first_one_does(store: Store) -> None:
    """Counted in steps of SQLite's own machine, which no noise of the host can change."""
    await store.items.table.get_or_create(dataset())
    for first in range(0, 100_000, 25):
        await store.items.push("dataset", lines(first, 25), count=25, clean_count=25, now=NOW)

    def steps(start: int) -> int:
        def question(connection: sqlite3.Connection) -> int:
            count = 0

            def step() -> int:
                nonlocal count
                count += 1
                return 0

            connection.set_progress_handler(step, 1)
            found = items._chunk(connection, "dataset", start, start + 100, False)
            connection.set_progress_handler(None, 1)
            assert numbers(found) == list(range(start, start + 100))
            return count

        return store.connection.query(question)

    assert steps(99_800) <= steps(0) * 1.5


PUSHER = """
import asyncio, sys
from pathlib import Path
from runtime.base.records import Dataset
from runtime.database import Store

async def push_for_ever():
    store = Store(Path(sys.argv[1]))
    await store.items.table.get_or_create(
        Dataset(id="dataset", user_id="user", created_at=0, modified_at=0, accessed_at=0)
    )
    for n in range(1_000_000):
        body = b"\\n".join(b'{"n":%d}' % m for m in (3 * n, 3 * n + 1, 3 * n + 2))
        await store.items.push("dataset", body, count=3, clean_count=3, now=n)
        print(n, flush=True)

asyncio.run(push_for_ever())
"""


def test_what_was_acknowledged_survives_a_kill(tmp_path: Path) -> None:
    pusher = subprocess.Popen(
        [sys.executable, "-c", PUSHER, str(tmp_path)], stdout=subprocess.PIPE, cwd=Path.cwd(), env={**os.environ}
    )
    assert pusher.stdout is not None
    for _ in range(200):
        pusher.stdout.readline()
    pusher.send_signal(signal.SIGKILL)
    acknowledged = 200 + len(pusher.stdout.read().splitlines())
    pusher.wait()

    store = Store(tmp_path)
    found = store.items.table.get("dataset")
    assert found is not None
    assert found.item_count >= 3 * acknowledged
    assert found.item_count % 3 == 0
    kept = store.items.query("dataset", 0, found.item_count, descending=False)
    assert numbers(kept) == list(range(found.item_count))
    store.close()
