"""A clock whose time only changes when a test moves it."""

from __future__ import annotations

import math

from runtime.base.clock import Millis


class HandClock:
    max_sleep_secs = math.inf

    def __init__(self, now: Millis = 1_700_000_000_000) -> None:
        self._now = now

    def now(self) -> Millis:
        return self._now

    async def sleep(self, secs: float) -> None:
        self.move(secs)

    def move(self, secs: float) -> None:
        self._now += round(secs * 1000)
