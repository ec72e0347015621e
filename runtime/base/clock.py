"""The clock, which is passed to the code that needs it, so that tests can use virtual time."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import Any, Protocol

Millis = int
"""Milliseconds since 1970, UTC: the resolution of all times in the platform's API."""


DAY_MILLIS = 86_400_000
MAX_SLEEP_SECS = 86_400
"""Longer sleeps are split, because the wall clock may be adjusted and event loops reject timers of many years."""


class Clock(Protocol):
    def now(self) -> Millis: ...

    async def sleep(self, secs: float) -> None: ...


class SystemClock:
    """The host's wall clock. Deadlines are stored as its times, so that they remain valid after a restart."""

    def now(self) -> Millis:
        return time.time_ns() // 1_000_000

    async def sleep(self, secs: float) -> None:
        await asyncio.sleep(secs)


async def sleep_until(clock: Clock, moment: Millis) -> None:
    """Return when the clock shows `moment` or later."""
    while (left := moment - clock.now()) > 0:
        await clock.sleep(min(left / 1000, MAX_SLEEP_SECS))


async def wait_for_event(event: asyncio.Event, clock: Clock, moment: Millis | None) -> None:
    """Return when the event is set, or at `moment` if it is not None."""
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
    """Format a time as the platform does: ISO 8601, UTC, exactly three decimals, `Z`."""
    secs, millis = divmod(moment, 1000)
    return f"{datetime.fromtimestamp(secs, UTC).isoformat()[:19]}.{millis:03d}Z"
