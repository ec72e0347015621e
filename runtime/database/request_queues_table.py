"""Request queues: unhandled requests are ordered by their `position`, handled requests have no position.

A forefront request gets a position below the lowest one; any other request gets a position above the highest. A partial
index contains only the unhandled requests, in this order, so reading the head takes the same time at any length. A lock
is a time in the row: after that time, every query ignores it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

from runtime.base.clock import Millis
from runtime.base.records import ProcessedRequest, QueueClient, QueuedRequest, RequestPage, RequestQueue, RequestState
from runtime.database.sqlite_connection import SqliteConnection
from runtime.database.storage_table import StorageTable

T = TypeVar("T")

MAX_PAGE_BYTES = 8_388_608
"""A page ends after the request with which it reaches this size. Each request can have several megabytes."""
SELECT = "SELECT id, body, lock_expires_at, lock_by_client FROM requests"
UNHANDLED = "queue_id = ? AND position IS NOT NULL"
LOCK = "UPDATE requests SET lock_expires_at = ?, lock_by_client = ?, lock_by_run = ?"
UNLOCK = "lock_expires_at = NULL, lock_by_client = NULL, lock_by_run = NULL"
BEFORE_ALL = "(SELECT coalesce(min(position) - 1, 0) FROM requests WHERE queue_id = ?1 AND position IS NOT NULL)"
AFTER_ALL = "(SELECT coalesce(max(position) + 1, 0) FROM requests WHERE queue_id = ?1 AND position IS NOT NULL)"
"""The positions before the first and after the last request of the queue ?1."""
OWNED = """
    (lock_by_client = ? OR lock_by_run = ?
    OR (lock_by_client IS NULL AND lock_by_run IS NULL AND coalesce(?, ?) IS NULL))
"""
"""Whether a client owns a lock. Parameters: key, run, key, run.

