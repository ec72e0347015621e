"""The requests that each contender receives, and how many of them each round sends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from benchmarks.storages import shapes
from benchmarks.storages.load import CONNECTIONS, Message
from runtime.storages.request_queues import request_id

DATASETS, QUEUES, STORES = "datasets", "request-queues", "key-value-stores"
SMALL_BYTES, BIG_BYTES = 1_000, 100_000_000
BINARY = "application/octet-stream"
PAGE = 100
LOCK_SECS = 0.01
"""So short that the locks have expired when the next round locks the same requests."""
HANDLED_AT = "2026-01-01T00:00:00.000Z"


@dataclass(frozen=True, slots=True)
class Operation:
    """`message(path, n)` creates the n-th request to the storage at `path`. A round sends `count` requests."""

    name: str
    storage_type: str
    storage: str
    message: Callable[[str, int], Message]
    count: int
    connections: int = CONNECTIONS

    def messages(self, id: str, round: int) -> list[Message]:
        path = f"/v2/{self.storage_type}/{id}"
        return [self.message(path, n) for n in range(round * self.count, (round + 1) * self.count)]


def push(items: int) -> Callable[[str, int], Message]:
    return lambda path, n: Message("POST", f"{path}/items", shapes.items(n * items, items))


def page(offset: int) -> Callable[[str, int], Message]:
    return lambda path, _: Message("GET", f"{path}/items?offset={offset}&limit={PAGE}")


def add(path: str, n: int) -> Message:
    return Message("POST", f"{path}/requests/batch?clientKey=bench", shapes.requests(100_000_000 + n * 25, 25))


def head(path: str, _: int) -> Message:
    return Message("GET", f"{path}/head?limit={PAGE}&clientKey=bench")


def lock(path: str, _: int) -> Message:
    return Message("POST", f"{path}/head/lock?limit=25&lockSecs={LOCK_SECS}&clientKey=bench")


def update(path: str, n: int) -> Message:
    """Mark the n-th request as handled."""
    id = request_id(shapes.unique_key(n))
    body = msgspec.json.encode({"id": id, **shapes.request(n), "handledAt": HANDLED_AT})
    return Message("PUT", f"{path}/requests/{id}?clientKey=bench", body)


def put(size: int) -> Callable[[str, int], Message]:
    body = bytes(size)
    return lambda path, n: Message("PUT", f"{path}/records/{size}-bytes-{n % 8}", body, BINARY)


def get(size: int) -> Callable[[str, int], Message]:
    return lambda path, n: Message("GET", f"{path}/records/{size}-bytes-{n % 8}")


def _head_of_queue(size: str) -> Operation:
    return Operation(f"head of 100 at {size}", QUEUES, f"requests-{size.lower()}", head, 400)


def _writes_to_queue(size: str) -> tuple[Operation, ...]:
    name = f"requests-{size.lower()}"
    return (
        Operation(f"lock 25 at {size}", QUEUES, name, lock, 100),
        Operation(f"update at {size}", QUEUES, name, update, 400),
        Operation(f"add 25 at {size}", QUEUES, name, add, 100),
    )


PUSHES = {"push 1 item": 1, "push 25 items": 25}
WRITES = (
    *(Operation(name, DATASETS, "pushed", push(items), 400) for name, items in PUSHES.items()),
    *_writes_to_queue("10k"),
    Operation("put 1 KB", STORES, "values", put(SMALL_BYTES), 400),
)
HOT = (
    _head_of_queue("10k"),
    Operation("get 1 KB", STORES, "values", get(SMALL_BYTES), 400),
    Operation("first page of 100k", DATASETS, "items-100k", page(0), 400),
)
DEEP = (
    Operation("page at 90 % of 100k", DATASETS, "items-100k", page(90_000), 400),
    Operation("first page of 1M", DATASETS, "items-1m", page(0), 400),
    Operation("page at 90 % of 1M", DATASETS, "items-1m", page(900_000), 400),
    _head_of_queue("1M"),
    *_writes_to_queue("1M"),
)
BIG = (
    Operation("put 100 MB", STORES, "values", put(BIG_BYTES), 2, connections=1),
    Operation("get 100 MB", STORES, "values", get(BIG_BYTES), 2, connections=1),
)
