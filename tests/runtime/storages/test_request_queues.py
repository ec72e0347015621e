from __future__ import annotations

import asyncio
import sqlite3
from typing import Any

import pytest

from runtime.base.errors import Invalid, NotFound
from runtime.base.json_text import dumps, loads
from runtime.base.records import QueueClient, RequestQueue
from runtime.database import Database, request_queues_table
from runtime.storages.request_queues import HEAD_FIELDS, LOCK_FIELDS, RequestQueues, ids_to_delete, request_id
from tests.examples import examples
from tests.runtime.storages.hand_clock import HandClock


@pytest.fixture
def queues(database: Database, clock: HandClock) -> RequestQueues:
    return RequestQueues(database, clock)


@pytest.fixture
async def queue(queues: RequestQueues) -> RequestQueue:
    return (await queues.get_or_create("user"))[0]


def draft(key: str, **fields: Any) -> dict[str, Any]:
    return {"uniqueKey": key, "url": f"http://localhost/{key}", **fields}


def test_ids_are_the_ones_that_sdks_compute() -> None:
    assert request_id("https://example.com") == "EAaArVRs5qV39C9"
    assert len({len(request_id(f"key{n}")) for n in range(1000)}) == 1


async def test_fields_are_stored_as_they_were_sent(queues: RequestQueues, queue: RequestQueue) -> None:
    cut = "\ud83d"  # half of a surrogate pair, as JavaScript's slice leaves it
    sent = draft("a", method="POST", userData={"__crawlee": {"x": [1, None, cut]}}, errorMessages=["e"], own=1.5)
    await queues.add_requests(queue.id, [sent], forefront=False)
    found = queues.get_request(queue.id, request_id("a"))
    assert found is not None
    assert loads(found.body) == {**sent, "id": request_id("a"), "retryCount": 0}


async def test_locks_are_not_stored_as_fields(queues: RequestQueues, queue: RequestQueue) -> None:
    sent = draft("a", lockExpiresAt="2030-01-01T00:00:00.000Z", lockByClient="me")
    await queues.add_requests(queue.id, [sent], forefront=False)
    found = queues.get_request(queue.id, request_id("a"))
    assert found is not None and not LOCK_FIELDS & loads(found.body).keys()


async def test_the_latest_forefront_request_is_first(queues: RequestQueues, queue: RequestQueue) -> None:
    await queues.add_requests(queue.id, [draft("a"), draft("b")], forefront=False)
    await queues.add_requests(queue.id, [draft("c"), draft("d")], forefront=True)
    assert [loads(found.unique_key) for found in queues.head(queue.id, limit=10)] == ["d", "c", "a", "b"]


@pytest.mark.parametrize("sent", [None, draft("a", userData=[]), draft("a", handledAt="yesterday")])
async def test_invalid_requests(queues: RequestQueues, queue: RequestQueue, sent: Any) -> None:
    with pytest.raises(Invalid, match="Request at position 1"):
        await queues.add_requests(queue.id, [draft("b"), sent], forefront=False)
    with pytest.raises(Invalid):
        await queues.add_request(queue.id, sent, forefront=False)
    with pytest.raises(Invalid):
        await queues.update_request(queue.id, request_id("a"), sent, forefront=False)
    assert queues.head(queue.id, limit=10) == []


async def test_a_batch_has_at_most_25_requests(queues: RequestQueues, queue: RequestQueue) -> None:
    await queues.add_requests(queue.id, [draft(str(n)) for n in range(25)], forefront=False)
    with pytest.raises(Invalid):
        await queues.add_requests(queue.id, [draft(str(n)) for n in range(26)], forefront=False)


async def test_an_update_must_have_the_id_in_its_url(queues: RequestQueues, queue: RequestQueue) -> None:
    a, b = request_id("a"), request_id("b")
    for id, fields, difference in (
        (b, draft("a"), f"its uniqueKey gives the id '{a}'"),
        (a, draft("a", id="other"), "the request's field 'id' is 'other'"),
        (a, draft("a", id=None), "the request's field 'id' is 'None'"),
        (b, draft("a", id=b), f"its uniqueKey gives the id '{a}'"),
    ):
        with pytest.raises(Invalid) as error:
            await queues.update_request(queue.id, id, fields, forefront=False)
        assert error.value.slug == "request-id-invalid"
        assert error.value.message == f"The address has the request id '{id}', but {difference}"


