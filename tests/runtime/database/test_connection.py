from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from runtime.database.connection import GROUP_LIMIT, Connection

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
def connection(path: Path) -> Iterator[Connection]:
    connection = Connection(path)
    yield connection
    connection.close()


def adding(*words: str) -> Change:
    def change(connection: sqlite3.Connection) -> str:
        for word in words:
            connection.execute("INSERT INTO words VALUES (?)", (word,))
        return words[-1]

    return change


def all_words(connection: sqlite3.Connection) -> list[str]:
    return [row[0] for row in connection.execute("SELECT word FROM words ORDER BY rowid")]


class Hold:
    """A write that keeps the writer busy until it is let go: what is asked for meanwhile is joined in one group."""

    def __init__(self) -> None:
        self._began, self._go_on = threading.Event(), threading.Event()

    def __call__(self, connection: sqlite3.Connection) -> None:
        self._began.set()
        self._go_on.wait()

    async def begun(self) -> None:
        await asyncio.to_thread(self._began.wait)

    def release(self) -> None:
        self._go_on.set()


async def written(connection: Connection, *changes: Change) -> list[object]:
    """Write all as one group."""
    hold = Hold()
    first = asyncio.ensure_future(connection.write(hold))
    await hold.begun()
    others = [asyncio.ensure_future(connection.write(change)) for change in changes]
    await asyncio.sleep(0)
    hold.release()
    await first
    return await asyncio.gather(*others, return_exceptions=True)


async def test_a_write_that_returned_is_seen_by_every_reader(connection: Connection) -> None:
    assert await connection.write(adding("one")) == "one"
    assert connection.query(all_words) == ["one"]
    assert await connection.query_in_thread(all_words) == ["one"]


async def test_writes_of_one_group_share_one_commit(connection: Connection, path: Path) -> None:
    def commits(given: sqlite3.Connection) -> object:
        statements: list[str] = []
        given.set_trace_callback(statements.append)
        return statements

    traced, *_ = await written(connection, commits, *[adding(str(number)) for number in range(20)])
    assert isinstance(traced, list)
    assert traced.count("COMMIT") == 1
    assert len(connection.query(all_words)) == 20


async def test_writes_are_carried_out_in_the_order_they_were_asked_for(connection: Connection) -> None:
    words = [str(number) for number in range(GROUP_LIMIT * 2 + 10)]
    await written(connection, *[adding(word) for word in words])
    assert connection.query(all_words) == words


async def test_a_write_that_fails_is_undone_whole_and_alone(connection: Connection) -> None:
    results = await written(connection, adding("one"), adding("two", "one"), adding("three"))
    assert results[0] == "one"
    assert isinstance(results[1], sqlite3.IntegrityError)
    assert results[2] == "three"
    assert connection.query(all_words) == ["one", "three"]


async def test_any_failure_of_a_change_is_its_callers_own(connection: Connection) -> None:
    def fail(given: sqlite3.Connection) -> None:
        adding("half")(given)
        raise LookupError("no such thing")

    with pytest.raises(LookupError, match="no such thing"):
        await connection.write(fail)
    await connection.write(adding("next"))
    assert connection.query(all_words) == ["next"]


async def test_a_write_sees_what_earlier_writes_of_its_group_did(connection: Connection) -> None:
    _, seen = await written(connection, adding("one"), all_words)
    assert seen == ["one"]


async def test_a_caller_that_was_cancelled_does_not_stop_the_others(connection: Connection) -> None:
    hold = Hold()
    first = asyncio.ensure_future(connection.write(hold))
    await hold.begun()
    leaving, staying = (asyncio.ensure_future(connection.write(adding(word))) for word in ("leaving", "staying"))
    await asyncio.sleep(0)
    leaving.cancel()
    hold.release()
    await first
    assert await staying == "staying"
    assert leaving.cancelled()
    assert "staying" in connection.query(all_words)


async def test_readers_do_not_wait_for_a_writer(connection: Connection) -> None:
    await connection.write(adding("before"))
    wrote, go_on = threading.Event(), threading.Event()

    def write_slowly(given: sqlite3.Connection) -> None:
        adding("during")(given)
        wrote.set()
        go_on.wait()

    writing = asyncio.ensure_future(connection.write(write_slowly))
    await asyncio.to_thread(wrote.wait)
    assert connection.query(all_words) == ["before"]
    assert await connection.query_in_thread(all_words) == ["before"]
    go_on.set()
    await writing
    assert connection.query(all_words) == ["before", "during"]


async def test_a_reader_cannot_write(connection: Connection) -> None:
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        connection.query(adding("never"))
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        await connection.query_in_thread(adding("never"))


async def test_closing_finishes_the_writes_that_were_asked_for(path: Path) -> None:
    connection = Connection(path)
    hold = Hold()
    pending: list[asyncio.Future[Any]] = [asyncio.ensure_future(connection.write(hold))]
    await hold.begun()
    pending += [asyncio.ensure_future(connection.write(adding(str(number)))) for number in range(GROUP_LIMIT + 5)]
    await asyncio.sleep(0)
    closing = asyncio.create_task(asyncio.to_thread(connection.close))
    hold.release()
    await closing
    await asyncio.gather(*pending)
    with sqlite3.connect(path) as after:
        assert len(all_words(after)) == GROUP_LIMIT + 5


KILLED_IN_THE_MIDDLE = """
import asyncio, os, sys
from pathlib import Path
from runtime.database.connection import Connection

async def main():
    connection = Connection(Path(sys.argv[1]))
    async def add(number):
        await connection.write(lambda given: given.execute("INSERT INTO words VALUES (?)", (str(number),)))
        os.write(1, b"%d\\n" % number)
    for first in range(0, 100000, 10):
        await asyncio.gather(*[add(number) for number in range(first, first + 10)])

asyncio.run(main())
"""


def test_what_a_caller_was_told_is_stored_survives_a_kill(path: Path) -> None:
    writer = subprocess.Popen(
        [sys.executable, "-c", KILLED_IN_THE_MIDDLE, str(path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    told = [next(writer.stdout).strip() for _ in range(100)]
    writer.kill()
    told += writer.stdout.read().split("\n")[:-1]
    writer.wait()
    with sqlite3.connect(path) as after:
        assert set(told) <= set(all_words(after))
        assert after.execute("PRAGMA integrity_check").fetchone() == ("ok",)
