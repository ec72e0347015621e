"""Orders to live runs: abort, reboot, migrate, wind down.

An order is written into the run's record, and then the run's supervisor is nudged. So accepted orders survive a crash
of the server. `metamorph.py` and `resurrection.py` hold the two orders that also need a build.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from runtime.base.clock import Clock, Millis
from runtime.base.errors import Invalid
from runtime.base.lifecycle import JobStatus
from runtime.base.records import Abort, Aborter, Metamorph, Order, OrderKind, Restart, Run
from runtime.runs.restarts import is_winding_down, stopping_at, stopping_gracefully, winding_down
from runtime.runs.runs import Runs
from runtime.runs.status import RunStatuses
from runtime.runs.system_events import SystemEvents

MIGRATION_MILLIS = 30_000
"""The time between the `migrating` event and the stop. The platform promises a few seconds and takes up to a minute."""


class Orders:
    """Sends orders to runs. `nudge` takes the id of a run and makes its supervisor read the record."""

    def __init__(
        self,
        *,
        runs: Runs,
        statuses: RunStatuses,
        system_events: SystemEvents,
        clock: Clock,
        nudge: Callable[[str], None],
    ) -> None:
        self._runs = runs
        self._statuses = statuses
        self._system_events = system_events
        self._clock = clock
        self._nudge = nudge

    async def abort(self, run: Run, *, gracefully: bool = False, by: Aborter | Run = Aborter.USER) -> Run:
        """Stop a run immediately, or 30 seconds after its Actor was notified. Returns its current record.

        `by` is a run if its token ordered the abort. A finished run does not change. A second graceful abort joins the
        first one; an immediate abort cuts it short.
        """
        now = self._clock.now()
        order = _abort_order(run, by, now, gracefully=gracefully)
        stop_now, stop_gracefully = order(stopping_at(now)), order(stopping_gracefully(now))
        if gracefully and self._runs.get(run.id).status is JobStatus.RUNNING:
            if await self._statuses.move(run.id, JobStatus.ABORTING, stop_gracefully):
                self._system_events.emit_pending(self._runs.get(run.id), now)
        elif not await self._statuses.move(run.id, JobStatus.ABORTING, stop_now) and not gracefully:
            await self._runs.change(run.id, lambda run: stop_now(run) if run.status is JobStatus.ABORTING else run)
        self._nudge(run.id)
        return self._runs.get(run.id)

    async def reboot(self, run: Run, *, by: Aborter | Run = Aborter.USER) -> Run:
        """Continue the run in a new container immediately. Raises Invalid if the run is not RUNNING."""
        now = self._clock.now()
        return await self.restart(run, Restart.REBOOT, now, order_of(OrderKind.REBOOT, run, by, now))

    async def migrate(self, run: Run, *, by: Aborter | Run = Aborter.USER) -> Run:
        """Notify the Actor of a migration, and continue the run in a new container 30 seconds later.

        Raises Invalid if the run is not RUNNING.
        """
        now = self._clock.now()
        order = order_of(OrderKind.MIGRATION, run, by, now)
        ordered = await self.restart(run, Restart.MIGRATION, now + MIGRATION_MILLIS, order)
        self._system_events.emit_pending(ordered, now)
        return ordered

    async def wind_down(self, run: Run, reason: str) -> None:
        """Give a Standby run the time to end by itself, then stop it. Raises NotFound.

        Nothing happens if it ends already, or is about to continue in a new container.
        """
        now = self._clock.now()

        def ordered(current: Run) -> Run:
            is_ending = is_winding_down(current) or current.restart is not None
            return current if is_ending else winding_down(now, reason)(current)

        changed = await self._runs.change(run.id, ordered)
        if changed.stopped_because == reason:
            self._system_events.emit_pending(changed, now)
            self._nudge(run.id)

    async def restart(
        self, run: Run, restart: Restart, stop_at: Millis, order: Order, metamorph: Metamorph | None = None
    ) -> Run:
        """Stop the run's container at a moment and start a new one. A later order replaces this one.

        Raises Invalid if the run is not RUNNING or has reached its maximum cost.
        """

        def ordered(now: Run) -> Run:
            if now.status is not JobStatus.RUNNING:
                raise Invalid("job-finished", f"Only a RUNNING run can do this. This run is {now.status}.")
            if is_winding_down(now):
                raise Invalid("job-finished", f"A run that is about to end cannot do this. {now.stopped_because}")
            return replace(now, restart=restart, stop_at=stop_at, next_metamorph=metamorph, last_order=order)

        changed = await self._runs.change(run.id, ordered)
        self._nudge(run.id)
        return changed


def order_of(kind: OrderKind, run: Run, by: Aborter | Run, at: Millis, target: str | None = None) -> Order:
    """An order to a run, with who ordered it. `by` is a run if its token sent the order."""
    if isinstance(by, Run):
        sender = Aborter.ITSELF if by.id == run.id else Aborter.RUN
        return Order(kind=kind, at=at, by=sender, run_id=by.id, target=target)
    return Order(kind=kind, at=at, by=by, target=target)


def _abort_order(
    run: Run, by: Aborter | Run, now: Millis, *, gracefully: bool
) -> Callable[[Callable[[Run], Run]], Callable[[Run], Run]]:
    """A function that adds to a change of the run who ordered its abort. The first order stays its `abort`."""
    order = order_of(OrderKind.GRACEFUL_ABORT if gracefully else OrderKind.ABORT, run, by, now)
    abort = Abort(by=order.by, at=now, gracefully=gracefully, run_id=order.run_id)
    return lambda change: lambda current: replace(change(current), abort=current.abort or abort, last_order=order)
