"""One SQLite file: a single writer thread that commits in groups, and readers that never wait for it.

`query` runs a short query on the calling thread: with WAL a reader sees the last commit and blocks nobody. Long queries
go through `query_in_thread`. A write returns after its commit, so a write that has returned survives a `kill -9`.
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")
Change = Callable[[sqlite3.Connection], object]
Write = tuple[Change, asyncio.Future[Any]]
Outcome = tuple[object, BaseException | None]
"""What a change returned, or the exception that it raised."""

GROUP_LIMIT = 256
"""The most writes in one commit. Without a limit, the first one would have to wait until no new writes arrive."""
READERS = 4
WRITER_CACHE_KIB = 16_384
"""Big, because the ids of requests are random, so writes to a long queue access its whole index."""


class SqliteConnection:
    """The open database file. All callers of `write` share one event loop."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._local = threading.local()
        self._opened: list[sqlite3.Connection] = []
        self._opening = threading.Lock()
        self._pending: list[Write] = []
        self._queue: queue.SimpleQueue[list[Write] | None] = queue.SimpleQueue()
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="database-reader")
        self._writer = threading.Thread(target=self._write_all, name="database-writer", daemon=True)
        self._writer.start()

    def query(self, read: Callable[[sqlite3.Connection], T]) -> T:
        """Run a short query on this thread."""
        return read(self._reader())

    async def query_in_thread(self, read: Callable[[sqlite3.Connection], T]) -> T:
        """Run a long query without blocking the event loop."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, self.query, read)

    async def write(self, change: Callable[[sqlite3.Connection], T]) -> T:
        """Run `change` in a transaction of its own; return after the commit. If it raises, it is rolled back.

        Cancelling the caller does not cancel the write. The caller then does not know whether the write happened.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        if not self._pending:
            loop.call_soon(self._send_to_writer)
        self._pending.append((change, future))
        return await future

    def close(self) -> None:
        """Finish the pending writes, then close every connection."""
        self._send_to_writer()
        self._queue.put(None)
        self._writer.join()
        self._readers.shutdown()
        with self._opening:
            for opened in self._opened:
                opened.close()

    def _send_to_writer(self) -> None:
        """Send all writes of one iteration of the event loop together, because each wake-up costs both threads time."""
        if self._pending:
            self._queue.put(self._pending)
            self._pending = []

    def _reader(self) -> sqlite3.Connection:
        reader: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if reader is None:
            reader = self._open()
            reader.execute("PRAGMA query_only = 1")
            self._local.connection = reader
        return reader

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False, timeout=30)
        connection.execute("PRAGMA synchronous = NORMAL")
        with self._opening:
            self._opened.append(connection)
        return connection

    def _write_all(self) -> None:
        connection = self._open()
        connection.execute(f"PRAGMA cache_size = -{WRITER_CACHE_KIB}")
        while (first := self._queue.get()) is not None:
            group, is_last = self._group(first)
            outcomes = _commit(connection, group)
            # One call for the whole group, because waking the event loop can cost more than a change.
            loop = first[0][1].get_loop()
            if not loop.is_closed():
                loop.call_soon_threadsafe(_resolve_futures, group, outcomes)
            if is_last:
                return

    def _group(self, first: list[Write]) -> tuple[list[Write], bool]:
        """Add the writes that are already queued; return the group, and whether it is the last one."""
        group = first
        while len(group) < GROUP_LIMIT and not self._queue.empty():
            following = self._queue.get()
            if following is None:
                return group, True
            group += following
        return group, False


def _commit(connection: sqlite3.Connection, group: list[Write]) -> list[Outcome]:
    """Run a group of changes in one transaction; return the outcome of each."""
    try:
        connection.execute("BEGIN IMMEDIATE")
        outcomes = _run_all(connection, group)
        connection.execute("COMMIT")
    except BaseException as error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        return [(None, error)] * len(group)
    return outcomes


def _run_all(connection: sqlite3.Connection, group: list[Write]) -> list[Outcome]:
    """Run each change with a savepoint. A single change needs none, because it fails together with the transaction."""
    if len(group) == 1:
        return [(group[0][0](connection), None)]
    return [_run(connection, change) for change, _ in group]


def _run(connection: sqlite3.Connection, change: Change) -> Outcome:
    """Run one change inside the group's transaction. If it fails, only this change is rolled back."""
    connection.execute("SAVEPOINT change")
    try:
        result = change(connection)
    except Exception as error:
        connection.execute("ROLLBACK TO change")
        connection.execute("RELEASE change")
        return None, error
    connection.execute("RELEASE change")
    return result, None


def _resolve_futures(group: list[Write], outcomes: list[Outcome]) -> None:
    """Pass the outcome of each change to its caller, if that is still waiting."""
    for (_, future), (result, error) in zip(group, outcomes, strict=True):
        if future.done():
            continue
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)
