"""The clock, which is passed to the code that needs it, so that tests can use virtual time."""

from __future__ import annotations

import asyncio
import math
import time
from datetime import UTC, datetime
from typing import Any, Protocol

Millis = int
"""Milliseconds since 1970, UTC: the resolution of all times in the platform's API."""

DAY_MILLIS = 86_400_000
MAX_SLEEP_SECS = 60


class Clock(Protocol):
    """`max_sleep_secs` splits longer sleeps: if the clock is set forward, its moments are noticed within this time."""

    @property
    def max_sleep_secs(self) -> float: ...

    def now(self) -> Millis: ...

    async def sleep(self, secs: float) -> None: ...


class SystemClock:
    """The host's wall clock. Deadlines are stored as its times, so that they remain valid after a restart."""

    max_sleep_secs: float = MAX_SLEEP_SECS

    def now(self) -> Millis:
        return time.time_ns() // 1_000_000

    async def sleep(self, secs: float) -> None:
        await asyncio.sleep(secs)


class AdvanceableClock:
    """A clock that `advance` moves forward, on top of another one. Everyone who sleeps by it then wakes in time.

    It starts without an advance. So a new server shows the time of its machine again.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._advances: list[tuple[Millis, Millis]] = []
        self._advanced = asyncio.Event()

    @property
    def max_sleep_secs(self) -> float:
        return self._clock.max_sleep_secs

    @property
    def offset(self) -> Millis:
        """How far this clock is ahead of the other one."""
        return sum(millis for _, millis in self._advances)

    def now(self) -> Millis:
        return self._clock.now() + self.offset

    async def sleep(self, secs: float) -> None:
        end = self.now() + math.ceil(secs * 1000)
        while (left := end - self.now()) > 0:
            await wait_for_event(self._advanced, self._clock, self._clock.now() + left)

    def advance(self, millis: Millis) -> None:
        self._advances.append((self._clock.now(), millis))
        self._advanced.set()
        self._advanced = asyncio.Event()

    def moment_before(self, millis: Millis) -> Millis:
        """The time that the other clock showed when this clock showed `millis` less than now.

        If this clock was moved past that time, it is the time of that advance.
        """
        moment, left = self._clock.now(), millis
        for advanced_at, advance in reversed(self._advances):
            if left <= moment - advanced_at:
                break
            left -= moment - advanced_at
            moment = advanced_at
            if left <= advance:
                return moment
            left -= advance
        return moment - left


async def sleep_until(clock: Clock, moment: Millis) -> None:
    """Return when the clock shows `moment` or later, or when the time that was left at first has passed.

    So nothing waits longer if the wall clock is set back.
    """
    left = moment - clock.now()
    while left > 0:
        pause = min(left / 1000, clock.max_sleep_secs)
        await clock.sleep(pause)
        left = min(left - round(pause * 1000), moment - clock.now())


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


def millis_of(at: datetime) -> Millis:
    """The moment of a time with a time zone."""
    return round(at.timestamp() * 1000)


def iso(moment: Millis) -> str:
    """Format a time as the platform does: ISO 8601, UTC, exactly three decimals, `Z`."""
    secs, millis = divmod(moment, 1000)
    return f"{datetime.fromtimestamp(secs, UTC).isoformat()[:19]}.{millis:03d}Z"