All clients without a key and a run count as one client, because the platform does not define their locks.
"""


@dataclass(frozen=True, slots=True)
class NewRequest:
    id: str
    body: bytes
    is_handled: bool


@dataclass(frozen=True, slots=True)
class LockedRequests:
    """`bodies` are the locked requests as JSON. `queue` includes the effects of locking them."""

    queue: RequestQueue
    bodies: list[bytes]
    has_locked_requests: bool


class LockNotHeld(Exception):
    """The request is handled, not locked, or locked by another client."""


class RequestQueuesTable(StorageTable[RequestQueue]):
    def __init__(self, connection: SqliteConnection) -> None:
        super().__init__(
            connection, "request_queues", RequestQueue, content_table="requests", content_reference="queue_id"
        )

    async def add_requests(
        self, queue_id: str, requests: Sequence[NewRequest], *, forefront: bool, now: Millis
    ) -> list[ProcessedRequest]:
        """Add the requests that are new, in order. Existing requests do not change. Raises StorageGone."""

        def change(connection: sqlite3.Connection) -> list[ProcessedRequest]:
            outcomes = [_insert(connection, queue_id, request, forefront)[0] for request in requests]
            new = [request for request, known in zip(requests, outcomes, strict=True) if not known.was_present]
            handled, stored = sum(request.is_handled for request in new), sum(len(request.body) for request in new)
            self._count(connection, queue_id, now, writes=len(requests), total=len(new), handled=handled, stored=stored)
            return outcomes

        return await self._write(change)

    async def update_request(
        self, queue_id: str, request: NewRequest, *, forefront: bool, now: Millis
    ) -> ProcessedRequest:
        """Replace a request, or add it. It loses its lock and moves to the end or the front of the queue."""

        def change(connection: sqlite3.Connection) -> ProcessedRequest:
            known, bytes_before = _insert(connection, queue_id, request, forefront)
            if known.was_present:
                position = _position(request, forefront)
                query = (
                    f"UPDATE requests SET body = ?3, position = {position}, {UNLOCK} WHERE queue_id = ?1 AND id = ?2"
                )
                connection.execute(query, (queue_id, request.id, request.body))
            handled, stored = int(request.is_handled) - int(known.was_handled), len(request.body) - bytes_before
            total = int(not known.was_present)
            self._count(connection, queue_id, now, writes=1, total=total, handled=handled, stored=stored)
            return known

        return await self._write(change)

    async def delete_requests(self, queue_id: str, ids: Sequence[str], *, now: Millis) -> list[str]:
        """Delete requests; return the ids of those that existed. Raises StorageGone."""

        def change(connection: sqlite3.Connection) -> list[str]:
            query = "DELETE FROM requests WHERE queue_id = ? AND id = ? RETURNING position, length(body)"
            rows = {id: connection.execute(query, (queue_id, id)).fetchone() for id in dict.fromkeys(ids)}
            deleted = {id: row for id, row in rows.items() if row is not None}
            handled, stored = sum(row[0] is None for row in deleted.values()), sum(row[1] for row in deleted.values())
            removed = {"total": -len(deleted), "handled": -handled, "stored": -stored}
            self._count(connection, queue_id, now, writes=len(ids), deletes=len(deleted), **removed)
            return list(deleted)

        return await self._write(change, may_use_reserve=True)

    def get_request(self, queue_id: str, id: str, *, now: Millis) -> QueuedRequest | None:
        query = f"{SELECT} WHERE queue_id = ? AND id = ?"
        row = self._connection.query(lambda connection: connection.execute(query, (queue_id, id)).fetchone())
        return None if row is None else _request(row, now)

    def head(self, queue_id: str, *, limit: int) -> list[bytes]:
        """The first unhandled requests, locked or not, as JSON: at most about MAX_PAGE_BYTES, but at least one."""
        query = f"SELECT body FROM requests WHERE {UNHANDLED} ORDER BY position LIMIT ?"

        def read(connection: sqlite3.Connection) -> list[bytes]:
            with closing(connection.execute(query, (queue_id, limit))) as rows:
                return list(_within_page((body for (body,) in rows), len))

        return self._connection.query(read)

    async def pending_ids(self, queue_id: str) -> list[str]:
        """The ids of all unhandled requests, in order."""
        query = f"SELECT id FROM requests WHERE {UNHANDLED} ORDER BY position"
        rows = await self._connection.query_in_thread(
            lambda connection: connection.execute(query, (queue_id,)).fetchall()
        )
        return [id for (id,) in rows]

    async def list_requests(
        self, queue_id: str, *, after: str | None, states: Iterable[RequestState], limit: int, now: Millis
    ) -> RequestPage:
        """Requests in the order of their ids. `after` is excluded; without `states` it lists requests of any state."""
        conditions = {
            RequestState.LOCKED: "lock_expires_at > ?2",
            RequestState.PENDING: "(position IS NOT NULL AND coalesce(lock_expires_at, 0) <= ?2)",
        }
        wanted = " OR ".join(conditions[state] for state in sorted(set(states))) or "1"
        query = f"{SELECT} WHERE queue_id = ?1 AND id > ?3 AND ({wanted}) ORDER BY id LIMIT ?4"
        values = (queue_id, now, after or "", limit + 1)

        def read(connection: sqlite3.Connection) -> RequestPage:
            with closing(connection.execute(query, values)) as rows:
                requests = (_request(row, now) for row in islice(rows, limit))
                return RequestPage(
                    list(_within_page(requests, lambda request: len(request.body))), next(rows, None) is not None
                )

        return await self._connection.query_in_thread(read)

    async def lock_head(
        self, queue_id: str, client: QueueClient, *, limit: int, until: Millis, now: Millis
    ) -> LockedRequests:
        """Lock the first requests that are not locked: at most about MAX_PAGE_BYTES. Raises StorageGone."""

        def change(connection: sqlite3.Connection) -> LockedRequests:
            free = f"{UNHANDLED} AND (lock_expires_at IS NULL OR lock_expires_at <= ?)"
            query = f"SELECT rowid, length(body) FROM requests WHERE {free} ORDER BY position LIMIT ?"
            sizes = connection.execute(query, (queue_id, now, limit)).fetchall()
            first = [rowid for rowid, _ in _within_page(sizes, lambda row: row[1])]
            query = f"{LOCK} WHERE rowid IN ({', '.join('?' * len(first))}) RETURNING position, body"
            rows = sorted(connection.execute(query, (until, client.key, client.run_id, *first)))
            self._count(connection, queue_id, now, writes=len(rows))
            queue = self._find_within(connection, "id = ?", queue_id)
            assert queue is not None
            return LockedRequests(queue, [body for _, body in rows], _has_locked(connection, queue_id, now))

        return await self._write(change)

    async def prolong_lock(
        self, queue_id: str, id: str, client: QueueClient, *, until: Millis, forefront: bool, now: Millis
    ) -> bool:
        """Change when a lock expires; return False if there is no such request. Raises LockNotHeld, StorageGone.

        The request also moves to the end or the front of the queue, and is available there when the lock expires.
        """

        def change(connection: sqlite3.Connection) -> bool:
            if not _holds(connection, queue_id, id, client, now):
                return False
            _move(connection, queue_id, id, forefront)
            query = f"{LOCK} WHERE queue_id = ? AND id = ?"
            connection.execute(query, (until, client.key, client.run_id, queue_id, id))
            self._count(connection, queue_id, now, writes=1)
            return True

        return await self._write(change)

    async def release_lock(self, queue_id: str, id: str, client: QueueClient, *, forefront: bool, now: Millis) -> bool:
        """Release a lock; return False if there is no such request. Raises LockNotHeld, StorageGone."""

        def change(connection: sqlite3.Connection) -> bool:
            if not _holds(connection, queue_id, id, client, now):
                return False
            _move(connection, queue_id, id, forefront)
            connection.execute(f"UPDATE requests SET {UNLOCK} WHERE queue_id = ? AND id = ?", (queue_id, id))
            self._count(connection, queue_id, now, writes=1)
            return True

        return await self._write(change)

    async def unlock_requests(self, queue_id: str, client: QueueClient, *, now: Millis) -> int:
        """Release every lock of a client and its run; return their number. The requests do not move."""

        def change(connection: sqlite3.Connection) -> int:
            query = f"UPDATE requests SET {UNLOCK} WHERE queue_id = ? AND lock_expires_at > ? AND {OWNED}"
            count = connection.execute(query, (queue_id, now, *_owner(client))).rowcount
            self._count(connection, queue_id, now, writes=count)
            return count

        return await self._write(change, may_use_reserve=True)

    async def unlock_requests_of_run(self, user_id: str, run_id: str, *, now: Millis) -> None:
        """Release every lock of a run in all queues of its user. The requests do not move, and nothing is counted."""
        query = (
            f"UPDATE requests SET {UNLOCK} WHERE queue_id IN (SELECT id FROM request_queues WHERE user_id = ?) "
            "AND lock_expires_at > ? AND lock_by_run = ?"
        )
        await self._write(
            lambda connection: connection.execute(query, (user_id, now, run_id)),
            may_use_reserve=True,  # the run cannot continue without it
        )

    def is_new_client(self, queue: RequestQueue, client: QueueClient) -> bool:
        """Whether `record_client` would change anything. If not, the caller can skip that write."""
        is_known = client.key is not None and client.key == queue.first_client
        return not (is_known or queue.had_multiple_clients)

    async def record_client(self, queue_id: str, client: QueueClient) -> None:
        """Set `had_multiple_clients` for the second client, or for the second call without a key."""

        def change(connection: sqlite3.Connection) -> None:
            connection.execute(
                "UPDATE request_queues SET first_client = coalesce(first_client, ?1), had_multiple_clients = "
                "had_multiple_clients OR (first_client IS NOT NULL AND (?1 = '' OR first_client <> ?1)) WHERE id = ?2",
                (client.key or "", queue_id),
            )

        await self._write_and_clear_cache(change, may_use_reserve=True)  # reads of the queue depend on it

    def _count(
        self,
        connection: sqlite3.Connection,
        queue_id: str,
        now: Millis,
        *,
        writes: int,
        deletes: int = 0,
        total: int = 0,
        handled: int = 0,
        stored: int = 0,
    ) -> None:
        """Add to the queue's counters: operations, requests, and bytes of stored requests."""
        self._add_counts(
            connection,
            queue_id,
            now,
            write_count=writes,
            delete_count=deletes,
            total_request_count=total,
            handled_request_count=handled,
            stored_bytes=stored,
        )


