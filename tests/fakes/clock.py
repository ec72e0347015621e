"""A clock whose time the test moves: an hour takes milliseconds, and nothing depends on the machine."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import math
from collections.abc import Iterator
from contextlib import contextmanager

from runtime.base.clock import Millis

START: Millis = 1_700_000_000_000
"""2023-11-14T22:13:20.000Z."""
CALM_TURNS = 25
"""Turns of the event loop without work in other threads, after which nothing is left to happen by itself."""


class VirtualClock:
    """Stands still until `advance` moves it, from one sleeper's moment to the next.

    Work in other threads is invisible to the event loop: who starts some says so with `working`.
    """

    def __init__(self, now: Millis = START) -> None:
        self._now = now
        self._order = itertools.count()
        self._sleepers: list[tuple[Millis, int, asyncio.Future[None]]] = []
        self._working = 0
        self._calm = asyncio.Event()
        self._calm.set()

    def now(self) -> Millis:
        return self._now

    async def sleep(self, secs: float) -> None:
        moment = self._now + math.ceil(secs * 1000)
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (moment, next(self._order), woken))
        await woken

    async def advance(self, secs: float) -> None:
        """Let `secs` pass; all that happens meanwhile has happened on return."""
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
        """Those who sleep until this moment: as with a real loop's timers, they wake in the same turn."""
        while self._sleepers and self._sleepers[0][0] <= moment:
            yield heapq.heappop(self._sleepers)[2]

    async def settle(self) -> None:
        """Let everything happen that needs no time to pass."""
        turns = 0
        while turns < CALM_TURNS:
            await asyncio.sleep(0)
            turns = turns + 1 if self._calm.is_set() else 0
            await self._calm.wait()

    @contextmanager
    def working(self) -> Iterator[None]:
        """Around work that is done in another thread."""
        self._working += 1
        self._calm.clear()
        try:
            yield
        finally:
            self._working -= 1
            if not self._working:
                self._calm.set()
