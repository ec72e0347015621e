"""Request queues: the requests that a crawler still has to process, without duplicates. Clients share them with locks.

Counters: each request that is read, listed or part of a head is one read. Each request that is added (also if it was
already present), updated, deleted, locked, prolonged or released is one write. Reads of heads and deletions are also
counted separately.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import msgspec

from runtime.base.clock import Clock, Millis
from runtime.base.errors import Invalid, NotFound, record_not_found
from runtime.base.json_text import JsonDict, dumps, loads
from runtime.base.records import ProcessedRequest, QueueClient, QueuedRequest, RequestPage, RequestQueue, RequestState
from runtime.base.request_rules import check_request, check_requests
from runtime.database import Database
from runtime.database.request_queues_table import LockNotHeld, NewRequest, RequestQueuesTable
from runtime.storages.storage_service import StorageService

ID_LENGTH = 15
HEAD_FIELDS = ("id", "uniqueKey", "url", "method", "retryCount")
MAX_BATCH = 25
MAX_CLIENT_KEY = 32
LOCK_FIELDS = frozenset({"lockExpiresAt", "lockByClient"})
"""The API adds these to a locked request. Clients send them back, but they are never stored with the request."""


def request_id(unique_key: str) -> str:
    """The id that both SDKs also compute: the first 15 letters and digits of the unique key's SHA-256 in base64."""
    digest = b64encode(sha256(unique_key.encode("utf-8", "surrogatepass")).digest())
    return digest.translate(None, b"+/=")[:ID_LENGTH].decode()


class HeadItem(msgspec.Struct, rename="camel"):
    """The fields of a request in a head, as its client wrote them. The lock is set only in a locked head."""

    id: msgspec.Raw
    unique_key: msgspec.Raw
    url: msgspec.Raw
    method: msgspec.Raw
    retry_count: msgspec.Raw
    lock_expires_at: str | msgspec.UnsetType = msgspec.UNSET
    lock_by_client: str | msgspec.UnsetType | None = msgspec.UNSET


_head_items = msgspec.json.Decoder(HeadItem)


@dataclass(frozen=True, slots=True)
class LockedHead:
    """`items` are locked until `until`. `queue` includes the effects of locking them."""

    queue: RequestQueue
    items: list[HeadItem]
    until: Millis
    has_locked_requests: bool


