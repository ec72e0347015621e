"""Request queues compared with a model, also with concurrent operations."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Coroutine, Sequence
from copy import deepcopy
from itertools import permutations
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from runtime.base.errors import Invalid, NotFound
from runtime.base.json_text import loads
from runtime.base.records import QueueClient, QueuedRequest, RequestState
from runtime.database import Database
from runtime.storages.request_queues import HeadItem, RequestQueues
from tests.examples import examples
from tests.fakes.data_directory import with_database
from tests.runtime.storages.hand_clock import HandClock
from tests.runtime.storages.queue_model import (
    Add,
    Delete,
    LockHead,
    Model,
    Operation,
    Prolong,
    RecordClient,
    Release,
    Unlock,
    Update,
)

T = TypeVar("T")

PAGE = 3
keys = st.sampled_from([f"key{n}" for n in range(8)])
marks = st.integers(0, 1_000_000)
clients = st.sampled_from(
    [QueueClient("a", None), QueueClient("b", None), QueueClient(None, "run"), QueueClient("a", "run"), QueueClient()]
)
lock_secs = st.sampled_from([1.0, 10.0, 60.0])
additions = st.builds(Add, st.lists(st.tuples(keys, st.booleans()), max_size=6), marks, st.booleans())
updates = st.builds(Update, keys, marks, st.booleans(), st.booleans())
deletions = st.builds(Delete, st.lists(keys, max_size=4))
lockings = st.builds(LockHead, clients, st.integers(1, 10), lock_secs)
prolongings = st.builds(Prolong, keys, clients, lock_secs, st.booleans())
releases = st.builds(Release, keys, clients, st.booleans())
unlockings = st.builds(Unlock, clients)
recordings = st.builds(RecordClient, clients)
operations: st.SearchStrategy[Operation] = st.one_of(
    lockings, additions, releases, updates, prolongings, deletions, unlockings, recordings
)


class RequestQueueMachine(RuleBasedStateMachine):
    @initialize()
    def open(self) -> None:
        self.runner = asyncio.Runner()
        self.folder = tempfile.TemporaryDirectory()
        self.clock = HandClock()
        self.database = Database(with_database(Path(self.folder.name)))
        self.queues = RequestQueues(self.database, self.clock)
        self.queue_id = self.run(self.queues.get_or_create("user"))[0].id
        self.model = Model()

    def run(self, doing: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(doing)

    def teardown(self) -> None:
        if hasattr(self, "database"):
            self.database.close()
            self.runner.close()
            self.folder.cleanup()

    def single(self, operation: Operation) -> None:
        [result] = self.run(self.results([operation]))
        assert result == operation.expect(self.model, self.clock.now())

    add = rule(operation=additions)(single)
    update = rule(operation=updates)(single)
    delete = rule(operation=deletions)(single)
    lock_head = rule(operation=lockings)(single)
    prolong = rule(operation=prolongings)(single)
    release = rule(operation=releases)(single)
    unlock = rule(operation=unlockings)(single)
    record_client = rule(operation=recordings)(single)

    @rule(together=st.lists(operations, min_size=2, max_size=4))
    def concurrent(self, together: Sequence[Operation]) -> None:
        """The results and the queue are the same as if the operations had run one after another in some order."""
        results = self.run(self.results(together))
        actual = self.actual()
        orders = (self.in_order(together, order) for order in permutations(range(len(together))))
        matching = [model for model, expected in orders if expected == results and self.expected(model) == actual]
        assert matching, (together, results, actual)
        self.model = matching[0]

    @rule(secs=st.sampled_from([0.5, 1, 10, 60]))
    def wait(self, secs: float) -> None:
        self.clock.move(secs)
        self.model.delete_expired_locks(self.clock.now())

    @invariant()
    def queue_equals_model(self) -> None:
        assert self.actual() == self.expected(self.model)

    async def results(self, together: Sequence[Operation]) -> list[Any]:
        running = [operation.run(self.queues, self.queue_id) for operation in together]
        return [_comparable(result) for result in await asyncio.gather(*running, return_exceptions=True)]

    def in_order(self, together: Sequence[Operation], order: Sequence[int]) -> tuple[Model, list[Any]]:
        model = deepcopy(self.model)
        results = {place: together[place].expect(model, self.clock.now()) for place in order}
        return model, [results[place] for place in range(len(together))]

    def expected(self, model: Model) -> dict[str, Any]:
        return {
            "counts": (len(model.marks), len(model.marks) - len(model.order), len(model.order)),
            "had multiple clients": model.had_multiple_clients,
            "head": model.order,
            "first": model.order[:PAGE],
            "marks": model.marks,
            "locks": {key: (until, owner.key) for key, (until, owner) in model.locks.items()},
            "locked": set(model.locks),
            "pending": set(model.order) - set(model.locks),
            "both": set(model.order),
        }

    def actual(self) -> dict[str, Any]:
        queue = self.queues.get(self.queue_id)
        assert queue is not None
        requests = self.listed()
        return {
            "counts": (queue.total_request_count, queue.handled_request_count, queue.pending_request_count),
            "had multiple clients": queue.had_multiple_clients,
            "head": _head_keys(self.queues.head(self.queue_id, limit=100)),
            "first": _head_keys(self.queues.head(self.queue_id, limit=PAGE)),
            "marks": {fields["uniqueKey"]: fields["userData"]["mark"] for fields in map(_fields, requests)},
            "locks": {
                _fields(found)["uniqueKey"]: (found.lock_expires_at, found.lock_by_client)
                for found in requests
                if found.lock_expires_at is not None
            },
            "locked": set(_keys(self.page(None, [RequestState.LOCKED], limit=100))),
            "pending": set(_keys(self.page(None, [RequestState.PENDING], limit=100))),
            "both": set(_keys(self.page(None, list(RequestState), limit=100))),
        }

    def listed(self) -> list[QueuedRequest]:
        """Return all requests, read page by page. Check that each can also be read by its id."""
        found: list[QueuedRequest] = []
        while page := self.page(found[-1].id if found else None, [], limit=PAGE):
            found += page
        assert [self.queues.get_request(self.queue_id, request.id) for request in found] == found
        return found

    def page(self, after: str | None, states: Sequence[RequestState], *, limit: int) -> list[QueuedRequest]:
        listed = self.run(self.queues.list_requests(self.queue_id, after=after, states=states, limit=limit))
        return listed.requests


def _comparable(result: Any) -> Any:
    """Return a result in the same form as the model's. Raise unexpected exceptions."""
    if isinstance(result, Invalid | NotFound):
        return type(result)
    if isinstance(result, BaseException):
        raise result
    return result


def _keys(requests: Sequence[QueuedRequest]) -> list[str]:
    return [_fields(request)["uniqueKey"] for request in requests]


def _fields(request: QueuedRequest) -> dict[str, Any]:
    fields: dict[str, Any] = loads(request.body)
    return fields


def _head_keys(items: Sequence[HeadItem]) -> list[str]:
    return [loads(item.unique_key) for item in items]


TestRequestQueueModel = RequestQueueMachine.TestCase
TestRequestQueueModel.settings = settings(
    max_examples=examples(60), stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
