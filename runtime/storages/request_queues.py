"""Request queues: what a crawler still has to visit, each request once, shared between clients by locks.

Counting: a read per request read, listed or seen in a head; a write per request added (present already or not),
updated, deleted, locked, prolonged or released.
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
from runtime.base.records import Added, QueueClient, RequestQueue, RequestState
from runtime.database.requests import (
    LockNotHeld,
    NewRequest,
    Requests,
    StoredRequest,
)
from runtime.database.storage_tables import StorageGone
from runtime.storages.storage_service import StorageService

ID_LENGTH = 15
HEAD_FIELDS = ("id", "uniqueKey", "url", "method", "retryCount")
MAX_BATCH = 25
MAX_CLIENT_KEY = 32
LOCK_FIELDS = frozenset({"lockExpiresAt", "lockByClient"})
"""Shown on a request that is locked; never part of what is stored, though clients send them back."""


def request_id(unique_key: str) -> str:
    """The id both SDKs compute by themselves: 15 letters and digits of the unique key's SHA-256."""
    digest = b64encode(sha256(unique_key.encode("utf-8", "surrogatepass")).digest())
    return digest.translate(None, b"+/=")[:ID_LENGTH].decode()


class HeadItem(msgspec.Struct, rename="camel"):
    """What heads show of a request: a few fields, as they were written, and its lock where that was asked for."""

    id: msgspec.Raw
    unique_key: msgspec.Raw
    url: msgspec.Raw
    method: msgspec.Raw
    retry_count: msgspec.Raw
    lock_expires_at: str | msgspec.UnsetType = msgspec.UNSET
    lock_by_client: str | msgspec.UnsetType | None = msgspec.UNSET


_head_items = msgspec.json.Decoder(HeadItem)


@dataclass(frozen=True, slots=True)
class QueuedRequest:
    """A request as its client wrote it, under the names it used. The lock is set only while it holds."""

    id: str
    fields: JsonDict
    lock_expires_at: Millis | None
    lock_by_client: str | None


@dataclass(frozen=True, slots=True)
class LockedHead:
    """`items` are locked until a moment; `queue` is as it is then."""

    queue: RequestQueue
    items: list[HeadItem]
    until: Millis
    has_locked_requests: bool


