"""One SQLite file: a single writer thread that commits in groups, and readers that never wait for it.

`query` runs a short query on the calling thread: with WAL a reader sees the last commit and blocks nobody. Long queries
go through `query_in_thread`. A write returns after its commit, so a write that has returned survives a `kill -9`.

On a full disk, the writes of a group are tried one by one, because a big one must not fail the small ones beside it.
Writes that must succeed, such as deletions, then get the space of the reserve. Afterwards the space of deleted records
is returned to the disk.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from runtime.base.storage_errors import directory_lost, unavailable_because
from runtime.database.row_changes import RowChange, RowChanges
from runtime.database.space_reserve import ROOM_BYTES, SpaceReserve
from runtime.database.sqlite_errors import lacks_space, translated

log = logging.getLogger("greenroom.database")

T = TypeVar("T")
Change = Callable[[sqlite3.Connection], object]
Write = tuple[Change, asyncio.Future[Any], bool]
"""The change, the future of its caller, and whether it may use the reserve on a full disk."""
Outcome = tuple[object, BaseException | None]
"""What a change returned, or the exception that it raised."""

GROUP_LIMIT = 256
"""The most writes in one commit. Without a limit, the first one would have to wait until no new writes arrive."""
LOCK_TIMEOUT_SECS = 30
"""So long a write waits for another process that has locked the database."""
READERS = 4
INTERRUPT_SECS = 0.05
WRITER_CACHE_KIB = 16_384
"""Big, because the ids of requests are random, so writes to a long queue access its whole index."""
PAGE_BYTES = 4096
PLENTY_BYTES = 256 * 1024 * 1024
"""With more free space than this, no single commit can fill the disk."""
MOST_UNCHECKED_COMMITS = 64
"""With much more free space, it is checked only after several commits, because a check takes time."""
SHRINK_PAGES = 50
"""So many pages are returned to the disk in one step. Moving them must fit into the reserve."""
SHRINK_STEPS = 400
"""The most steps after one write, because other writes wait."""


class SqliteConnection:
    """The open database file. All callers of `write` share one event loop.

    `changes` reports the rows that writes have changed. `commits` counts the commits: what was read after a commit is
    valid until the next one. `writer` is an open connection for the writes, because opening another one takes a
    millisecond. All methods raise StorageUnavailable and StorageDamaged.
    """

    def __init__(
        self, path: Path, reserve: SpaceReserve | None = None, writer: sqlite3.Connection | None = None
    ) -> None:
        self.changes = RowChanges()
        self._path = path
        self._file = str(path)  # checked for each commit, and a Path takes longer
        self._identity = _identity(self._file)
        self._folder = str(path.parent)
        self._reserve = reserve or SpaceReserve(path.with_name("reserve"))
        self._local = threading.local()
        self._opened: list[sqlite3.Connection] = []
        self._opening = threading.Lock()
        self._pending: list[Write] = []
        self.commits = 0
        self._must_shrink = False
        self._unchecked_commits = 0
        self._queue: queue.SimpleQueue[list[Write] | None] = queue.SimpleQueue()
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="database-reader")
        self._writer = threading.Thread(target=self._write_all, args=[writer], name="database-writer", daemon=True)
        self._writer.start()

    def query(self, read: Callable[[sqlite3.Connection], T]) -> T:
        """Run a short query on this thread."""
        try:
            return read(self._reader())
        except sqlite3.Error as error:
            if (problem := translated(error, self._path)) is error:
                raise
            raise problem from error

    async def query_in_thread(self, read: Callable[[sqlite3.Connection], T]) -> T:
        """Run a long query without blocking the event loop. If the caller is cancelled, the query ends soon."""
        interruption = _Interruption()
        query = partial(self.query, partial(interruption.run, read))
        try:
            return await asyncio.get_running_loop().run_in_executor(self._readers, query)
        except asyncio.CancelledError:
            interruption.interrupt()
            raise

    async def write(self, change: Callable[[sqlite3.Connection], T], *, may_use_reserve: bool = False) -> T:
        """Run `change` in a transaction of its own; return after the commit. If it raises, it is rolled back.

        On a full disk it is rolled back and repeated, so it may run more than once. With `may_use_reserve` it gets the
        space of the reserve there: only for changes that add little. Cancelling the caller does not cancel the write.
        The caller then does not know whether the write happened.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        if not self._pending:
            loop.call_soon(self._send_to_writer)
        self._pending.append((change, future, may_use_reserve))
        return await future

    async def return_space(self) -> None:
        """Return the space of deleted records to a full disk, so that files can use it."""
        self._must_shrink = True
        await self.write(lambda _: None)

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
            reader = self._configured(self._connect())
            reader.execute("PRAGMA query_only = 1")
            self._local.connection = reader
        return reader

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(
            f"{self._path.absolute().as_uri()}?mode=rw",  # never creates a file
            uri=True,
            isolation_level=None,
            check_same_thread=False,
        )

    def _configured(self, connection: sqlite3.Connection) -> sqlite3.Connection:
        with self._opening:
            self._opened.append(connection)
        connection.execute(f"PRAGMA busy_timeout = {LOCK_TIMEOUT_SECS * 1000}")
        connection.execute("PRAGMA synchronous = NORMAL")
        return connection

    def _write_all(self, opened: sqlite3.Connection | None) -> None:
        connection = self._configured(opened or self._connect())
        connection.execute(f"PRAGMA cache_size = -{WRITER_CACHE_KIB}")
        # Some builds of SQLite overwrite everything that is deleted, which needs as much space as the deleted content.
        connection.execute("PRAGMA secure_delete = FAST")
        while (first := self._queue.get()) is not None:
            group, is_last = self._group(first)
            outcomes = self._store(connection, group)
            # One call for the whole group, because waking the event loop can cost more than a change.
            loop = first[0][1].get_loop()
            if not loop.is_closed():
                loop.call_soon_threadsafe(self._resolve_futures, group, outcomes, self.changes.take())
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

    def _store(self, connection: sqlite3.Connection, group: list[Write]) -> list[Outcome]:
        """Commit a group of changes together, or one by one if the disk is full; return the outcome of each."""
        if self._must_shrink:
            self._must_shrink = False
            self._reserve.release()
            self._shrink_and_reserve(connection)
        outcomes = self._commit(connection, group)
        if not any(lacks_space(error) for _, error in outcomes):
            return outcomes
        return [self._store_alone(connection, write) for write in group]

    def _store_alone(self, connection: sqlite3.Connection, write: Write) -> Outcome:
        """Commit one change on a full disk: with the reserve if it may use it, else in the space that is returned."""
        [outcome] = self._commit(connection, [write])
        may_use_reserve = write[2]
        if not lacks_space(outcome[1]) or not (may_use_reserve or self._can_shrink(connection)):
            return outcome
        if not self._reserve.release():
            return outcome
        if may_use_reserve:
            [outcome] = self._commit(connection, [write])
        self._shrink_and_reserve(connection)
        if not may_use_reserve:
            [outcome] = self._commit(connection, [write])
        return outcome

    def _can_shrink(self, connection: sqlite3.Connection) -> bool:
        """Whether the database, or SQLite's log, has space to return."""
        wal = self._path.with_name(f"{self._path.name}-wal")
        return _free_pages(connection) > 0 or (wal.exists() and wal.stat().st_size > ROOM_BYTES)

    def _shrink_and_reserve(self, connection: sqlite3.Connection) -> None:
        """Make the file smaller, which needs the released reserve, and then reserve the space again."""
        _shrink(connection)
        self._reserve.fill()

    def _commit(self, connection: sqlite3.Connection, group: list[Write]) -> list[Outcome]:
        """Run a group of changes in one transaction; return the outcome of each."""
        try:
            self.changes.prepare(connection)
            connection.execute("BEGIN IMMEDIATE")
            self._check_place()
            outcomes = self._run_all(connection, group)
            is_low = self._is_low_on_space(connection, group)
            connection.execute("COMMIT")
            self.commits += 1
            self.changes.commit()
            if is_low:
                _checkpoint(connection)
        except BaseException as error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            self.changes.forget_after()
            return [(None, translated(error, self._path))] * len(group)
        return outcomes

    def _check_place(self) -> None:
        """Raise StorageUnavailable if the file is no longer at its path. Writes to a deleted file would be lost."""
        if _identity(self._file) != self._identity:
            raise directory_lost() from FileNotFoundError(errno.ENOENT, "moved or replaced", self._file)

    def _is_low_on_space(self, connection: sqlite3.Connection, group: list[Write]) -> bool:
        """Whether the next commits may fill the disk. Raises StorageUnavailable if the commit of this group would.

        After a commit, there must be space to move the content of SQLite's log into the database. Otherwise the log
        cannot be made smaller any more, and not even deletions are possible.
        """
        if self._unchecked_commits:
            self._unchecked_commits -= 1
            return False
        disk = os.statvfs(self._folder)
        free = disk.f_bavail * disk.f_frsize
        if free > PLENTY_BYTES:
            self._unchecked_commits = min(free // PLENTY_BYTES, MOST_UNCHECKED_COMMITS) - 1
            return False
        [pages] = connection.execute("PRAGMA page_count").fetchone()
        growth = int(pages) * PAGE_BYTES - self._path.stat().st_size
        may_use_reserve = all(write[2] for write in group)
        if not may_use_reserve and free < 2 * growth + 2 * ROOM_BYTES:
            raise unavailable_because(errno.ENOSPC)
        return True

    def _run_all(self, connection: sqlite3.Connection, group: list[Write]) -> list[Outcome]:
        """Run each change with a savepoint. A single change needs none, because it fails with the transaction."""
        if len(group) == 1:
            return [(group[0][0](connection), None)]
        return [self._run(connection, change) for change, *_ in group]

    def _run(self, connection: sqlite3.Connection, change: Change) -> Outcome:
        """Run one change inside the group's transaction. If it fails, only this change is rolled back."""
        mark = self.changes.mark()
        connection.execute("SAVEPOINT change")
        try:
            result = change(connection)
        except Exception as error:
            if not connection.in_transaction or lacks_space(translated(error, self._path)):
                raise  # SQLite may have rolled back everything
            connection.execute("ROLLBACK TO change")
            connection.execute("RELEASE change")
            self.changes.forget_after(mark)
            return None, error
        connection.execute("RELEASE change")
        return result, None

    def _resolve_futures(self, group: list[Write], outcomes: list[Outcome], changes: list[RowChange]) -> None:
        """Report the changed rows, and pass the outcome of each change to its caller, if that is still waiting."""
        if changes:
            self.changes.report(changes)
        for (_, future, _), (result, error) in zip(group, outcomes, strict=True):
            if future.done():
                continue
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)


