"""Data retention: drops old runs with their default storages, unused unnamed storages, and old dispatches.

Source: "Data retention" in the platform's documentation. The newest ten runs and every named storage stay.
"""

from __future__ import annotations

import logging

from runtime.access.users import Users
from runtime.base.clock import Clock, Millis
from runtime.base.errors import Invalid, NotFound
from runtime.base.retry import retry
from runtime.base.storage_errors import STORAGE_ERRORS
from runtime.runs.deletion import RunDeletion
from runtime.runs.runs import Runs
from runtime.storages.run_storages import Storages
from runtime.webhooks.dispatches import Dispatches

log = logging.getLogger("greenroom.retention")

NEWEST_RUNS = 10
DAY_MILLIS = 86_400_000
SWEEP_SECS = 3600.0


class Retention:
    """Drops data older than `days`; 0 disables retention."""

    def __init__(
        self,
        *,
        users: Users,
        runs: Runs,
        run_deletion: RunDeletion,
        storages: Storages,
        dispatches: Dispatches,
        clock: Clock,
        days: float,
    ) -> None:
        self._users = users
        self._runs = runs
        self._run_deletion = run_deletion
        self._storages = storages
        self._dispatches = dispatches
        self._clock = clock
        self._days = days

    async def sweep_hourly(self) -> None:
        """Sweep now and every hour, unless retention is disabled."""
        while self._days:
            await retry(
                self._sweep_now,
                self._clock,
                "Retention",
                on=(Exception,),
                expected=STORAGE_ERRORS,
            )
            await self._clock.sleep(SWEEP_SECS)

    async def _sweep_now(self) -> None:
        await self.sweep(self._clock.now() - round(self._days * DAY_MILLIS))

    async def sweep(self, before: Millis) -> None:
        """Drop runs and dispatches that ended before a moment, and unnamed storages last used before it."""
        for user in self._users.all():
            for run in self._runs.ended_before(user, before, except_newest=NEWEST_RUNS):
                try:
                    await self._run_deletion.delete(run)
                except (Invalid, NotFound) as error:  # the run was resurrected or deleted concurrently
                    log.info("Run %s was not dropped: %s", run.id, error)
        await self._storages.delete_unused_since(before)
        await self._dispatches.delete_finished_before(before)
