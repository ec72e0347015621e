"""A clock whose time the test advances: an hour takes milliseconds, and results do not depend on the machine."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import math
from collections.abc import Iterator, Sized
from contextlib import contextmanager

from runtime.base.clock import Millis

START: Millis = 1_700_000_000_000
"""2023-11-14T22:13:20.000Z."""
IDLE_TURNS = 3
"""After this many turns of the event loop without a ready callback, every task waits for time to pass."""


class VirtualClock:
    """Its time stands still until a test calls `advance`, which wakes the sleepers of that period in order.

    The event loop cannot see work in other threads. Wrap such work in `working`, and the clock waits for it. Sleeps are
    not split, so that weeks pass quickly; before a test sets this clock forward with `jump`, it sets `max_sleep_secs`.
    """

    def __init__(self, now: Millis = START) -> None:
        self.max_sleep_secs = math.inf
        self._now = now
        self._set_by: Millis = 0
        self._order = itertools.count()
        self._sleepers: list[tuple[Millis, int, asyncio.Future[None]]] = []
        self._working = 0
        self._idle = asyncio.Event()
        self._idle.set()

    def now(self) -> Millis:
        return self._now + self._set_by

    def jump(self, secs: float) -> None:
        """Set the wall clock forward or back, as a host's clock is set. Sleepers do not notice it."""
        self._set_by += round(secs * 1000)

    async def sleep(self, secs: float) -> None:
        moment = self._now + math.ceil(secs * 1000)
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (moment, next(self._order), woken))
        await woken

    async def advance(self, secs: float) -> None:
        """Let `secs` pass. Every task that wakes within that time has run when this returns."""
        end = self._now + round(secs * 1000)
        await self.settle()
        while self._sleepers and self._sleepers[0][0] <= end:
            moment = self._sleepers[0][0]
            woken = [sleeper for sleeper in self._due(moment) if not sleeper.done()]
            if woken:
                self._now = max(self._now, moment)
                for sleeper in woken:
                    sleeper.set_result(None)
                await self.settle()
        self._now = end
        await self.settle()

    def _due(self, moment: Millis) -> Iterator[asyncio.Future[None]]:
        """Yield the sleepers that are due at this moment. Like timers of a real loop, they wake in the same turn."""
        while self._sleepers and self._sleepers[0][0] <= moment:
            yield heapq.heappop(self._sleepers)[2]

    async def settle(self) -> None:
        """Run all tasks until each of them has ended or waits for time to pass."""
        ready: Sized = asyncio.get_running_loop()._ready  # type: ignore[attr-defined]  # no public way to see it
        turns = 0
        while turns < IDLE_TURNS:
            await asyncio.sleep(0)
            turns = turns + 1 if self._idle.is_set() and not ready else 0
            await self._idle.wait()

    @contextmanager
    def working(self) -> Iterator[None]:
        """Stop the clock while the body waits for work in another thread."""
        self._working += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._working -= 1
            if not self._working:
                self._idle.set()
