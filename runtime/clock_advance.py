"""Advancing the clock of schedules, retention and webhook retries, so that nobody has to wait for them.

Live runs do not notice it: their containers live in real time.
"""

from __future__ import annotations

from dataclasses import dataclass

from runtime.base.clock import DAY_MILLIS, AdvanceableClock, Millis
from runtime.base.errors import Invalid
from runtime.schedules.scheduler import Scheduler
from runtime.webhooks.delivery import Delivery

MAX_ADVANCE_MILLIS = 366 * DAY_MILLIS
"""A longer advance consists of several."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Advanced:
    """The time that the clock shows now, how far it is ahead of the machine's, and how often schedules ran."""

    now: Millis
    ahead_millis: Millis
    ticks: int


class ClockAdvance:
    def __init__(self, *, clock: AdvanceableClock, scheduler: Scheduler, delivery: Delivery) -> None:
        self._clock = clock
        self._scheduler = scheduler
        self._delivery = delivery

    async def advance(self, millis: Millis) -> Advanced:
        """Start all runs that schedules start within this time, in order, and let the time pass for all other waits.

        Raises Invalid, and then changes nothing, if the time is not valid or contains too many ticks of schedules.
        """
        if not 0 < millis <= MAX_ADVANCE_MILLIS:
            raise Invalid(
                "invalid-value",
                f"The clock can only be set forward, by up to {MAX_ADVANCE_MILLIS // 1000} seconds in one call",
            )
        ticks = await self._scheduler.advance(millis)
        await self._delivery.bring_forward(millis)
        return Advanced(now=self._clock.now(), ahead_millis=self._clock.offset, ticks=ticks)