async def test_a_second_client_makes_the_queue_shared_permanently(queues: RequestQueues, queue: RequestQueue) -> None:
    async def is_shared_after(*keys: str | None) -> bool:
        new, _ = await queues.get_or_create("user")
        for key in keys:
            current = queues.get(new.id)
            assert current is not None
            await queues.record_client(current, QueueClient(key))
        current = queues.get(new.id)
        assert current is not None
        return current.had_multiple_clients

    assert not await is_shared_after("a", "a", "a")
    assert await is_shared_after("a", "b", "a", "a")
    assert await is_shared_after("a", None)
    assert not await is_shared_after(None)
    assert await is_shared_after(None, None)
    with pytest.raises(Invalid):
        await queues.record_client(queue, QueueClient("x" * 33))


async def test_concurrent_calls_of_one_client_count_once(queues: RequestQueues, queue: RequestQueue) -> None:
    await asyncio.gather(*(queues.record_client(queue, QueueClient("a")) for _ in range(3)))
    current = queues.get(queue.id)
    assert current is not None and not current.had_multiple_clients


async def test_counters(queues: RequestQueues, queue: RequestQueue) -> None:
    client = QueueClient("a")
    await queues.add_requests(queue.id, [draft("a"), draft("b")], forefront=False)  # 2 writes
    await queues.add_requests(queue.id, [draft("a")], forefront=False)  # 1, although it is present
    await queues.lock_head(queue.id, client, limit=5, lock_secs=10)  # 2 writes, 2 reads
    await queues.prolong_lock(queue.id, request_id("a"), client, lock_secs=5, forefront=False)  # 1
    await queues.release_lock(queue.id, request_id("a"), client, forefront=False)  # 1
    await queues.unlock_requests(queue.id, client)  # 1: b
    await queues.delete_requests(queue.id, [request_id("a")])  # 1
    queues.head(queue.id, limit=5)  # 1 read
    queues.get_request(queue.id, request_id("b"))  # 1
    await queues.list_requests(queue.id, after=None, states=(), limit=5)  # 1
    found = queues.get(queue.id)
    assert found is not None and (found.write_count, found.read_count) == (9, 5)
    assert (found.delete_count, found.head_item_read_count) == (1, 3)


async def test_the_bytes_of_stored_requests(queues: RequestQueues, queue: RequestQueue) -> None:
    async def stored() -> int:
        current = queues.get(queue.id)
        assert current is not None
        return current.stored_bytes

    def size(*drafts: dict[str, Any]) -> int:
        defaults = {"method": "GET", "retryCount": 0}
        return sum(len(dumps({**defaults, **each, "id": request_id(each["uniqueKey"])})) for each in drafts)

    long = draft("a", userData={"text": "x" * 1000})
    await queues.add_requests(queue.id, [draft("a"), draft("b"), draft("a")], forefront=False)
    assert await stored() == size(draft("a"), draft("b"))
    await queues.update_request(queue.id, request_id("a"), long, forefront=False)
    await queues.update_request(queue.id, request_id("c"), draft("c"), forefront=False)
    assert await stored() == size(long, draft("b"), draft("c"))
    await queues.delete_requests(queue.id, [request_id("a"), request_id("a"), request_id("none")])
    assert await stored() == size(draft("b"), draft("c"))


async def test_a_deleted_queue_is_not_found(queues: RequestQueues, queue: RequestQueue) -> None:
    await queues.delete(queue.id)
    with pytest.raises(NotFound):
        await queues.add_requests(queue.id, [draft("a")], forefront=False)
    with pytest.raises(NotFound):
        await queues.lock_head(queue.id, QueueClient("a"), limit=1, lock_secs=1)


def test_a_request_to_delete_has_an_id_or_a_unique_key() -> None:
    assert ids_to_delete([{"id": "x", "uniqueKey": "y"}, {"uniqueKey": "y"}]) == ["x", request_id("y")]
    for entry in (None, {}, {"id": 1}):
        with pytest.raises(Invalid, match="at position 1 "):
            ids_to_delete([{"id": "x"}, entry])


