"""Reads a blocking stream in a thread of its own, and passes it to the event loop in batches.

Streams that last as long as a run must not occupy the thread pool for the engine's short calls.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import suppress
from typing import Generic, Protocol, TypeVar

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

BUFFER_LIMIT = 256 * 1024
"""The buffered size, in the unit of `size_of`, at which the thread waits for the event loop."""


class BlockingStream(Protocol[T_co]):
    """A stream that one thread reads. Another thread can call `cut`, which ends the reading immediately."""

    def __iter__(self) -> Iterator[T_co]: ...

    def cut(self) -> None: ...

    def close(self) -> None: ...


async def read_in_thread(
    open_stream: Callable[[], BlockingStream[T]], name: str, size_of: Callable[[T], int] = lambda _: 1024
) -> AsyncGenerator[list[T], None]:
    """Yield the items of a stream in order, as non-empty lists. Raises what opening or reading the stream raises.

    Closing the iterator ends its thread and its connection.
    """
    buffer = _Buffer[T](asyncio.get_running_loop(), size_of)
    threading.Thread(target=buffer.fill, args=(open_stream,), name=name, daemon=True).start()
    try:
        while items := await buffer.take():
            yield items
    finally:
        buffer.close()


class _Buffer(Generic[T]):
    def __init__(self, loop: asyncio.AbstractEventLoop, size_of: Callable[[T], int]) -> None:
        self._loop = loop
        self._size_of = size_of
        self._changed = threading.Condition()
        self._arrived = asyncio.Event()
        self._items: list[T] = []
        self._size = 0
        self._stream: BlockingStream[T] | None = None
        self._closed = False
        self._ended = False
        self._error: Exception | None = None

    def fill(self, open_stream: Callable[[], BlockingStream[T]]) -> None:
        """Open the stream and read it to its end. The thread's main function."""
        try:
            stream = open_stream()
            try:
                self._read(stream)
            finally:
                self._stream = None
                stream.close()
        except Exception as error:
            self._error = error
        with self._changed:
            self._ended = True
        self._notify()

    async def take(self) -> list[T]:
        """Return the items since the last call; an empty list at the end of the stream."""
        await asyncio.sleep(0)  # so that a fast stream does not block the event loop
        while not self._items and not self._ended:
            self._arrived.clear()
            await self._arrived.wait()
        with self._changed:
            items, self._items, self._size = self._items, [], 0
            self._changed.notify()
        if not items and self._error:
            raise self._error
        return items

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify()
            if self._stream:
                self._stream.cut()

    def _read(self, stream: BlockingStream[T]) -> None:
        with self._changed:
            if self._closed:
                return
            self._stream = stream
        for item in stream:
            if not self._put(item):
                return

    def _put(self, item: T) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._size < BUFFER_LIMIT)
            self._items.append(item)
            self._size += self._size_of(item)
            was_empty = len(self._items) == 1
        if was_empty:
            self._notify()
        return not self._closed

    def _notify(self) -> None:
        with suppress(RuntimeError):  # the event loop is closed, so nobody waits
            self._loop.call_soon_threadsafe(self._arrived.set)
