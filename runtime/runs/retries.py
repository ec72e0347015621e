"""Repeating what a run needs while the engine or the disk is unavailable: a live run must not lose its supervisor."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from runtime.base.clock import Clock
from runtime.base.retry import retry
from runtime.base.storage_errors import STORAGE_ERRORS
from runtime.containers import EngineUnavailable

T = TypeVar("T")

UNAVAILABLE = (EngineUnavailable, *STORAGE_ERRORS)


async def retry_until_available(request: Callable[[], Awaitable[T]], clock: Clock, run_id: str) -> T:
    """The result of the request, repeated until the engine and the disk are available."""
    return await retry(request, clock, f"Run {run_id}", on=UNAVAILABLE)


async def retry_until_successful(request: Callable[[], Awaitable[T]], clock: Clock, run_id: str) -> T:
    """The result of the request, repeated after any error: an error in a measurement must not end a run."""
    return await retry(request, clock, f"Run {run_id}", on=(Exception,), expected=UNAVAILABLE)
