"""Makes the runs of a search, several at the same time if they fit, and ends all of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from dataclasses import dataclass, field

from cli.client import Client
from cli.client.errors import RecordNotFound
from cli.client.jobs import TERMINAL
from cli.errors import ABORTED, CommandError
from cli.fit.capacity import HostLoad, capacity_of, next_batch
from cli.fit.measurements import Measurement, cells_of
from cli.fit.options import Budget
from cli.fit.reading import measurement_of
from cli.fit.search import Plan, Trial, next_trials
from cli.fit.target import FitTarget
from cli.terminal import print_message, print_warning, progress
from cli.terminal.interrupts import deferred_interrupts
from cli.terminal.sizes import megabytes

WAIT_SECS = 1


@dataclass(frozen=True, slots=True)
class _Live:
    trial: Trial
    busy_secs: float
    """The CPU time of the machine when the run was started."""


@dataclass(slots=True)
class Runner:
    """Runs the trials of a plan one batch after the other. `measured` grows with each run that ends.

    `started` are the ids of all runs, `ended_by_budget` is true if the budget was spent before the plan was complete.
    """

    client: Client
    target: FitTarget
    plan: Plan
    parallel: int
    budget: Budget
    load: HostLoad = field(default_factory=HostLoad)
    now: Callable[[], float] = time.monotonic
    measured: list[Measurement] = field(default_factory=list)
    started: list[str] = field(default_factory=list)
    ended_by_budget: bool = False
    _live: dict[str, _Live] = field(default_factory=dict)

    def run_to_end(self) -> CommandError | None:
        """Make all runs of the plan. Return the error or the interrupt that ended this early.

        No run is live then, unless the server no longer answers or a second interrupt ends the command.
        """
        try:
            self._run_all()
            return None
        except KeyboardInterrupt:
            try:
                self._stop()
            except KeyboardInterrupt:
                print_warning(f"Exited without waiting. These runs may still be ending: {', '.join(self._live)}")
            return CommandError("The measurement was interrupted.", exit_code=ABORTED)
        except CommandError as error:
            try:
                self._stop()
            except CommandError as problem:  # usually the same one: the server has stopped
                print_warning(problem.message)
            return error

    def delete_all_but(self, wanted: Iterable[str]) -> list[str]:
        """Delete the runs, except for those that are wanted or still live. Return the ids of those that remain.

        An interrupt ends the deletion, and not the command.
        """
        spared = set(wanted) | set(self._live)
        unwanted = [run_id for run_id in self.started if run_id not in spared]
        deleted: set[str] = set()
        try:
            with progress("Deleting the other runs") if unwanted else nullcontext():
                deleted.update(run_id for run_id in unwanted if self._delete(run_id))
        except KeyboardInterrupt:
            print_warning("The deletion was interrupted, so some runs remain.")
        return [run_id for run_id in self.started if run_id not in deleted]

    def _delete(self, run_id: str) -> bool:
        """Return whether the run no longer exists."""
        try:
            self.client.runs.delete(run_id)
        except RecordNotFound:  # somebody else has deleted it
            pass
        except CommandError as error:
            print_warning(f"Run {run_id} could not be deleted: {error.message}")
            return False
        return True

    def _run_all(self) -> None:
        began = self.now()
        while trials := next_trials(self.plan, cells_of(self.measured)):
            spent_usd = sum(each.cost_usd for each in self.measured)
            if self.budget.is_spent(self.now() - began, spent_usd):
                self.ended_by_budget = True
                return
            self._run_batch(next_batch(trials, capacity_of(self.client.limits()), self.parallel))

    def _stop(self) -> None:
        """Abort the live runs and wait until they have ended. They are not measured."""
        if not self._live:
            return
        print_warning("Aborting the live runs. Press Ctrl-C again to exit without waiting.")
        for run_id in self._live:
            self.client.runs.abort(run_id)
        for run_id in list(self._live):
            self.client.runs.wait(run_id)
            del self._live[run_id]

    def _run_batch(self, batch: list[Trial]) -> None:
        with progress(self._description(batch)):
            for trial in batch:
                self._start(trial)
            while self._live:
                self.client.runs.wait_at_most(next(iter(self._live)), WAIT_SECS)
                for run_id in list(self._live):
                    self._collect(run_id)

    def _start(self, trial: Trial) -> None:
        params = {**self.target.params, "memory": trial.memory_mbytes}
        body = self.target.inputs[trial.input].body
        busy_secs = self.load.busy_secs()
        with deferred_interrupts():
            run = self.client.runs.start(self.target.actor["id"], params, body)
            self._live[run["id"]] = _Live(trial, busy_secs)
            self.started.append(run["id"])

    def _collect(self, run_id: str) -> None:
        """Measure the run if it has ended."""
        run = self.client.runs.find(run_id)
        if run is None:
            del self._live[run_id]
            raise CommandError(f"Run {run_id} was deleted before it could be measured.", "Start the command again.")
        if run["status"] not in TERMINAL:
            return
        live, report = self._live[run_id], self.client.runs.report(run_id)
        own_secs = report["cpu"]["usedSecs"]["value"]
        # Without the run's own CPU time, nobody knows what the others used.
        others_secs = None if own_secs is None else self.load.busy_secs() - live.busy_secs - own_secs
        is_disturbed = others_secs is not None and self.load.disturbs(report, others_secs)
        measurement = measurement_of(live.trial, report, is_disturbed=is_disturbed)
        with deferred_interrupts():
            self.measured.append(measurement)
            del self._live[run_id]
        print_message(self._line(measurement))

    def _description(self, batch: list[Trial]) -> str:
        return "Running at " + ", ".join(
            f"{trial.memory_mbytes} MB{self._input(trial.input)}{' to prove it' if trial.is_proof else ''}"
            for trial in batch
        )

    def _line(self, run: Measurement) -> str:
        sign = ">= " if run.is_peak_cut else ""
        peak = "peak not measured" if run.peak_bytes is None else f"peak {sign}{megabytes(run.peak_bytes)}"
        return f"{run.memory_mbytes:>5} MB{self._input(run.input)}: {run.status} after {run.secs:.1f} s, {peak}"

    def _input(self, index: int) -> str:
        return f" with input {index + 1}" if len(self.target.inputs) > 1 else ""
