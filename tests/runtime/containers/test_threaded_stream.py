from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import aclosing

import pytest

from runtime.containers.threaded_stream import ROOM, following


class Numbers:
    """Counts up to `end`, then waits to be cut, as a stream that has nothing to say at the moment."""

    def __init__(self, end: int, *, endless: bool = False) -> None:
        self.read = 0
        self.closed = threading.Event()
        self._end = end
        self._endless = endless
        self._cut = threading.Event()

    def __iter__(self) -> Iterator[int]:
        while self.read < self._end:
            self.read += 1
            yield self.read
        if self._endless:
            self._cut.wait(30)

    def cut(self) -> None:
        self._cut.set()

    def close(self) -> None:
        self.closed.set()


async def test_all_arrives_in_order_in_few_batches() -> None:
    async with aclosing(following(lambda: Numbers(100_000), "test", weigh=lambda _: 1)) as batches:
        arrived = [batch async for batch in batches]
    assert [number for batch in arrived for number in batch] == list(range(1, 100_001))
    assert len(arrived) < 50_000


async def test_the_thread_waits_for_a_slow_reader() -> None:
    source = Numbers(10 * ROOM)
    async with aclosing(following(lambda: source, "test", weigh=lambda _: 1024)) as batches:
        await anext(batches)
        while source.read < ROOM // 1024:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        assert source.read <= 2 * ROOM // 1024 + 2
    assert await asyncio.to_thread(source.closed.wait, 30)


async def test_a_cancelled_reader_cuts_the_stream() -> None:
    source = Numbers(1, endless=True)

    async def read() -> None:
        async for _ in following(lambda: source, "test"):
            pass

    reading = asyncio.create_task(read())
    while not source.read:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert await asyncio.to_thread(source.closed.wait, 30)


async def test_what_fails_in_the_thread_is_raised() -> None:
    def fail() -> Numbers:
        raise ConnectionError("no engine")

    with pytest.raises(ConnectionError, match="no engine"):
        async for _ in following(fail, "test"):
            pass
