from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from runtime.base.records import Dataset
from runtime.database import Database, datasets_table
from runtime.database.storage_table import StorageGone
from tests.examples import examples

ROOT = Path(__file__).parents[3]
NOW = 1_700_000_000_000


def dataset(id: str = "dataset") -> Dataset:
    return Dataset(id=id, user_id="user", created_at=NOW, modified_at=NOW, accessed_at=NOW)


def lines(first: int, count: int) -> bytes:
    return b"\n".join(b'{"n":%d}' % n for n in range(first, first + count))


def numbers(found: list[bytes]) -> list[int]:
    return [int(line[5:-1]) for line in found]


@pytest.fixture
async def filled(database: Database) -> Database:
    """Pushes of 1, 2, ... 8 items: 36 in all."""
    await database.datasets.get_or_create(dataset())
    first = 0
    for count in range(1, 9):
        await database.datasets.push(
            "dataset", lines(first, count), count=count, clean_count=count - 1, now=NOW + count
        )
        first += count
    return database


async def test_a_push_updates_the_counters(filled: Database) -> None:
    found = filled.datasets.get("dataset")
    assert found is not None
    assert (found.item_count, found.clean_item_count, found.write_count) == (36, 28, 36)
    assert found.stored_bytes == sum(len(lines(sum(range(n)), n)) for n in range(1, 9))
    assert found.modified_at == NOW + 8


async def test_every_page_in_both_directions(filled: Database) -> None:
    for start in range(36):
        for stop in range(start + 1, 37):
            forwards = filled.datasets.items("dataset", start, stop, desc=False)
            backwards = await filled.datasets.items_in_thread("dataset", start, stop, desc=True)
            assert numbers(forwards) == list(range(start, stop))
            assert numbers(backwards) == list(reversed(range(start, stop)))


async def test_the_size_of_chunks_is_limited(filled: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets_table, "CHUNK_BYTES", 1)
    assert numbers(filled.datasets.items("dataset", 7, 36, desc=False)) == [7, 8, 9]
    assert numbers(filled.datasets.items("dataset", 7, 34, desc=True)) == [33, 32, 31, 30, 29, 28]


async def test_a_push_to_a_deleted_dataset_stores_nothing(filled: Database) -> None:
    assert await filled.datasets.delete("dataset")
    with pytest.raises(StorageGone):
        await filled.datasets.push("dataset", lines(0, 1), count=1, clean_count=1, now=NOW)
    assert filled.connection.query(lambda sql: sql.execute("SELECT count(*) FROM pushes").fetchone()) == (0,)


async def test_a_late_page_costs_as_much_as_the_first_one(database: Database) -> None:
    """The cost is the number of SQLite's virtual machine steps, which does not depend on the load of the host."""
    await database.datasets.get_or_create(dataset())
    count = examples(100_000)
    for first in range(0, count, 25):
        await database.datasets.push("dataset", lines(first, 25), count=25, clean_count=25, now=NOW)

    def steps(start: int) -> int:
        def count_steps(connection: sqlite3.Connection) -> int:
            counted = 0

            def step() -> int:
                nonlocal counted
                counted += 1
                return 0

            connection.set_progress_handler(step, 1)
            found = database.datasets.items("dataset", start, start + 100, desc=False)  # on the same connection
            connection.set_progress_handler(None, 1)
            assert numbers(found) == list(range(start, start + 100))
            return counted

        return database.connection.query(count_steps)

    assert 0 < steps(count - 200) <= steps(0) * 1.5


PUSH_UNTIL_KILLED = """
import asyncio, sys
from pathlib import Path
from runtime.base.records import Dataset
from runtime.database import Database

async def push_until_killed():
    database = Database(Path(sys.argv[1]))
    await database.datasets.get_or_create(
        Dataset(id="dataset", user_id="user", created_at=0, modified_at=0, accessed_at=0)
    )
    for n in range(1_000_000):
        body = b"\\n".join(b'{"n":%d}' % m for m in (3 * n, 3 * n + 1, 3 * n + 2))
        await database.datasets.push("dataset", body, count=3, clean_count=3, now=n)
        print(n, flush=True)

asyncio.run(push_until_killed())
"""


@pytest.mark.processes
def test_acknowledged_pushes_survive_a_kill(tmp_path: Path) -> None:
    pusher = subprocess.Popen(
        [sys.executable, "-c", PUSH_UNTIL_KILLED, str(tmp_path)], stdout=subprocess.PIPE, cwd=ROOT
    )
    assert pusher.stdout is not None
    for _ in range(200):
        pusher.stdout.readline()
    pusher.send_signal(signal.SIGKILL)
    acknowledged = 200 + len(pusher.stdout.read().splitlines())
    pusher.wait()

    database = Database(tmp_path)
    found = database.datasets.get("dataset")
    assert found is not None
    assert found.item_count >= 3 * acknowledged
    assert found.item_count % 3 == 0
    stored = database.datasets.items("dataset", 0, found.item_count, desc=False)
    assert numbers(stored) == list(range(found.item_count))
    database.close()
