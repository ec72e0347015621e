"""A blocking stream, read in a thread of its own and handed to the event loop in batches.

Streams that last as long as a run must not occupy the pool that the engine's short calls share.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import suppress
from typing import Generic, Protocol, TypeVar

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

ROOM = 256 * 1024
"""How much may wait for the event loop, in the units of `weigh`, before the thread stops reading."""


class Source(Protocol[T_co]):
    """A stream being read by one thread. `cut` may be called from another and ends the reading at once."""

    def __iter__(self) -> Iterator[T_co]: ...

    def cut(self) -> None: ...

    def close(self) -> None: ...


async def following(
    open_source: Callable[[], Source[T]], name: str, weigh: Callable[[T], int] = lambda _: 1024
) -> AsyncGenerator[list[T], None]:
    """Yield what arrives, in order, as non-empty lists; raise what `open_source` or the reading raises.

    Closing the iterator frees its thread and connection.
    """
    inbox = _Inbox[T](asyncio.get_running_loop(), weigh)
    threading.Thread(target=inbox.fill, args=(open_source,), name=name, daemon=True).start()
    try:
        while items := await inbox.take():
            yield items
    finally:
        inbox.close()


class _Inbox(Generic[T]):
    def __init__(self, loop: asyncio.AbstractEventLoop, weigh: Callable[[T], int]) -> None:
        self._loop = loop
        self._weigh = weigh
        self._changed = threading.Condition()
        self._arrived = asyncio.Event()
        self._items: list[T] = []
        self._weight = 0
        self._source: Source[T] | None = None
        self._closed = False
        self._ended = False
        self._error: Exception | None = None

    def fill(self, open_source: Callable[[], Source[T]]) -> None:
        """The thread's whole life."""
        try:
            source = open_source()
            try:
                self._read(source)
            finally:
                self._source = None
                source.close()
        except Exception as error:
            self._error = error
        with self._changed:
            self._ended = True
        self._announce()

    async def take(self) -> list[T]:
        """What has arrived since the last call; an empty list at the end."""
        await asyncio.sleep(0)  # a flood must not keep the loop from everything else
        while not self._items and not self._ended:
            self._arrived.clear()
            await self._arrived.wait()
        with self._changed:
            items, self._items, self._weight = self._items, [], 0
            self._changed.notify()
        if not items and self._error:
            raise self._error
        return items

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify()
            if self._source:
                self._source.cut()

    def _read(self, source: Source[T]) -> None:
        with self._changed:
            if self._closed:
                return
            self._source = source
        for item in source:
            if not self._put(item):
                return

    def _put(self, item: T) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._weight < ROOM)
            self._items.append(item)
            self._weight += self._weigh(item)
            first = len(self._items) == 1
        if first:
            self._announce()
        return not self._closed

    def _announce(self) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody is left to tell
            self._loop.call_soon_threadsafe(self._arrived.set)
