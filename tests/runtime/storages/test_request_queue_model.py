"""The request queue against a model of a few lines: a list for the order, sets and dicts for the rest."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from runtime.errors import Invalid, NotFound
from runtime.records import QueueClient, RequestState
from runtime.storages.json_text import loads
from runtime.storages.request_queues import RequestQueues, request_id
from runtime.store import Store
from tests.runtime.storages.hand_clock import HandClock

T = TypeVar("T")

unique_keys = st.sampled_from([f"key{n}" for n in range(8)])
clients = st.sampled_from(
    [QueueClient("a", None), QueueClient("b", None), QueueClient(None, "run"), QueueClient("a", "run"), QueueClient()]
)
lock_secs = st.sampled_from([1.0, 10.0, 60.0])


def draft(unique_key: str, mark: int, is_handled: bool) -> dict[str, Any]:
    fields = {"uniqueKey": unique_key, "url": f"http://x/{unique_key}", "userData": {"mark": mark}}
    return {**fields, "handledAt": "2024-01-01T00:00:00.000Z"} if is_handled else fields


def owns(client: QueueClient, owner: QueueClient) -> bool:
    if client == QueueClient() and owner == QueueClient():
        return True
    same_key = client.key is not None and client.key == owner.key
    return same_key or (client.run_id is not None and client.run_id == owner.run_id)


class RequestQueueMachine(RuleBasedStateMachine):
    @initialize()
    def open(self) -> None:
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory()
        self.clock = HandClock()
        self.store = Store(Path(self.folder.name))
        self.queues = RequestQueues(self.store.requests, self.clock)
        self.queue_id = self.run(self.queues.get_or_create("user"))[0].id
        self.order: list[str] = []
        self.marks: dict[str, int] = {}
        self.locks: dict[str, tuple[int, QueueClient]] = {}
        self.mark = 0

    def run(self, doing: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(doing)

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.store.close()
            self.runner.close()
            self.folder.cleanup()

    def place(self, key: str, is_handled: bool, forefront: bool) -> None:
        if key in self.order:
            self.order.remove(key)
        if not is_handled:
            self.order.insert(0 if forefront else len(self.order), key)

    def is_locked(self, key: str) -> bool:
        return key in self.locks and self.locks[key][0] > self.clock.now()

    @rule(entries=st.lists(st.tuples(unique_keys, st.booleans()), max_size=6), forefront=st.booleans())
    def add(self, entries: list[tuple[str, bool]], forefront: bool) -> None:
        self.mark += 1
        drafts = [draft(key, self.mark, is_handled) for key, is_handled in entries]
        outcomes = self.run(self.queues.add(self.queue_id, drafts, forefront=forefront))
        for (key, is_handled), outcome in zip(entries, outcomes, strict=True):
            assert outcome.request_id == request_id(key)
            assert outcome.was_present == (key in self.marks)
            assert outcome.was_handled == (key in self.marks and key not in self.order)
            if key not in self.marks:
                self.marks[key] = self.mark
                self.place(key, is_handled, forefront)

    @rule(key=unique_keys, is_handled=st.booleans(), forefront=st.booleans())
    def update(self, key: str, is_handled: bool, forefront: bool) -> None:
        self.mark += 1
        outcome = self.run(
            self.queues.update_request(
                self.queue_id, request_id(key), draft(key, self.mark, is_handled), forefront=forefront
            )
        )
        assert outcome.was_present == (key in self.marks)
        assert outcome.was_handled == (key in self.marks and key not in self.order)
        self.marks[key] = self.mark
        self.place(key, is_handled, forefront)
        self.locks.pop(key, None)

    @rule(keys=st.lists(unique_keys, max_size=4))
    def delete(self, keys: list[str]) -> None:
        deleted = self.run(self.queues.delete_requests(self.queue_id, [request_id(key) for key in keys]))
        assert sorted(deleted) == sorted({request_id(key) for key in keys if key in self.marks})
        for key in keys:
            self.place(key, is_handled=True, forefront=False)
            self.marks.pop(key, None)
            self.locks.pop(key, None)

    @rule(client=clients, limit=st.integers(1, 10), secs=lock_secs)
    def lock_head(self, client: QueueClient, limit: int, secs: float) -> None:
        head = self.run(self.queues.lock_head(self.queue_id, client, limit=limit, lock_secs=secs))
        free = [key for key in self.order if not self.is_locked(key)][:limit]
        assert [loads(found.unique_key) for found in head.items] == free
        for key in free:
            self.locks[key] = (self.clock.now() + round(secs * 1000), client)
        assert head.has_locked_requests == any(map(self.is_locked, self.locks))

    @rule(key=unique_keys, client=clients, secs=lock_secs, forefront=st.booleans())
    def prolong(self, key: str, client: QueueClient, secs: float, forefront: bool) -> None:
        doing = self.queues.prolong(self.queue_id, request_id(key), client, lock_secs=secs, forefront=forefront)
        if self.may_change_lock(key, client, doing):
            self.locks[key] = (self.clock.now() + round(secs * 1000), client)
            self.place(key, False, forefront)

    @rule(key=unique_keys, client=clients, forefront=st.booleans())
    def release(self, key: str, client: QueueClient, forefront: bool) -> None:
        doing = self.queues.release(self.queue_id, request_id(key), client, forefront=forefront)
        if self.may_change_lock(key, client, doing):
            del self.locks[key]
            self.place(key, False, forefront)

    def may_change_lock(self, key: str, client: QueueClient, doing: Coroutine[Any, Any, Any]) -> bool:
        if key not in self.marks:
            with pytest.raises(NotFound):
                self.run(doing)
            return False
        if not self.is_locked(key) or not owns(client, self.locks[key][1]):
            with pytest.raises(Invalid):
                self.run(doing)
            return False
        self.run(doing)
        return True

    @rule(client=clients)
    def unlock(self, client: QueueClient) -> None:
        mine = [key for key in self.locks if self.is_locked(key) and owns(client, self.locks[key][1])]
        assert self.run(self.queues.unlock(self.queue_id, client)) == len(mine)
        for key in mine:
            del self.locks[key]

    @rule(secs=st.sampled_from([0.5, 1, 9, 60]))
    def wait(self, secs: float) -> None:
        self.clock.move(secs)

    @invariant()
    def agrees(self) -> None:
        queue = self.queues.get(self.queue_id)
        assert queue is not None
        assert queue.total_request_count == len(self.marks)
        assert queue.pending_request_count == len(self.order)
        head = self.queues.head(self.queue_id, limit=100)
        assert [loads(found.unique_key) for found in head] == self.order
        for key, mark in self.marks.items():
            found = self.queues.get_request(self.queue_id, request_id(key))
            assert found is not None and found.fields["userData"]["mark"] == mark
            until, owner = self.locks[key] if self.is_locked(key) else (None, QueueClient())
            assert (found.lock_expires_at, found.lock_by_client) == (until, owner.key)
        locked = {key for key in self.marks if self.is_locked(key)}
        assert self.listed(RequestState.LOCKED) == locked
        assert self.listed(RequestState.PENDING) == set(self.order) - locked
        assert self.listed() == set(self.marks)

    def listed(self, *states: RequestState) -> set[str]:
        found = self.run(self.queues.page_of_requests(self.queue_id, after=None, states=states, limit=100))
        return {request.fields["uniqueKey"] for request in found}


TestRequestQueueModel = RequestQueueMachine.TestCase
TestRequestQueueModel.settings = settings(
    max_examples=30, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