class RequestQueues(StorageService[RequestQueue]):
    label = "Request queue"
    record_class = RequestQueue
    _table: RequestQueuesTable

    def __init__(self, database: Database, clock: Clock) -> None:
        super().__init__(database.request_queues, database.users, clock)
        self.outcomes = database.request_outcomes

    async def record_client(self, queue: RequestQueue, client: QueueClient) -> bool:
        """Update `had_multiple_clients` for a client that works with the queue; return whether the queue changed.

        Raises Invalid.
        """
        if client.key is not None and len(client.key) > MAX_CLIENT_KEY:
            raise Invalid("invalid-client-key", f"clientKey must have 1 to {MAX_CLIENT_KEY} characters")
        is_new = self._table.is_new_client(queue, client)
        if is_new:
            await self._table.record_client(queue.id, client)
        return is_new

    async def add_request(self, queue_id: str, draft: Any, *, forefront: bool) -> ProcessedRequest:
        """Add a request. A request that is already present does not change. Raises Invalid, NotFound."""
        check_request(draft)
        return (await self._add(queue_id, [draft], forefront=forefront))[0]

    async def add_requests(self, queue_id: str, drafts: Any, *, forefront: bool) -> list[ProcessedRequest]:
        """Add a batch of requests, either all or none. Raises Invalid, NotFound."""
        check_batch(drafts)
        check_requests(drafts)
        return await self._add(queue_id, drafts, forefront=forefront)

    async def _add(self, queue_id: str, drafts: Sequence[JsonDict], *, forefront: bool) -> list[ProcessedRequest]:
        new = [_new_request(draft) for draft in drafts]
        with self._must_exist(queue_id):
            return await self._table.add_requests(queue_id, new, forefront=forefront, now=self._clock.now())

    async def update_request(self, queue_id: str, id: str, fields: Any, *, forefront: bool) -> ProcessedRequest:
        """Replace a request, or add it. Raises Invalid, NotFound."""
        check_request(fields)
        new = _new_request(fields)
        for own, origin in (
            (fields.get("id", id), "the request's field 'id' is"),
            (new.id, "its uniqueKey gives the id"),
        ):
            if own != id:
                raise Invalid("request-id-invalid", f"The address has the request id '{id}', but {origin} '{own}'")
        with self._must_exist(queue_id):
            return await self._table.update_request(queue_id, new, forefront=forefront, now=self._clock.now())

    async def delete_requests(self, queue_id: str, ids: Sequence[str]) -> list[str]:
        """Delete requests; return the ids of those that existed. Raises NotFound if there is no such queue."""
        with self._must_exist(queue_id):
            return await self._table.delete_requests(queue_id, ids, now=self._clock.now())

    def get_request(self, queue_id: str, id: str) -> QueuedRequest | None:
        self._count_reads(queue_id, 1)
        return self._table.get_request(queue_id, id, now=self._clock.now())

    async def list_requests(
        self, queue_id: str, *, after: str | None, states: Iterable[RequestState], limit: int
    ) -> RequestPage:
        """Requests in the order of their ids. `after` is excluded; without `states` it lists requests of any state."""
        now = self._clock.now()
        page = await self._table.list_requests(queue_id, after=after, states=states, limit=limit, now=now)
        self._count_reads(queue_id, len(page.requests))
        return page

    def head(self, queue_id: str, *, limit: int) -> list[HeadItem]:
        """The first unhandled requests, locked or not."""
        found = self._table.head(queue_id, limit=limit)
        self._count_reads(queue_id, len(found), of_head=True)
        return [_head_item(body) for body in found]

    async def pending_ids(self, queue_id: str) -> list[str]:
        """The ids of all unhandled requests, in the order of the queue. Nothing is counted as read."""
        return await self._table.pending_ids(queue_id)

    async def lock_head(self, queue_id: str, client: QueueClient, *, limit: int, lock_secs: float) -> LockedHead:
        """Lock the first unhandled requests that are not locked. Raises NotFound."""
        now = self._clock.now()
        until = _lock_end(now, lock_secs)
        with self._must_exist(queue_id):
            head = await self._table.lock_head(queue_id, client, limit=limit, until=until, now=now)
        self._count_reads(queue_id, len(head.bodies), of_head=True)
        items = [_head_item(body) for body in head.bodies]
        return LockedHead(head.queue, items, until, head.has_locked_requests)

    async def prolong_lock(
        self, queue_id: str, id: str, client: QueueClient, *, lock_secs: float, forefront: bool
    ) -> Millis:
        """Set the end of a lock to `lock_secs` from now; return that time. Raises Invalid, NotFound."""
        now = self._clock.now()
        until = _lock_end(now, lock_secs)
        try:
            found = await self._table.prolong_lock(queue_id, id, client, until=until, forefront=forefront, now=now)
        except LockNotHeld as error:
            raise _not_held(id) from error
        if not found:
            raise request_not_found(id)
        return until

    async def release_lock(self, queue_id: str, id: str, client: QueueClient, *, forefront: bool) -> None:
        """Raises Invalid, NotFound."""
        try:
            found = await self._table.release_lock(queue_id, id, client, forefront=forefront, now=self._clock.now())
        except LockNotHeld as error:
            raise _not_held(id) from error
        if not found:
            raise request_not_found(id)

    async def unlock_requests(self, queue_id: str, client: QueueClient) -> int:
        """Release all locks of a client and of its run; return their number. Raises NotFound."""
        with self._must_exist(queue_id):
            return await self._table.unlock_requests(queue_id, client, now=self._clock.now())

    async def unlock_requests_of_run(self, user_id: str, run_id: str) -> None:
        """Release all locks of a run, in any queue of its user: the container that held them is gone."""
        await self._table.unlock_requests_of_run(user_id, run_id, now=self._clock.now())

    def _count_reads(self, queue_id: str, count: int, *, of_head: bool = False) -> None:
        head_count = count if of_head else 0
        self._table.count_reads(queue_id, self._clock.now(), read_count=count, head_item_read_count=head_count)


def check_batch(entries: Any) -> None:
    """Raises Invalid."""
    if not isinstance(entries, list | tuple):
        raise Invalid("invalid-value", "The body must be an array of requests")
    if len(entries) > MAX_BATCH:
        raise Invalid("invalid-value", f"A batch may have at most {MAX_BATCH} requests, not {len(entries)}")


def ids_to_delete(entries: Any) -> list[str]:
    """The request ids of the entries of a batch deletion. Each has an `id` or a `uniqueKey`. Raises Invalid."""
    check_batch(entries)
    return [_id_to_delete(entry, position) for position, entry in enumerate(entries)]


def _id_to_delete(entry: Any, position: int) -> str:
    if isinstance(entry, dict):
        if isinstance(entry.get("id"), str) and entry["id"].isascii():
            return str(entry["id"])
        if isinstance(entry.get("uniqueKey"), str):
            return request_id(entry["uniqueKey"])
    raise Invalid("invalid-value", f"The request to delete at position {position} needs an 'id' or a 'uniqueKey'")


def request_not_found(id: str) -> NotFound:
    return record_not_found("Request", id)


def _new_request(draft: JsonDict) -> NewRequest:
    id = request_id(draft["uniqueKey"])
    fields = {"method": "GET", "retryCount": 0, **draft, "id": id}
    for name in LOCK_FIELDS:
        fields.pop(name, None)
    return NewRequest(id, dumps(fields), is_handled=draft.get("handledAt") is not None)


def _head_item(body: bytes) -> HeadItem:
    """Decode only the fields of a head. JSON that msgspec rejects goes through the exact decoder."""
    try:
        return _head_items.decode(body)
    except msgspec.DecodeError:
        fields = loads(body)
        id, key, url, method, retries = (msgspec.Raw(dumps(fields[name])) for name in HEAD_FIELDS)
        return HeadItem(id, key, url, method, retries)


def _lock_end(now: Millis, lock_secs: float) -> Millis:
    return now + round(lock_secs * 1000)


def _not_held(id: str) -> Invalid:
    return Invalid("request-handled-or-locked", f"Request '{id}' is not locked by this client")
