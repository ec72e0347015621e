"""Time is given to the parts that need it, so that a test can turn an hour into milliseconds."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import Any, Protocol

Millis = int
"""Milliseconds since 1970, UTC: the resolution of every time the platform shows."""


LONGEST_SLEEP_SECS = 86_400
"""A wall clock may be set; and event loops refuse timers of many years."""


class Clock(Protocol):
    def now(self) -> Millis: ...

    async def sleep(self, secs: float) -> None: ...


class SystemClock:
    """The host's wall clock; deadlines are stored, so they must mean the same after a restart."""

    def now(self) -> Millis:
        return time.time_ns() // 1_000_000

    async def sleep(self, secs: float) -> None:
        await asyncio.sleep(secs)


async def sleep_until(clock: Clock, moment: Millis) -> None:
    """Return when the clock shows `moment` or later."""
    while (left := moment - clock.now()) > 0:
        await clock.sleep(min(left / 1000, LONGEST_SLEEP_SECS))


async def until(event: asyncio.Event, clock: Clock, moment: Millis | None) -> None:
    """Return when the event is set, or at a moment if there is one."""
    waits: list[asyncio.Task[Any]] = [asyncio.create_task(event.wait())]
    if moment is not None:
        waits.append(asyncio.create_task(sleep_until(clock, moment)))
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
        await asyncio.gather(*waits, return_exceptions=True)


def iso(moment: Millis) -> str:
    """The platform's only way to write a time: ISO 8601, UTC, exactly three decimals, `Z`."""
    secs, millis = divmod(moment, 1000)
    return f"{datetime.fromtimestamp(secs, UTC).isoformat()[:19]}.{millis:03d}Z"