def _request(row: tuple[Any, ...], now: Millis) -> QueuedRequest:
    id, body, until, client = row
    return QueuedRequest(id, body, until, client) if until is not None and until > now else QueuedRequest(id, body)


def _within_page(rows: Iterable[T], size: Callable[[T], int]) -> Iterator[T]:
    """The first rows, until their total size reaches MAX_PAGE_BYTES."""
    total = 0
    for row in rows:
        yield row
        total += size(row)
        if total >= MAX_PAGE_BYTES:
            return


def _insert(
    connection: sqlite3.Connection, queue_id: str, request: NewRequest, forefront: bool
) -> tuple[ProcessedRequest, int]:
    """Insert the request if it is new. Returns the state before, and the bytes of the request that was stored then."""
    query = (
        f"INSERT INTO requests (queue_id, id, position, body) VALUES (?1, ?2, {_position(request, forefront)}, ?3) "
        "ON CONFLICT DO NOTHING"
    )
    if connection.execute(query, (queue_id, request.id, request.body)).rowcount:
        return ProcessedRequest(request.id, was_present=False, was_handled=False), 0
    query = "SELECT position IS NULL, length(body) FROM requests WHERE queue_id = ? AND id = ?"
    is_handled, stored = connection.execute(query, (queue_id, request.id)).fetchone()
    return ProcessedRequest(request.id, was_present=True, was_handled=bool(is_handled)), stored


def _position(request: NewRequest, forefront: bool) -> str:
    """The position of a request that is added or updated, as an SQL expression."""
    return "NULL" if request.is_handled else BEFORE_ALL if forefront else AFTER_ALL


def _move(connection: sqlite3.Connection, queue_id: str, id: str, forefront: bool) -> None:
    position = BEFORE_ALL if forefront else AFTER_ALL
    connection.execute(f"UPDATE requests SET position = {position} WHERE queue_id = ?1 AND id = ?2", (queue_id, id))


def _holds(connection: sqlite3.Connection, queue_id: str, id: str, client: QueueClient, now: Millis) -> bool:
    """True if the client holds the request's lock, False if there is no such request. Raises LockNotHeld."""
    query = f"SELECT lock_expires_at > ? AND {OWNED} FROM requests WHERE queue_id = ? AND id = ?"
    row = connection.execute(query, (now, *_owner(client), queue_id, id)).fetchone()
    if row is None:
        return False
    if not row[0]:
        raise LockNotHeld(id)
    return True


def _has_locked(connection: sqlite3.Connection, queue_id: str, now: Millis) -> bool:
    query = "SELECT EXISTS (SELECT 1 FROM requests WHERE queue_id = ? AND lock_expires_at > ?)"
    return bool(connection.execute(query, (queue_id, now)).fetchone()[0])


def _owner(client: QueueClient) -> tuple[str | None, ...]:
    return (client.key, client.run_id, client.key, client.run_id)
