"""Repeating a request to the engine while the engine is unavailable: it may be restarting while its containers run."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from runtime.base.clock import Clock
from runtime.containers import EngineUnavailable

log = logging.getLogger("greenroom.supervisor")
T = TypeVar("T")

RETRY_SECS = 1.0


async def retry_until_available(request: Callable[[], Awaitable[T]], clock: Clock, run_id: str) -> T:
    """The result of the request, repeated once a second until the engine answers."""
    while True:
        try:
            return await request()
        except EngineUnavailable as problem:
            log.info("Run %s: %s", run_id, problem)
            await clock.sleep(RETRY_SECS)
