"""Counts how often the event loop turns while other code runs: not at all, if that code blocks it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")


async def ticks_during(work: Awaitable[T]) -> tuple[int, T | Exception]:
    """The number of turns of the event loop until the work ends, and its result or its error."""
    task = asyncio.ensure_future(work)
    ticks = 0
    while not task.done():
        await asyncio.sleep(0.001)
        ticks += 1
    problem = task.exception()
    if problem is not None and not isinstance(problem, Exception):
        raise problem
    return ticks, task.result() if problem is None else problem
