from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runtime.base.errors import StorageUnavailable
from runtime.database.sqlite_connection import GROUP_LIMIT, READERS, SqliteConnection

ROOT = Path(__file__).parents[3]

Change = Callable[[sqlite3.Connection], object]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "test.db"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE words (word TEXT UNIQUE)")
    return path


@pytest.fixture
def connection(path: Path) -> Iterator[SqliteConnection]:
    connection = SqliteConnection(path)
    yield connection
    connection.close()


def insert(*words: str) -> Change:
    def change(connection: sqlite3.Connection) -> str:
        for word in words:
            connection.execute("INSERT INTO words VALUES (?)", (word,))
        return words[-1]

    return change


def all_words(connection: sqlite3.Connection) -> list[str]:
    return [row[0] for row in connection.execute("SELECT word FROM words ORDER BY rowid")]


class BlockingWrite:
    """A write that blocks the writer until `release`. All later writes become one group."""

    def __init__(self) -> None:
        self._started, self._released = threading.Event(), threading.Event()

    def __call__(self, connection: sqlite3.Connection) -> None:
        self._started.set()
        self._released.wait()

    async def started(self) -> None:
        await asyncio.to_thread(self._started.wait)

    def release(self) -> None:
        self._released.set()


async def write_as_group(connection: SqliteConnection, *changes: Change) -> list[object]:
    blocking = BlockingWrite()
    first = asyncio.ensure_future(connection.write(blocking))
    await blocking.started()
    others = [asyncio.ensure_future(connection.write(change)) for change in changes]
    await asyncio.sleep(0)
    blocking.release()
    await first
    return await asyncio.gather(*others, return_exceptions=True)


async def test_every_reader_sees_a_write_that_has_returned(connection: SqliteConnection) -> None:
    assert await connection.write(insert("one")) == "one"
    assert connection.query(all_words) == ["one"]
    assert await connection.query_in_thread(all_words) == ["one"]


async def test_writes_of_one_group_share_one_commit(connection: SqliteConnection, path: Path) -> None:
    def commits(given: sqlite3.Connection) -> object:
        statements: list[str] = []
        given.set_trace_callback(statements.append)
        return statements

    traced, *_ = await write_as_group(connection, commits, *[insert(str(number)) for number in range(20)])
    assert isinstance(traced, list)
    assert traced.count("COMMIT") == 1
    assert len(connection.query(all_words)) == 20


async def test_writes_run_in_the_order_of_their_calls(connection: SqliteConnection) -> None:
    words = [str(number) for number in range(GROUP_LIMIT * 2 + 10)]
    await write_as_group(connection, *[insert(word) for word in words])
    assert connection.query(all_words) == words


async def test_only_the_failing_write_of_a_group_is_rolled_back(connection: SqliteConnection) -> None:
    results = await write_as_group(connection, insert("one"), insert("two", "one"), insert("three"))
    assert results[0] == "one"
    assert isinstance(results[1], sqlite3.IntegrityError)
    assert results[2] == "three"
    assert connection.query(all_words) == ["one", "three"]


async def test_an_exception_of_a_change_reaches_its_caller(connection: SqliteConnection) -> None:
    def fail(given: sqlite3.Connection) -> None:
        insert("half")(given)
        raise LookupError("no such thing")

    with pytest.raises(LookupError, match="no such thing"):
        await connection.write(fail)
    await connection.write(insert("next"))
    assert connection.query(all_words) == ["next"]


async def test_a_write_sees_the_earlier_writes_of_its_group(connection: SqliteConnection) -> None:
    _, seen = await write_as_group(connection, insert("one"), all_words)
    assert seen == ["one"]


async def test_a_cancelled_caller_does_not_affect_other_writes(connection: SqliteConnection) -> None:
    blocking = BlockingWrite()
    first = asyncio.ensure_future(connection.write(blocking))
    await blocking.started()
    cancelled, other = (asyncio.ensure_future(connection.write(insert(word))) for word in ("cancelled", "other"))
    await asyncio.sleep(0)
    cancelled.cancel()
    blocking.release()
    await first
    assert await other == "other"
    assert cancelled.cancelled()
    assert "other" in connection.query(all_words)


async def test_readers_do_not_wait_for_the_writer(connection: SqliteConnection) -> None:
    await connection.write(insert("before"))
    wrote, may_commit = threading.Event(), threading.Event()

    def write_slowly(given: sqlite3.Connection) -> None:
        insert("during")(given)
        wrote.set()
        may_commit.wait()

    writing = asyncio.ensure_future(connection.write(write_slowly))
    await asyncio.to_thread(wrote.wait)
    assert connection.query(all_words) == ["before"]
    assert await connection.query_in_thread(all_words) == ["before"]
    may_commit.set()
    await writing
    assert connection.query(all_words) == ["before", "during"]


async def test_a_reader_cannot_write(connection: SqliteConnection) -> None:
    with pytest.raises(StorageUnavailable, match="read-only"):
        connection.query(insert("never"))
    with pytest.raises(StorageUnavailable, match="read-only"):
        await connection.query_in_thread(insert("never"))


async def test_close_finishes_the_pending_writes(path: Path) -> None:
    connection = SqliteConnection(path)
    blocking = BlockingWrite()
    pending: list[asyncio.Future[object]] = [asyncio.ensure_future(connection.write(blocking))]
    await blocking.started()
    pending += [asyncio.ensure_future(connection.write(insert(str(number)))) for number in range(GROUP_LIMIT + 5)]
    await asyncio.sleep(0)
    closing = asyncio.create_task(asyncio.to_thread(connection.close))
    blocking.release()
    await closing
    await asyncio.gather(*pending)
    with sqlite3.connect(path) as after:
        assert len(all_words(after)) == GROUP_LIMIT + 5


WRITE_UNTIL_KILLED = """
import asyncio, os, sys
from pathlib import Path
from runtime.base.errors import StorageUnavailable
from runtime.database.sqlite_connection import SqliteConnection

async def main():
    connection = SqliteConnection(Path(sys.argv[1]))
    async def add(number):
        await connection.write(lambda given: given.execute("INSERT INTO words VALUES (?)", (str(number),)))
        os.write(1, b"%d\\n" % number)
    for first in range(0, 100000, 10):
        await asyncio.gather(*[add(number) for number in range(first, first + 10)])

asyncio.run(main())
"""


@pytest.mark.processes
def test_writes_that_have_returned_survive_a_kill(path: Path) -> None:
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITE_UNTIL_KILLED, str(path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    returned = [next(writer.stdout).strip() for _ in range(100)]
    writer.kill()
    returned += writer.stdout.read().split("\n")[:-1]
    writer.wait()
    with sqlite3.connect(path) as after:
        assert set(returned) <= set(all_words(after))
        assert after.execute("PRAGMA integrity_check").fetchone() == ("ok",)


ENDLESS = "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers) SELECT count(*) FROM numbers"


async def test_a_cancelled_query_in_a_thread_frees_its_reader(connection: SqliteConnection) -> None:
    """Otherwise a few abandoned queries would occupy all readers."""
    started = threading.Semaphore(0)

    def read(reader: sqlite3.Connection) -> object:
        started.release()
        return reader.execute(ENDLESS).fetchall()

    for _ in range(2 * READERS):
        query = asyncio.create_task(connection.query_in_thread(read))
        await asyncio.to_thread(started.acquire)
        query.cancel()
        await asyncio.gather(query, return_exceptions=True)
    await connection.write(insert("a"))
    assert await asyncio.gather(*(connection.query_in_thread(all_words) for _ in range(READERS))) == [["a"]] * READERS
