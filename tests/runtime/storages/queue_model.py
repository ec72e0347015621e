"""A model of a request queue, and operations that run on a real queue and on the model.

The model is a list for the order and dicts for the rest. The result of an operation is a plain value or the type of an
error, so that the results of both can be compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from runtime.base.clock import Millis
from runtime.base.errors import Invalid, NotFound
from runtime.base.json_text import loads
from runtime.base.records import QueueClient
from runtime.storages.request_queues import RequestQueues, request_id


@dataclass
class Model:
    """`order` has the unhandled requests, `marks` the last written mark of each request, `locks` the valid locks."""

    order: list[str] = field(default_factory=list)
    marks: dict[str, int] = field(default_factory=dict)
    locks: dict[str, tuple[Millis, QueueClient]] = field(default_factory=dict)
    clients: list[str | None] = field(default_factory=list)

    def state(self, key: str) -> tuple[bool, bool]:
        """Return whether the request is present, and whether it is handled."""
        return key in self.marks, key in self.marks and key not in self.order

    def place(self, key: str, is_handled: bool, forefront: bool) -> None:
        if key in self.order:
            self.order.remove(key)
        if not is_handled:
            self.order.insert(0 if forefront else len(self.order), key)

    def delete_expired_locks(self, now: Millis) -> None:
        self.locks = {key: lock for key, lock in self.locks.items() if lock[0] > now}

    def lock_error(self, key: str, client: QueueClient) -> type[Exception] | None:
        """Return the error if this client changes the lock of the request; None if it may."""
        if key not in self.marks:
            return NotFound
        return None if key in self.locks and owns(client, self.locks[key][1]) else Invalid

    @property
    def had_multiple_clients(self) -> bool:
        return len(set(self.clients)) > 1 or self.clients.count(None) > 1


class Operation(Protocol):
    async def run(self, queues: RequestQueues, queue_id: str) -> Any: ...

    def expect(self, model: Model, now: Millis) -> Any: ...


@dataclass(frozen=True)
class Add:
    entries: Sequence[tuple[str, bool]]
    mark: int
    forefront: bool

    async def run(self, queues: RequestQueues, queue_id: str) -> Any:
        drafts = [draft(key, self.mark, is_handled) for key, is_handled in self.entries]
        outcomes = await queues.add_requests(queue_id, drafts, forefront=self.forefront)
        return [(outcome.request_id, outcome.was_present, outcome.was_handled) for outcome in outcomes]

    def expect(self, model: Model, now: Millis) -> Any:
        return [(request_id(key), *self._add(model, key, is_handled)) for key, is_handled in self.entries]

    def _add(self, model: Model, key: str, is_handled: bool) -> tuple[bool, bool]:
        before = model.state(key)
        if key not in model.marks:
            model.marks[key] = self.mark
            model.place(key, is_handled, self.forefront)
        return before


@dataclass(frozen=True)
class Update:
    """Replaces the request, or adds it."""

    key: str
    mark: int
    is_handled: bool
    forefront: bool

    async def run(self, queues: RequestQueues, queue_id: str) -> Any:
        fields = draft(self.key, self.mark, self.is_handled)
        outcome = await queues.update_request(queue_id, request_id(self.key), fields, forefront=self.forefront)
        return outcome.was_present, outcome.was_handled

    def expect(self, model: Model, now: Millis) -> Any:
        before = model.state(self.key)
        model.marks[self.key] = self.mark
        model.place(self.key, self.is_handled, self.forefront)
        model.locks.pop(self.key, None)
        return before


@dataclass(frozen=True)
class Delete:
    keys: Sequence[str]

    async def run(self, queues: RequestQueues, queue_id: str) -> Any:
        return sorted(await queues.delete_requests(queue_id, [request_id(key) for key in self.keys]))

    def expect(self, model: Model, now: Millis) -> Any:
        existing = {key for key in self.keys if key in model.marks}
        for key in existing:
            model.place(key, is_handled=True, forefront=False)
            model.marks.pop(key)
            model.locks.pop(key, None)
        return sorted(map(request_id, existing))


@dataclass(frozen=True)
class LockHead:
    client: QueueClient
    limit: int
    secs: float

    async def run(self, queues: RequestQueues, queue_id: str) -> Any:
        head = await queues.lock_head(queue_id, self.client, limit=self.limit, lock_secs=self.secs)
        return [loads(found.unique_key) for found in head.items], head.has_locked_requests

    def expect(self, model: Model, now: Millis) -> Any:
        free = [key for key in model.order if key not in model.locks][: self.limit]
        model.locks.update((key, (lock_end(now, self.secs), self.client)) for key in free)
        return free, bool(model.locks)


@dataclass(frozen=True)
class Prolong:
    key: str
    client: QueueClient
    secs: float
    forefront: bool

    async def run(self, queues: RequestQueues, queue_id: str) -> Any:
        id = request_id(self.key)
        return await queues.prolong_lock(queue_id, id, self.client, lock_secs=self.secs, forefront=self.forefront)

    def expect(self, model: Model, now: Millis) -> Any:
        error = model.lock_error(self.key, self.client)
        if error is not None:
            return error
        model.locks[self.key] = (lock_end(now, self.secs), self.client)
        model.place(self.key, False, self.forefront)
        return lock_end(now, self.secs)


@dataclass(frozen=True)
class Release:
    key: str
    client: QueueClient
    forefront: bool

    async def run(self, queues: RequestQueues, queue_id: str) -> Any:
        await queues.release_lock(queue_id, request_id(self.key), self.client, forefront=self.forefront)

    def expect(self, model: Model, now: Millis) -> Any:
        error = model.lock_error(self.key, self.client)
        if error is None:
            del model.locks[self.key]
            model.place(self.key, False, self.forefront)
        return error


@dataclass(frozen=True)
class Unlock:
    client: QueueClient

    async def run(self, queues: RequestQueues, queue_id: str) -> Any:
        return await queues.unlock_requests(queue_id, self.client)

    def expect(self, model: Model, now: Millis) -> Any:
        mine = [key for key, (_, owner) in model.locks.items() if owns(self.client, owner)]
        for key in mine:
            del model.locks[key]
        return len(mine)


@dataclass(frozen=True)
class RecordClient:
    client: QueueClient

    async def run(self, queues: RequestQueues, queue_id: str) -> Any:
        queue = queues.get(queue_id)
        assert queue is not None
        await queues.record_client(queue, self.client)

    def expect(self, model: Model, now: Millis) -> Any:
        model.clients.append(self.client.key)


def draft(unique_key: str, mark: int, is_handled: bool) -> dict[str, Any]:
    fields = {"uniqueKey": unique_key, "url": f"http://x/{unique_key}", "userData": {"mark": mark}}
    return {**fields, "handledAt": "2024-01-01T00:00:00.000Z"} if is_handled else fields


def owns(client: QueueClient, owner: QueueClient) -> bool:
    if client == QueueClient() and owner == QueueClient():
        return True
    same_key = client.key is not None and client.key == owner.key
    return same_key or (client.run_id is not None and client.run_id == owner.run_id)


def lock_end(now: Millis, secs: float) -> Millis:
    return now + round(secs * 1000)