async def test_handled_requests_do_not_make_the_head_more_expensive(
    queues: RequestQueues, queue: RequestQueue, database: Database, clock: HandClock
) -> None:
    """The cost is the number of SQLite's virtual machine steps, which does not depend on the load of the host."""

    def steps() -> int:
        def count_steps(connection: sqlite3.Connection) -> int:
            counted = 0

            def step() -> int:
                nonlocal counted
                counted += 1
                return 0

            connection.set_progress_handler(step, 1)
            query = f"{request_queues_table.SELECT} WHERE {request_queues_table.UNHANDLED} ORDER BY position LIMIT 25"
            assert len(connection.execute(query, (queue.id,)).fetchall()) == 25
            connection.set_progress_handler(None, 1)
            return counted

        return database.connection.query(count_steps)

    count = examples(5000)

    async def fill(start: int, handled: str | None) -> None:
        for first in range(start, start + count, 25):
            drafts = [draft(str(n), handledAt=handled) for n in range(first, first + 25)]
            await queues.add_requests(queue.id, drafts, forefront=False)

    await queues.add_requests(queue.id, [draft(f"pending{n}") for n in range(25)], forefront=False)
    alone = steps()
    await fill(0, "2024-01-01T00:00:00.000Z")
    await fill(count, None)
    assert steps() <= alone * 1.2


async def test_a_head_has_requests_that_only_the_exact_decoder_can_read(queues: RequestQueues) -> None:
    queue, _ = await queues.get_or_create("user")
    cut = {
        "uniqueKey": "cut",
        "url": "http://a/\ud83d",
        "method": "GET",
        "retryCount": 1,
        "userData": {"\ud83d": 1},
    }
    await queues.add_requests(queue.id, [cut], forefront=False)
    shown = loads(dumps(queues.head(queue.id, limit=1)))
    assert shown == [{name: cut.get(name, request_id("cut")) for name in HEAD_FIELDS}]


async def test_the_locks_of_a_run_are_released_in_all_queues_of_its_user(
    queues: RequestQueues, queue: RequestQueue, clock: HandClock
) -> None:
    other, foreign = (await queues.get_or_create("user"))[0], (await queues.get_or_create("another user"))[0]
    mine, keyed = QueueClient(run_id="run"), QueueClient("key", "run")
    for target in (queue, other, foreign):
        await queues.add_requests(target.id, [draft(key) for key in "abcd"], forefront=False)
        for client in (mine, keyed, QueueClient("key"), QueueClient(run_id="another run")):
            await queues.lock_head(target.id, client, limit=1, lock_secs=60)
    before = queues.get(queue.id)
    await queues.unlock_requests_of_run("user", "run")
    assert queues.get(queue.id) == before
    for target, free in ((queue, ["a", "b"]), (other, ["a", "b"]), (foreign, [])):
        head = await queues.lock_head(target.id, QueueClient("new"), limit=25, lock_secs=60)
        assert [loads(item.unique_key) for item in head.items] == free


async def test_pages_and_heads_of_big_requests_end_early(
    queues: RequestQueues, queue: RequestQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise one response could hold gigabytes."""
    await queues.add_requests(queue.id, [draft(key, userData={"x": "x" * 400}) for key in "abcde"], forefront=False)
    monkeypatch.setattr(request_queues_table, "MAX_PAGE_BYTES", 1000)
    assert [loads(item.unique_key) for item in queues.head(queue.id, limit=5)] == ["a", "b"]
    locked = await queues.lock_head(queue.id, QueueClient("a"), limit=5, lock_secs=60)
    assert [loads(item.unique_key) for item in locked.items] == ["a", "b"]
    every = sorted(request_id(key) for key in "abcde")
    for limit, sizes in ((2, [2, 2, 1]), (5, [2, 2, 1]), (1, [1] * 5)):
        pages: list[list[str]] = []
        after = None
        while True:
            page = await queues.list_requests(queue.id, after=after, states=(), limit=limit)
            pages.append([request.id for request in page.requests])
            if not page.has_more:
                break
            after = page.requests[-1].id
        assert ([id for page in pages for id in page], [len(page) for page in pages]) == (every, sizes)
    monkeypatch.setattr(request_queues_table, "MAX_PAGE_BYTES", 1)
    assert len(queues.head(queue.id, limit=5)) == 1
