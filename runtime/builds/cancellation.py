"""Work in another thread that a cancellation ends: nothing goes on behind the back of who was cancelled."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

Checkpoint = Callable[[], None]
"""To be called now and then by the work; raises CalledOff once it is cancelled."""


class CalledOff(Exception):
    """The work is not wanted any more."""


async def in_thread(work: Callable[[Checkpoint], T]) -> T:
    """Do the work in a thread. A cancellation is raised when the thread has let go."""
    is_off = threading.Event()

    def checkpoint() -> None:
        if is_off.is_set():
            raise CalledOff

    task = asyncio.ensure_future(asyncio.to_thread(work, checkpoint))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        is_off.set()
        await asyncio.wait({task})
        task.exception()  # known: it was called off
        raise
