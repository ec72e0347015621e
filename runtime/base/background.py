"""Long work in small slices outside of the event loop. Slices end soon: work is shared fairly, and can be cancelled.

Work that cannot be divided, such as one call of a validator, belongs in a helper process (`helper_process.py`).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sized
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
S = TypeVar("S", bound=Sized)

THREADS = 2
"""Further work waits for its turn. More threads would compete with the event loop for the interpreter lock."""
SLICE_SECS = 0.02
SLICE_LENGTH = 262_144
"""The length of a slice's pieces altogether: it limits how much is in memory before a slow client receives it."""

_threads = ThreadPoolExecutor(THREADS, "background")


async def in_background(function: Callable[[], T]) -> T:
    """Call a function that takes only a moment in one of the threads."""
    return await asyncio.get_running_loop().run_in_executor(_threads, function)


async def in_slices(pieces: Iterator[S]) -> AsyncIterator[list[S]]:
    """Compute the pieces in threads, and yield the pieces of each slice. Nothing is computed ahead of the consumer.

    A piece has to come within a moment. An iterator that has nothing to yield for longer yields empty pieces.
    """
    while slice := await in_background(lambda: _next_slice(pieces)):
        yield slice


async def exhaust(pieces: Iterator[S]) -> None:
    """Compute all pieces in slices, for what the iterator does."""
    async for _ in in_slices(pieces):
        pass


def _next_slice(pieces: Iterator[S]) -> list[S]:
    """The next pieces; none at the end of the iterator."""
    slice: list[S] = []
    length, end = 0, time.monotonic() + SLICE_SECS
    for piece in pieces:
        slice.append(piece)
        length += len(piece)
        if length >= SLICE_LENGTH or time.monotonic() >= end:
            break
    return slice
