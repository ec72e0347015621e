"""Data retention: drops old runs with their default storages, unused builds and unnamed storages, and old dispatches.

Source: "Data retention" in the platform's documentation. The newest ten runs and builds and every named storage stay.
The platform drops untagged builds that were not used for 90 days. Here, each build takes space on the user's machine.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable

from runtime.access.users import Users
from runtime.account_limits import AccountLimits
from runtime.base.clock import DAY_MILLIS, AdvanceableClock, Millis
from runtime.base.errors import Invalid, NotFound
from runtime.base.records import User
from runtime.base.retry import retry
from runtime.base.storage_errors import STORAGE_ERRORS
from runtime.builds import Builds
from runtime.containers import EngineUnavailable
from runtime.runs.deletion import RunDeletion
from runtime.runs.runs import Runs
from runtime.storages.run_storages import Storages
from runtime.webhooks.dispatches import Dispatches

log = logging.getLogger("greenroom.retention")

NEWEST_RUNS = NEWEST_BUILDS = 10
SWEEP_SECS = 3600.0


class Retention:
    """Drops the data of each user that is older than the user's limit."""

    def __init__(
        self,
        *,
        users: Users,
        runs: Runs,
        run_deletion: RunDeletion,
        builds: Builds,
        storages: Storages,
        dispatches: Dispatches,
        clock: AdvanceableClock,
        limits: AccountLimits,
    ) -> None:
        self._users = users
        self._runs = runs
        self._run_deletion = run_deletion
        self._builds = builds
        self._storages = storages
        self._dispatches = dispatches
        self._clock = clock
        self._limits = limits

    async def sweep_hourly(self) -> None:
        """Sweep now and every hour."""
        while True:
            await retry(
                self._sweep_now,
                self._clock,
                "Retention",
                on=(Exception,),
                expected=STORAGE_ERRORS,
            )
            await self._clock.sleep(SWEEP_SECS)

    async def _sweep_now(self) -> None:
        for user in self._users.all():
            if days := self._limits.retention_days(user):
                await self.sweep(user, self._clock.moment_before(round(days * DAY_MILLIS)))

    async def sweep(self, user: User, before: Millis) -> None:
        """Drop runs, builds and dispatches that ended before a moment, and unnamed storages last used before it.

        Builds that a remaining run used stay, because the run can be resurrected.
        """
        for run in self._runs.ended_before(user, before, except_newest=NEWEST_RUNS):
            await _drop("Run", run.id, self._run_deletion.delete(run))
        for build in self._builds.unused_since(user, before, except_newest=NEWEST_BUILDS):
            await _drop("Build", build.id, self._builds.delete(build))
        await self._storages.delete_unused_since(user.id, before)
        await self._dispatches.delete_finished_before(user.id, before)


async def _drop(kind: str, id: str, deletion: Awaitable[None]) -> None:
    """Await a deletion. What cannot be deleted now is tried again by the next sweep."""
    try:
        await deletion
    except (Invalid, NotFound, EngineUnavailable) as error:  # for example, the run was resurrected concurrently
        log.info("%s %s was not dropped: %s", kind, id, error)