class _Interruption:
    """Interrupts one query in another thread, and none that uses the same connection later."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._is_interrupted = False

    def run(self, read: Callable[[sqlite3.Connection], T], connection: sqlite3.Connection) -> T:
        with self._lock:
            if self._is_interrupted:
                raise asyncio.CancelledError
            self._connection = connection
        try:
            return read(connection)
        finally:
            with self._lock:
                self._connection = None

    def interrupt(self) -> None:
        """Interrupt the query until it has ended: this has no effect before a statement and between two of them.

        A thread repeats it, because the event loop may end before the query.
        """
        with self._lock:
            self._is_interrupted = True
            if self._connection is None:
                return
            self._connection.interrupt()
        again = threading.Timer(INTERRUPT_SECS, self.interrupt)
        again.daemon = True
        again.start()


def _identity(path: str) -> tuple[int, int] | None:
    """Return what identifies the file at a path, or None if there is no file."""
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _checkpoint(connection: sqlite3.Connection) -> None:
    """Move the content of SQLite's log into the database, so that it needs no space for that later."""
    with suppress(sqlite3.Error):  # the next commit tries again
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()


def _shrink(connection: sqlite3.Connection) -> None:
    """Return the space of deleted records and of SQLite's log to the disk, as far as possible in a short time."""
    try:
        free_pages = _free_pages(connection)
        for _ in range(SHRINK_STEPS):
            # A script, because `execute` would stop after the first page.
            connection.executescript(f"PRAGMA incremental_vacuum({SHRINK_PAGES})")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            before, free_pages = free_pages, _free_pages(connection)
            if free_pages in (0, before):
                return
    except sqlite3.Error as error:  # the disk is still full; the next write tries again
        log.info("The database could not be made smaller: %s", error)


def _free_pages(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA freelist_count").fetchone()[0])
