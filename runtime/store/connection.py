"""One SQLite file: a single writer thread with group commit, and readers that never wait for it.

Reads are short look-ups made where they are asked for (WAL: a reader sees the last commit and blocks nobody); long ones
go through `read`, in threads of their own. A write's future resolves after its commit, so what a caller was told is
stored survives the death of the process.
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

GROUP_LIMIT = 256
"""Writes joined in one commit at most, so that the first of them does not wait for an endless queue."""
READERS = 4


class Connection:
    """The open database. `look` reads on the caller's thread, `read` in a thread, `write` in the writer's thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._local = threading.local()
        self._opened: list[sqlite3.Connection] = []
        self._opening = threading.Lock()
        self._queue: queue.SimpleQueue[tuple[Callable[[sqlite3.Connection], object], Future[object]] | None] = (
            queue.SimpleQueue()
        )
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="store-reader")
        self._writer = threading.Thread(target=self._write_all, name="store-writer", daemon=True)
        self._writer.start()

    def look(self, question: Callable[[sqlite3.Connection], T]) -> T:
        """Answer a short question at once, on this thread."""
        return question(self._reader())

    async def read(self, question: Callable[[sqlite3.Connection], T]) -> T:
        """Answer a long question without holding up the event loop."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, self.look, question)

    async def write(self, change: Callable[[sqlite3.Connection], T]) -> T:
        """Run `change` in a transaction of its own; return when it is committed. It is undone whole if it raises.

        A cancelled caller does not undo it: whether it was carried out is then unknown, as after a broken connection.
        """
        future: Future[T] = Future()
        self._queue.put((change, future))  # type: ignore[arg-type]
        return await asyncio.wrap_future(future)

    def close(self) -> None:
        """Finish the writes that were asked for, then close every connection."""
        self._queue.put(None)
        self._writer.join()
        self._readers.shutdown()
        with self._opening:
            for opened in self._opened:
                opened.close()

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
        while (first := self._queue.get()) is not None:
            group, is_last = self._group(first)
            self._commit(connection, group)
            if is_last:
                return

    def _group(
        self,
        first: tuple[Callable[[sqlite3.Connection], object], Future[object]],
    ) -> tuple[list[tuple[Callable[[sqlite3.Connection], object], Future[object]]], bool]:
        group = [first]
        while len(group) < GROUP_LIMIT and not self._queue.empty():
            following = self._queue.get()
            if following is None:
                return group, True
            group.append(following)
        return group, False

    def _commit(
        self,
        connection: sqlite3.Connection,
        group: list[tuple[Callable[[sqlite3.Connection], object], Future[object]]],
    ) -> None:
        settled: list[Callable[[], None]] = []
        try:
            connection.execute("BEGIN IMMEDIATE")
            for change, future in group:
                settled.append(_carry_out(connection, change, future))
            connection.execute("COMMIT")
        except BaseException as problem:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            for _, future in group:
                _fail(future, problem)
            return
        for settle in settled:
            settle()


def _carry_out(
    connection: sqlite3.Connection,
    change: Callable[[sqlite3.Connection], object],
    future: Future[object],
) -> Callable[[], None]:
    """Run one change inside the group's transaction; return what tells its caller once the group is committed."""
    connection.execute("SAVEPOINT change")
    try:
        result = change(connection)
    except Exception as problem:
        connection.execute("ROLLBACK TO change")
        connection.execute("RELEASE change")
        refused = problem
        return lambda: _fail(future, refused)
    connection.execute("RELEASE change")
    return lambda: _succeed(future, result)


def _succeed(future: Future[object], result: object) -> None:
    if future.set_running_or_notify_cancel():
        future.set_result(result)


def _fail(future: Future[object], problem: BaseException) -> None:
    if future.set_running_or_notify_cancel():
        future.set_exception(problem)
