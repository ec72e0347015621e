from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import aclosing

import pytest

from runtime.containers.threaded_stream import BUFFER_LIMIT, read_in_thread


class Numbers:
    """Counts up to `end`. An endless one then waits until it is cut, like a stream without new data."""

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


async def test_all_items_arrive_in_order_in_few_batches() -> None:
    async with aclosing(read_in_thread(lambda: Numbers(100_000), "test", size_of=lambda _: 1)) as batches:
        arrived = [batch async for batch in batches]
    assert [number for batch in arrived for number in batch] == list(range(1, 100_001))
    assert len(arrived) < 50_000


async def test_the_thread_waits_for_a_slow_reader() -> None:
    stream = Numbers(10 * BUFFER_LIMIT)
    async with aclosing(read_in_thread(lambda: stream, "test", size_of=lambda _: 1024)) as batches:
        await anext(batches)
        while stream.read < BUFFER_LIMIT // 1024:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        assert stream.read <= 2 * BUFFER_LIMIT // 1024 + 2
    assert await asyncio.to_thread(stream.closed.wait, 30)


async def test_a_cancelled_reader_cuts_the_stream() -> None:
    stream = Numbers(1, endless=True)

    async def read() -> None:
        async for _ in read_in_thread(lambda: stream, "test"):
            pass

    reading = asyncio.create_task(read())
    while not stream.read:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert await asyncio.to_thread(stream.closed.wait, 30)


async def test_an_error_in_the_thread_is_raised() -> None:
    def fail() -> Numbers:
        raise ConnectionError("no engine")

    with pytest.raises(ConnectionError, match="no engine"):
        async for _ in read_in_thread(fail, "test"):
            pass
