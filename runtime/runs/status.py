"""Changes of a run's status: the only module that writes it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from runtime.base.errors import Invalid, record_not_found
from runtime.base.lifecycle import JobStatus, may_move
from runtime.base.records import DailyUsage, Run, WebhookEvent, new_event
from runtime.billing.billing import Billing
from runtime.database import Database
from runtime.jobs.completion import Completion
from runtime.runs.runs import Runs
from runtime.webhooks.dispatches import Dispatches


def _unchanged(run: Run) -> Run:
    return run


def _unsettled(run: Run) -> tuple[Run, Sequence[DailyUsage]]:
    return run, ()


class RunStatuses:
    """Moves runs from status to status. The end of a run wakes its waiters and is dispatched to webhooks."""

    def __init__(
        self, *, database: Database, runs: Runs, billing: Billing, completion: Completion, dispatches: Dispatches
    ) -> None:
        self._database = database
        self._runs = runs
        self._billing = billing
        self._completion = completion
        self._dispatches = dispatches

    async def move(self, id: str, to: JobStatus, change: Callable[[Run], Run] = _unchanged) -> bool:
        """Move a live run to another status and apply `change`, in one write. The end of a run adds its usage there.

        Returns False and writes nothing if the lifecycle does not allow the move, because another move came first.
        """
        allowed = False
        settle = self._billing.settle(self._runs.get(id)) if to.is_terminal else _unsettled

        def moved(now: Run) -> tuple[Run, Sequence[DailyUsage]]:
            nonlocal allowed
            allowed = may_move(now.status, to)
            if not allowed:
                return now, ()
            changed, used = settle(change(now))
            return _with_status(changed, to), used

        run = await self._database.daily_usage.update_job(self._database.runs, id, moved)
        if run is None:
            raise record_not_found("Run", id)
        if allowed and to.is_terminal:
            self._billing.take_transfer(id)
            self._completion.notify_finished(id)
            await self._dispatches.dispatch_pending(run)
        return allowed

    async def reopen(self, id: str, change: Callable[[Run], Run]) -> Run:
        """Move an ended run back to RUNNING and apply `change`, in one write.

        Raises NotFound, and Invalid if the run has not ended.
        """

        def reopened(now: Run) -> Run:
            if not now.status.is_terminal:
                raise Invalid("job-not-finished", f"Only a finished run can be resurrected. This run is {now.status}.")
            return replace(change(now), status=JobStatus.RUNNING)

        run = await self._database.runs.update(id, reopened)
        if run is None:
            raise record_not_found("Run", id)
        return run


def _with_status(run: Run, status: JobStatus) -> Run:
    """The run with another status; the end of a run is an event for webhooks."""
    ended = new_event(WebhookEvent.ended("RUN", status)) if status.is_terminal else {}
    return replace(run, status=status, pending_events={**run.pending_events, **ended})
