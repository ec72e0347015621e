"""Carries out a fit: starts its runs in batches, measures them, and ends all of them.

Each step is stored before the next one begins, and a run's id is stored before the run is started. So a new server
continues where the last one stopped: it adopts the live runs, and starts and measures none twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from runtime.base.background import in_background
from runtime.base.clock import Clock, Millis
from runtime.base.errors import GreenroomError
from runtime.base.lifecycle import JobStatus
from runtime.base.records import Fit, FitProblem, FitStatus, LiveTrial, Measurement, PlannedTrial, Run, Trial, new_id
from runtime.base.retry import retry
from runtime.base.storage_errors import STORAGE_ERRORS
from runtime.fits.capacity import Capacity, Host, next_batch
from runtime.fits.fit_records import FitRecords
from runtime.fits.measurements import cells_of
from runtime.fits.result import wanted_runs
from runtime.fits.search import next_trials
from runtime.fits.trial_runs import TrialRuns

WAIT_SECS = 1.0
"""How often a sweep checks its live runs, and whether it was ordered to stop."""


class Sweeps:
    """Carries out all fits of an instance. `capacity` returns what is left for new runs of a user, given by id.

    Fits share the memory of this machine, and those of a user share the user's limit: one waits if another one's runs
    leave too little for its next run. Measurements are evaluated in threads, because there may be hundreds of them.
    """

    def __init__(
        self,
        *,
        records: FitRecords,
        runs: TrialRuns,
        host: Host,
        clock: Clock,
        capacity: Callable[[str], Capacity],
    ) -> None:
        self._records = records
        self._runs = runs
        self._host = host
        self._clock = clock
        self.capacity = capacity
        self._planning = asyncio.Lock()
        self.opened_at: Millis = 0
        """When this server began to watch runs."""

    async def run(self, id: str) -> None:
        """Carry out a fit to its end."""
        while not (fit := self._records.get(id)).status.is_terminal:
            step = partial(self._step, fit)
            await retry(step, self._clock, f"Fit {id}", on=(Exception,), expected=STORAGE_ERRORS)

    async def _step(self, fit: Fit) -> None:
        if fit.status is FitStatus.STOPPING:
            await self._wind_down(fit)
        elif not fit.live:
            await self._plan_batch(fit)
        elif unstarted := [live for live in fit.live if not live.is_started]:
            await self._start(fit, unstarted[0])
        else:
            await self._runs.wait(fit.live[0].run_id, WAIT_SECS)
            for live in fit.live:
                await self._collect(fit, live)

    async def _plan_batch(self, fit: Fit) -> None:
        """Store the next runs to make, or begin to end the fit."""
        trials = await in_background(lambda: next_trials(fit.plan, cells_of(fit.measured)))
        secs, usd = (self._clock.now() - fit.created_at) / 1000, sum(each.cost_usd for each in fit.measured)
        if not trials:
            await self._end(fit, FitStatus.FINISHED)
        elif fit.budget.is_spent(secs, usd):
            await self._end(fit, FitStatus.FINISHED, is_budget_spent=True)
        elif not await self._store_batch(fit, trials):
            await self._clock.sleep(WAIT_SECS)

    async def _store_batch(self, fit: Fit, trials: list[Trial]) -> bool:
        """Store as many of the trials as can run now; return whether there are any."""
        async with self._planning:  # two fits must not plan with the same memory
            others = [each for each in await self._records.table.planned_trials() if each.fit_id != fit.id]
            batch = next_batch(trials, self._left_beside(others, fit), fit.parallel, must_start=not others)
            busy_secs = self._host.busy_secs()
            live = tuple(LiveTrial(run_id=new_id(), trial=trial, busy_secs=busy_secs) for trial in batch)
            if live:
                await self._change_running(fit, lambda now: replace(now, live=live))
            return bool(live)

    def _left_beside(self, others: Sequence[PlannedTrial], fit: Fit) -> Capacity:
        """What the trials of other fits leave. Runs that exist already are part of the user's capacity."""
        capacity = self.capacity(fit.user_id)
        planned = [
            each.memory_mbytes
            for each in others
            if each.user_id == fit.user_id and self._runs.find(each.run_id) is None
        ]
        return Capacity(
            user_mbytes=capacity.user_mbytes - sum(planned),
            jobs=capacity.jobs - len(planned),
            host_mbytes=capacity.host_mbytes - sum(each.memory_mbytes for each in others),
        )

    async def _start(self, fit: Fit, live: LiveTrial) -> None:
        """Start the run of a trial, unless the last server did."""
        if self._runs.find(live.run_id) is None:
            try:
                await self._runs.start(fit, live, self._records.table.input(fit.id, live.trial.input))
            except STORAGE_ERRORS:
                raise
            except GreenroomError as error:
                await self._end(fit, FitStatus.FAILED, FitProblem(slug=error.slug, message=error.message))
                return
        started = replace(live, is_started=True)

        def with_start(now: Fit) -> Fit:
            all_live = tuple(started if each.run_id == live.run_id else each for each in now.live)
            return replace(now, live=all_live, run_ids=(*now.run_ids, live.run_id))

        await self._records.change(fit.id, with_start)

    async def _collect(self, fit: Fit, live: LiveTrial) -> None:
        """Measure a run if it has ended."""
        run = self._runs.find(live.run_id)
        if run is None:
            message = f"Run {live.run_id} was deleted before it could be measured. Start the fit again."
            await self._end(fit, FitStatus.FAILED, FitProblem(slug="record-not-found", message=message))
        elif run.status.is_terminal:
            await self._measure(fit, live, run)

    async def _measure(self, fit: Fit, live: LiveTrial, run: Run) -> None:
        """Add the measurement of a run, unless it ended while no server watched it: then its peak may be missing.

        The trial of such a run is made again.
        """
        measured: tuple[Measurement, ...] = ()
        if (run.finished_at or 0) >= self.opened_at:
            measured = (await self._runs.measure(live, run, self._host, self._clock.now()),)

        def ended(now: Fit) -> Fit:
            others = tuple(each for each in now.live if each.run_id != live.run_id)
            if len(others) == len(now.live):  # a step that failed later is repeated as a whole
                return now
            return replace(now, live=others, measured=(*now.measured, *measured))

        await self._records.change(fit.id, ended)

    async def _end(
        self, fit: Fit, ending: FitStatus, problem: FitProblem | None = None, *, is_budget_spent: bool = False
    ) -> None:
        def ended(now: Fit) -> Fit:
            return replace(
                now, status=FitStatus.STOPPING, ending=ending, problem=problem, is_budget_spent=is_budget_spent
            )

        await self._change_running(fit, ended)

    async def _change_running(self, fit: Fit, change: Callable[[Fit], Fit]) -> None:
        """Change the record, unless the fit was stopped concurrently."""
        await self._records.change(fit.id, lambda now: change(now) if now.status is FitStatus.RUNNING else now)

    async def _wind_down(self, fit: Fit) -> None:
        """End all runs, delete those that nobody needs, and end the fit."""
        for live in fit.live:
            await self._end_run(fit, live)
        fit = self._records.get(fit.id)
        started = {*fit.run_ids, *(live.run_id for live in fit.live)}
        wanted = await in_background(partial(wanted_runs, fit))
        for run_id in sorted(started - wanted):
            await self._runs.delete(run_id)

        def ended(now: Fit) -> Fit:
            return replace(now, live=(), status=now.ending or FitStatus.STOPPED, finished_at=self._clock.now())

        await self._records.change(fit.id, ended)

    async def _end_run(self, fit: Fit, live: LiveTrial) -> None:
        """Measure a run that has ended by itself. Abort a live one, which is not measured, and wait for its end."""
        run = self._runs.find(live.run_id)
        if run is not None and run.status.is_terminal and run.status is not JobStatus.ABORTED:
            await self._measure(fit, live, run)
            return
        await self._runs.abort(live.run_id)
        while (run := self._runs.find(live.run_id)) is not None and not run.status.is_terminal:
            await self._runs.wait(live.run_id, WAIT_SECS)
