"""The runs of fits: starting, measuring, aborting and deleting them."""

from __future__ import annotations

import logging
from dataclasses import asdict

from runtime.access.users import Users
from runtime.actors.actors import Actors
from runtime.base.clock import Millis
from runtime.base.errors import GreenroomError, NotFound
from runtime.base.records import Fit, LiveTrial, Measurement, Run
from runtime.base.storage_errors import STORAGE_ERRORS
from runtime.billing.billing import Billing
from runtime.fits.capacity import Host
from runtime.fits.reading import measurement_of
from runtime.inputs.inputs import JSON_TYPE, Input
from runtime.metrics.reading import read_totals
from runtime.metrics.recorder import Metrics
from runtime.runs.deletion import RunDeletion
from runtime.runs.options import StartOptions
from runtime.runs.orders import Orders
from runtime.runs.runs import Runs
from runtime.runs.start_plan import StartRequest
from runtime.runs.starting import Starting

log = logging.getLogger("greenroom.fits")


class TrialRuns:
    """Makes the runs of fits in the name of the users to whom the fits belong."""

    def __init__(
        self,
        *,
        users: Users,
        actors: Actors,
        starting: Starting,
        runs: Runs,
        orders: Orders,
        run_deletion: RunDeletion,
        metrics: Metrics,
        billing: Billing,
    ) -> None:
        self._users = users
        self._actors = actors
        self._starting = starting
        self._runs = runs
        self._orders = orders
        self._run_deletion = run_deletion
        self._metrics = metrics
        self._billing = billing

    async def start(self, fit: Fit, live: LiveTrial, body: str | None) -> None:
        """Start the run of a trial with the input `body`. Raises as `Starting.start`, and NotFound."""
        user = self._users.get(fit.user_id)
        options = {**asdict(fit.options), "memory_mbytes": live.trial.memory_mbytes}
        await self._starting.start(
            StartRequest(
                user=user,
                actor=self._actors.get_runnable(user, fit.actor_id),
                input=None if body is None else Input(body=body.encode(), content_type=JSON_TYPE),
                options=StartOptions(**options, env_vars=fit.env_vars, permission_level=fit.permission_level),
                meta=fit.meta,
                run_id=live.run_id,
            )
        )

    def find(self, run_id: str) -> Run | None:
        try:
            return self._runs.get(run_id)
        except NotFound:
            return None

    async def wait(self, run_id: str, secs: float) -> None:
        """Return when the run has ended or no longer exists, or after `secs` seconds."""
        if self.find(run_id) is not None:
            await self._runs.wait(run_id, secs)

    async def measure(self, live: LiveTrial, run: Run, host: Host, now: Millis) -> Measurement:
        totals = await read_totals(self._metrics.blocks(run.id))
        return measurement_of(live, run, totals, self._billing, host, now)

    async def abort(self, run_id: str) -> None:
        run = self.find(run_id)
        if run is not None and not run.status.is_terminal:
            await self._orders.abort(run)

    async def delete(self, run_id: str) -> None:
        """Delete a finished run. A run that cannot be deleted remains, for example after it was resurrected."""
        run = self.find(run_id)
        if run is None:
            return
        try:
            await self._run_deletion.delete(run)
        except STORAGE_ERRORS:
            raise
        except GreenroomError as problem:
            log.warning("Run %s of a fit was not deleted: %s", run_id, problem.message)