class RequestQueues(StorageService[RequestQueue]):
    label = "Request queue"
    record = RequestQueue

    def __init__(self, requests: Requests, clock: Clock) -> None:
        super().__init__(requests.table, clock)
        self._requests = requests

    async def record_client(self, queue: RequestQueue, client: QueueClient) -> bool:
        """Take note of who works with the queue, for `had_multiple_clients`; whether it was news. Raises Invalid."""
        if client.key is not None and len(client.key) > MAX_CLIENT_KEY:
            raise Invalid("invalid-client-key", f"clientKey must have 1 to {MAX_CLIENT_KEY} characters")
        is_news = self._requests.is_new_client(queue, client)
        if is_news:
            await self._requests.record_client(queue.id, client)
        return is_news

    async def add(self, queue_id: str, drafts: Sequence[Any], *, forefront: bool) -> list[Added]:
        """Add requests, at most a batch of them; those there already stay as they are. Raises Invalid, NotFound."""
        check_batch(drafts)
        new = [_new_request(draft) for draft in drafts]
        try:
            return await self._requests.add(queue_id, new, forefront=forefront, now=self._clock.now())
        except StorageGone as gone:
            raise record_not_found(self.label, queue_id) from gone

    async def update_request(self, queue_id: str, id: str, fields: Any, *, forefront: bool) -> Added:
        """Replace a request, or add it. Raises Invalid, NotFound."""
        new = _new_request(fields)
        if fields.get("id", id) != id or new.id != id:
            raise Invalid("request-id-invalid", f"The id in the address is '{id}', that of the request '{new.id}'")
        try:
            return await self._requests.update(queue_id, new, forefront=forefront, now=self._clock.now())
        except StorageGone as gone:
            raise record_not_found(self.label, queue_id) from gone

    async def delete_requests(self, queue_id: str, ids: Sequence[str]) -> list[str]:
        """Delete requests; return the ids of those that were there. Raises NotFound for the queue."""
        try:
            return await self._requests.delete(queue_id, ids, now=self._clock.now())
        except StorageGone as gone:
            raise record_not_found(self.label, queue_id) from gone

    def get_request(self, queue_id: str, id: str) -> QueuedRequest | None:
        self._count_reads(queue_id, 1)
        found = self._requests.get(queue_id, id, now=self._clock.now())
        return None if found is None else _request(found)

    async def page_of_requests(
        self, queue_id: str, *, after: str | None, states: Iterable[RequestState], limit: int
    ) -> list[QueuedRequest]:
        """Requests in the order of their ids; `states` empty means all."""
        found = await self._requests.page(queue_id, after=after, states=states, limit=limit, now=self._clock.now())
        self._count_reads(queue_id, len(found))
        return [_request(request) for request in found]

    def head(self, queue_id: str, *, limit: int) -> list[HeadItem]:
        """The first requests that are not handled, locked or not."""
        found = self._requests.head(queue_id, limit=limit)
        self._count_reads(queue_id, len(found))
        return [_head_item(body) for body in found]

    async def lock_head(self, queue_id: str, client: QueueClient, *, limit: int, lock_secs: float) -> LockedHead:
        """Lock the first requests that nobody holds. Raises NotFound."""
        now = self._clock.now()
        until = _lock_end(now, lock_secs)
        try:
            head = await self._requests.lock_head(queue_id, client, limit=limit, until=until, now=now)
        except StorageGone as gone:
            raise record_not_found(self.label, queue_id) from gone
        self._count_reads(queue_id, len(head.bodies))
        items = [_head_item(body) for body in head.bodies]
        return LockedHead(head.queue, items, until, head.has_locked_requests)

    async def prolong(
        self, queue_id: str, id: str, client: QueueClient, *, lock_secs: float, forefront: bool
    ) -> Millis:
        """Hold a lock until `lock_secs` from now; return when it ends. Raises Invalid, NotFound."""
        now = self._clock.now()
        until = _lock_end(now, lock_secs)
        try:
            found = await self._requests.prolong(queue_id, id, client, until=until, forefront=forefront, now=now)
        except LockNotHeld as refusal:
            raise _not_held(id) from refusal
        if not found:
            raise request_not_found(id)
        return until

    async def release(self, queue_id: str, id: str, client: QueueClient, *, forefront: bool) -> None:
        """Give a lock back. Raises Invalid, NotFound."""
        try:
            found = await self._requests.release(queue_id, id, client, forefront=forefront, now=self._clock.now())
        except LockNotHeld as refusal:
            raise _not_held(id) from refusal
        if not found:
            raise request_not_found(id)

    async def unlock(self, queue_id: str, client: QueueClient) -> int:
        """Give back all locks of a client and of the run it is part of; return how many. Raises NotFound."""
        try:
            return await self._requests.unlock(queue_id, client, now=self._clock.now())
        except StorageGone as gone:
            raise record_not_found(self.label, queue_id) from gone

    def _count_reads(self, queue_id: str, count: int) -> None:
        self._table.count(queue_id, self._clock.now(), read_count=count)


def check_batch(entries: Any) -> None:
    """Raises Invalid."""
    if not isinstance(entries, list | tuple):
        raise Invalid("invalid-value", "The body must be an array of requests")
    if len(entries) > MAX_BATCH:
        raise Invalid("invalid-value", f"A batch may have at most {MAX_BATCH} requests, not {len(entries)}")


def deleted_id(entry: Any) -> str:
    """The id of an entry of a batch deletion, which names a request by `id` or `uniqueKey`. Raises Invalid."""
    if isinstance(entry, dict):
        if isinstance(entry.get("id"), str) and entry["id"].isascii():
            return str(entry["id"])
        if isinstance(entry.get("uniqueKey"), str):
            return request_id(entry["uniqueKey"])
    raise Invalid("invalid-value", "A request to delete needs an 'id' or a 'uniqueKey'")


def request_not_found(id: str) -> NotFound:
    return record_not_found("Request", id)


def _new_request(draft: Any) -> NewRequest:
    if not isinstance(draft, dict):
        raise Invalid("invalid-value", "A request must be a JSON object")
    for name in ("uniqueKey", "url"):
        if not isinstance(draft.get(name), str) or not draft[name]:
            raise Invalid("invalid-value", f"A request needs a '{name}'")
    handled_at = draft.get("handledAt")
    if not isinstance(handled_at, str | None):
        raise Invalid("invalid-value", "'handledAt' must be a time or null")
    id = request_id(draft["uniqueKey"])
    fields = {"method": "GET", "retryCount": 0, **draft, "id": id}
    for name in LOCK_FIELDS:
        fields.pop(name, None)
    return NewRequest(id, dumps(fields), is_handled=handled_at is not None)


def _request(stored: StoredRequest) -> QueuedRequest:
    return QueuedRequest(stored.id, loads(stored.body), stored.lock_expires_at, stored.lock_by_client)


def _head_item(body: bytes) -> HeadItem:
    """Without reading the other fields, except in JSON that only the exact reader takes."""
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
