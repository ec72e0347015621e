"""A data directory with large storages, filled through the database directly: over HTTP it would take minutes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.storages import shapes
from benchmarks.storages.contenders import Contender
from benchmarks.storages.load import Message
from runtime.access.users import Users
from runtime.base.clock import SystemClock
from runtime.base.json_text import dumps
from runtime.database import Database
from runtime.database.request_queues_table import NewRequest
from runtime.storages.datasets import Datasets
from runtime.storages.request_queues import RequestQueues, request_id

DATASETS = {
    "items-100k": (100_000, 1),
    "items-1m": (1_000_000, 25),
    "items-30k": (30_000, 25),
    "items-300k": (300_000, 25),
}
"""The number of items, and how many of them each push contains."""
QUEUES = {"requests-10k": 10_000, "requests-1m": 1_000_000}
STEP = 10_000


def fill(data_dir: Path) -> None:
    asyncio.run(_fill(data_dir))


async def _fill(data_dir: Path) -> None:
    database, clock = Database(data_dir), SystemClock()
    users = Users(database, {}, clock)
    await users.open()
    datasets, queues = Datasets(database, clock), RequestQueues(database, clock)
    for name, (count, push) in DATASETS.items():
        dataset, _ = await datasets.get_or_create(users.first().id, name)
        pushes = [datasets.push(dataset, shapes.items(first, push)) for first in range(0, count, push)]
        for some_pushes in _slices(pushes):
            await asyncio.gather(*some_pushes)
    for name, count in QUEUES.items():
        queue, _ = await queues.get_or_create(users.first().id, name)
        for numbers in _slices(range(count)):
            await database.request_queues.add_requests(
                queue.id, [_request(n) for n in numbers], forefront=False, now=clock.now()
            )
    database.close()


def fill_over_http(contender: Contender) -> None:
    """Fill the smaller of these storages on a contender that has a file per item."""
    dataset, queue = contender.id("datasets", "items-100k"), contender.id("request-queues", "requests-10k")
    pushes = [Message("POST", f"/v2/datasets/{dataset}/items", shapes.items(n, 25)) for n in range(0, 100_000, 25)]
    contender.costs(pushes)
    for numbers in _slices(range(QUEUES["requests-10k"]), 25):
        body = shapes.requests(numbers[0], 25)
        contender.costs([Message("POST", f"/v2/request-queues/{queue}/requests/batch", body)], connections=1)


def _slices(whole: Sequence[Any], size: int = STEP) -> Iterator[Sequence[Any]]:
    return (whole[start : start + size] for start in range(0, len(whole), size))


def _request(number: int) -> NewRequest:
    id = request_id(shapes.unique_key(number))
    return NewRequest(id, dumps({"id": id, **shapes.request(number)}), is_handled=False)
