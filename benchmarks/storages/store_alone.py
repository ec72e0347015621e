"""The same writes asked of the store itself, in this process: what no server on top of it can cost less than."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import closing
from pathlib import Path

import msgspec
import uvloop

from benchmarks.storages import shapes
from benchmarks.storages.load import CONNECTIONS, Cost
from benchmarks.storages.operations import BINARY, HANDLED_AT, LOCK_SECS, SMALL_BYTES
from runtime.clock import SystemClock
from runtime.records import QueueClient
from runtime.storages.datasets import Datasets
from runtime.storages.key_value_stores import KeyValueStores
from runtime.storages.request_queues import RequestQueues, request_id
from runtime.store import Store

TURNS = 40
FILLING = 400
"""Batches of 25: the queue has 10k requests."""
Write = Callable[[int], Awaitable[object]]


def costs(folder: Path) -> dict[str, Cost]:
    """By operation; the store's folder is made and filled."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner, closing(Store(folder)) as store:
        return runner.run(_costs(store))


async def _costs(store: Store) -> dict[str, Cost]:
    clock, client = SystemClock(), QueueClient("bench")
    datasets, queues = Datasets(store.items, clock), RequestQueues(store.requests, clock)
    values = KeyValueStores(store.values, clock)
    dataset, queue = (await datasets.get_or_create("user"))[0], (await queues.get_or_create("user"))[0]
    records = (await values.get_or_create("user"))[0]

    async def value() -> AsyncIterator[bytes]:
        yield bytes(SMALL_BYTES)

    def add(n: int) -> Awaitable[object]:
        batch = msgspec.json.decode(shapes.requests(n * 25, 25))
        return queues.add(queue.id, batch, forefront=False)

    def update(n: int) -> Awaitable[object]:
        fields = {**shapes.request(n), "handledAt": HANDLED_AT}
        return queues.update_request(queue.id, request_id(shapes.unique_key(n)), fields, forefront=False)

    writes: dict[str, Write] = {
        "push 1 item": lambda n: datasets.push(dataset, shapes.items(n, 1)),
        "push 25 items": lambda n: datasets.push(dataset, shapes.items(n, 25)),
        "lock 25 at 10k": lambda n: queues.lock_head(queue.id, client, limit=25, lock_secs=LOCK_SECS),
        "update at 10k": update,
        "add 25 at 10k": lambda n: add(FILLING + n),
        "put 1 KB": lambda n: values.put_record(records.id, f"key-{n % 8}", BINARY, None, value()),
    }
    await asyncio.gather(*(add(n) for n in range(FILLING)))
    return {name: await _cost(write) for name, write in writes.items()}


async def _cost(write: Write) -> Cost:
    """As many at a time as there are connections; what they are given is made before."""
    count = TURNS * CONNECTIONS
    writes = [write(n) for n in range(count)]
    wall, cpu = time.perf_counter(), time.process_time()
    for first in range(0, count, CONNECTIONS):
        await asyncio.gather(*writes[first : first + CONNECTIONS])
    return Cost((time.perf_counter() - wall) / count * 1e6, (time.process_time() - cpu) / count * 1e6)
