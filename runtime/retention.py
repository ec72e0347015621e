"""What is dropped by itself: old runs with their default storages, unnamed storages that nobody uses, old dispatches.

Source: "Data retention" in the platform's documentation: the newest ten runs and whatever has a name stay.
"""

from __future__ import annotations

import logging

from runtime.access.users import Users
from runtime.base.clock import Clock, Millis
from runtime.base.errors import GreenroomError
from runtime.runs.runs import Runs
from runtime.storages.run_storages import Storages
from runtime.webhooks.dispatches import Dispatches

log = logging.getLogger("greenroom.retention")

KEPT_RUNS = 10
DAY_MILLIS = 86_400_000
SWEEP_SECS = 3600.0


class Retention:
    """Drops what is older than `days`; 0 keeps everything."""

    def __init__(
        self, users: Users, runs: Runs, storages: Storages, dispatches: Dispatches, clock: Clock, days: float
    ) -> None:
        self._users = users
        self._runs = runs
        self._storages = storages
        self._dispatches = dispatches
        self._clock = clock
        self._days = days

    async def keep_sweeping(self) -> None:
        """Sweep now and every hour."""
        while self._days:
            await self.sweep(self._clock.now() - round(self._days * DAY_MILLIS))
            await self._clock.sleep(SWEEP_SECS)

    async def sweep(self, before: Millis) -> None:
        """Drop what was over before a moment: runs, unnamed storages by their last use, dispatches of webhooks."""
        for user in self._users.all():
            for run in self._runs.ended_before(user, before, kept=KEPT_RUNS):
                try:
                    await self._runs.delete(run)
                except GreenroomError as refusal:  # it rose again meanwhile
                    log.info("Run %s is kept: %s", run.id, refusal)
        await self._storages.delete_unused_since(before)
        await self._dispatches.delete_finished_before(before)
