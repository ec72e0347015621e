"""One SQLite file: a single writer thread with group commit, and readers that never wait for it.

`query` runs a short query on the calling thread: with WAL a reader sees the last commit and blocks nobody. Long queries
go through `query_in_thread`. The future of a write resolves after the commit: an acknowledged write survives a kill -9.
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
"""What a change returned, or what it raised."""

GROUP_LIMIT = 256
"""With this many writes a commit waits for no more, so that the first does not wait for an endless queue."""
READERS = 4
WRITER_CACHE_KIB = 16_384
"""Ids of requests are random, so that writes to a long queue touch its whole index."""


class Connection:
    """The open database file. All writers share one event loop."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._local = threading.local()
        self._opened: list[sqlite3.Connection] = []
        self._opening = threading.Lock()
        self._asked: list[Write] = []
        self._queue: queue.SimpleQueue[list[Write] | None] = queue.SimpleQueue()
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="store-reader")
        self._writer = threading.Thread(target=self._write_all, name="store-writer", daemon=True)
        self._writer.start()

    def query(self, question: Callable[[sqlite3.Connection], T]) -> T:
        """Answer a short question at once, on this thread."""
        return question(self._reader())

    async def query_in_thread(self, question: Callable[[sqlite3.Connection], T]) -> T:
        """Answer a long question without holding up the event loop."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, self.query, question)

    async def write(self, change: Callable[[sqlite3.Connection], T]) -> T:
        """Run `change` in a transaction of its own; return when it is committed. It is undone whole if it raises.

        A cancelled caller does not undo it: whether it was carried out is then unknown, as after a broken connection.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        if not self._asked:
            loop.call_soon(self._hand_over)
        self._asked.append((change, future))
        return await future

    def close(self) -> None:
        """Finish the writes that were asked for, then close every connection."""
        self._hand_over()
        self._queue.put(None)
        self._writer.join()
        self._readers.shutdown()
        with self._opening:
            for opened in self._opened:
                opened.close()

    def _hand_over(self) -> None:
        """Give the writer at once what was asked for in one turn of the event loop: each waking costs both threads."""
        if self._asked:
            self._queue.put(self._asked)
            self._asked = []

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
            # Told at once: waking the event loop costs more than many a change. One that is closed waits for nothing.
            loop = first[0][1].get_loop()
            if not loop.is_closed():
                loop.call_soon_threadsafe(_resolve_futures, group, outcomes)
            if is_last:
                return

    def _group(self, first: list[Write]) -> tuple[list[Write], bool]:
        group = first
        while len(group) < GROUP_LIMIT and not self._queue.empty():
            following = self._queue.get()
            if following is None:
                return group, True
            group += following
        return group, False


def _commit(connection: sqlite3.Connection, group: list[Write]) -> list[Outcome]:
    """Carry out a group of changes in one transaction; how each of them ended."""
    try:
        connection.execute("BEGIN IMMEDIATE")
        outcomes = _carry_out_all(connection, group)
        connection.execute("COMMIT")
    except BaseException as problem:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        return [(None, problem)] * len(group)
    return outcomes


def _carry_out_all(connection: sqlite3.Connection, group: list[Write]) -> list[Outcome]:
    """One that is alone needs no savepoint: it fails with the transaction."""
    if len(group) == 1:
        return [(group[0][0](connection), None)]
    return [_carry_out(connection, change) for change, _ in group]


def _carry_out(connection: sqlite3.Connection, change: Change) -> Outcome:
    """Run one change inside the group's transaction; one that fails is undone alone."""
    connection.execute("SAVEPOINT change")
    try:
        result = change(connection)
    except Exception as problem:
        connection.execute("ROLLBACK TO change")
        connection.execute("RELEASE change")
        return None, problem
    connection.execute("RELEASE change")
    return result, None


def _resolve_futures(group: list[Write], outcomes: list[Outcome]) -> None:
    """Give every caller that still waits the result of its change, or what it raised."""
    for (_, future), (result, problem) in zip(group, outcomes, strict=True):
        if future.done():
            continue
        if problem is None:
            future.set_result(result)
        else:
            future.set_exception(problem)
