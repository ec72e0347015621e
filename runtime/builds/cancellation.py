"""Work in threads that stops when the waiting task is cancelled."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

Checkpoint = Callable[[], None]
"""The work calls it regularly; it raises WorkCancelled after a cancellation."""


class WorkCancelled(Exception):
    """The task that waits for the work was cancelled."""


async def in_thread(work: Callable[[Checkpoint], T]) -> T:
    """Do the work in a thread. A cancellation is raised only after the work has stopped."""
    is_cancelled = threading.Event()

    def checkpoint() -> None:
        if is_cancelled.is_set():
            raise WorkCancelled

    task = asyncio.ensure_future(asyncio.to_thread(work, checkpoint))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        is_cancelled.set()
        await asyncio.wait({task})
        task.exception()  # retrieve it, or asyncio logs that it was not retrieved
        raise
