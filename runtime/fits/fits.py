"""Fits: starting, finding, stopping and deleting them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from runtime.base.background import in_background
from runtime.base.clock import Clock
from runtime.base.errors import Invalid, LimitReached, record_not_found
from runtime.base.memory_sizes import ALL_SIZES, MIN_MEMORY_MBYTES
from runtime.base.paging import Page, Paging
from runtime.base.records import (
    Actor,
    Budget,
    Fit,
    FitPlan,
    FitProblem,
    FitStatus,
    Strategy,
    TaskOptions,
    User,
    new_id,
)
from runtime.base.storage_errors import STORAGE_ERRORS
from runtime.fits.applying import Application, Applying
from runtime.fits.capacity import Host
from runtime.fits.fit_records import FitRecords
from runtime.fits.result import FitResult, result_of
from runtime.fits.sweep import Sweeps
from runtime.inputs.inputs import Input
from runtime.runs.start_plan import StartPlan, StartPlanner, StartRequest

log = logging.getLogger("greenroom.fits")

MAX_FITS = 50
"""Of a user's fits of one Actor, older ones are deleted."""
MAX_LIVE_FITS = 20
"""Of one user. Each has live runs, or waits for memory."""
MAX_RUNS = 1000
"""The most runs that a fit may need. Its record contains a measurement of each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FitOrder:
    """What to measure, and how. `inputs` are pairs of a short name and an input.

    `sizes` None means a search for the smallest size that fits. The memory in the options of `start` is the size with
    which the search begins; by default, it is the Actor's default memory.
    """

    start: StartRequest
    inputs: tuple[tuple[str, Input | None], ...]
    sizes: tuple[int, ...] | None = None
    repeat: int = 1
    strategy: Strategy = Strategy.SMALLEST
    parallel: int = 1
    budget: Budget = field(default_factory=Budget)


class Fits:
    """All fits of an instance. `open` continues those that the last server left, `close` leaves them to the next."""

    def __init__(
        self,
        *,
        records: FitRecords,
        sweeps: Sweeps,
        applying: Applying,
        planner: StartPlanner,
        host: Host,
        clock: Clock,
    ) -> None:
        self._records = records
        self._applying = applying
        self._sweeps = sweeps
        self._planner = planner
        self._host = host
        self._clock = clock
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def open(self) -> None:
        self._sweeps.opened_at = self._clock.now()
        for fit in self._records.table.live():
            self._sweep(fit.id)

    async def close(self, *, stop: bool) -> None:
        """End the tasks. With `stop`, the live runs are about to be stopped, so the fits are stopped too."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        if stop:
            problem = FitProblem(slug="server-stopped", message="The server was stopped together with its runs.")
            try:
                for fit in self._records.table.live():
                    await self._records.change(fit.id, partial(_stopping, problem=problem))
            except STORAGE_ERRORS as error:
                log.warning("Fits continue with the next server: %s", error)

    def release_waiters(self) -> None:
        self._records.release_waiters()

    async def start(self, order: FitOrder) -> Fit:
        """Check all inputs, store a fit and begin it.

        Raises as the start of a run with one of the inputs, and Invalid and LimitReached for the sizes.
        """
        self._check_live_fits(order.start.user)
        sizes = self._possible_sizes(order)
        _check_runs(order, sizes)
        plans = [await self._planner.plan(replace(order.start, input=input)) for _, input in order.inputs]
        fit = self._new_fit(order, plans, sizes)
        bodies = [None if plan.input.stored is None else plan.input.stored.body.decode() for plan in plans]
        await self._records.table.insert_one_of(fit, bodies, MAX_FITS)
        self._sweep(fit.id)
        return fit

    def find(self, user: User, id: str) -> Fit:
        """Raises NotFound."""
        fit = self._records.table.get(id)
        if fit is None or fit.user_id != user.id:
            raise record_not_found("Fit", id)
        return fit

    def get(self, id: str) -> Fit:
        """Raises NotFound."""
        return self._records.get(id)

    def page(self, user: User, of: Actor | None, paging: Paging) -> Page[Fit]:
        """A user's fits, or their fits of one Actor, in the order of their start."""
        return self._records.table.page(user.id, None if of is None else of.id, paging)

    def possible_sizes(self, user: User) -> tuple[int, ...]:
        """The sizes that a run of the user could have now."""
        return self._sweeps.capacity(user.id).sizes

    async def wait(self, fit: Fit, after: int, secs: float) -> Fit:
        """Return the fit when it had more than `after` changes, or has ended, or after `secs` seconds."""
        return await self._records.wait(fit.id, after, secs)

    async def result(self, fit: Fit) -> FitResult:
        """Return what the measurements until now show."""
        bodies = await self.inputs(fit) if fit.plan.inputs > 1 and fit.measured else ()
        return await in_background(partial(result_of, fit, bodies, self._host.cores))

    async def stored_runs(self, fit: Fit) -> set[str]:
        """Return the ids of those runs of a fit that still exist."""
        return await self._records.table.stored_runs(fit.run_ids)

    async def inputs(self, fit: Fit) -> list[str | None]:
        """Return the inputs as JSON, with secret fields encrypted. None means no input."""
        return await self._records.table.inputs(fit.id)

    async def apply(self, user: User, fit: Fit, *, only_preview: bool, may_write_folder: bool) -> Application:
        """Set the recommended memory, as `Applying.apply` does."""
        found = (await self.result(fit)).recommendation
        return await self._applying.apply(
            user, fit, found, only_preview=only_preview, may_write_folder=may_write_folder
        )

    async def stop(self, fit: Fit) -> Fit:
        """Start no further run, and abort the live ones. A fit that ends already does not change."""
        return await self._records.change(fit.id, _stopping)

    async def delete(self, fit: Fit) -> None:
        """Delete a fit. Its remaining runs stay. Raises Invalid for a live one."""
        if not self._records.get(fit.id).status.is_terminal:
            raise Invalid("cannot-remove-live-fit", "A fit that has not ended cannot be deleted. Stop it first.")
        await self._records.table.delete(fit.id)

    def _sweep(self, id: str) -> None:
        task = self._tasks[id] = asyncio.create_task(self._sweeps.run(id), name=f"fit {id}")
        task.add_done_callback(lambda _: self._tasks.pop(id, None))

    def _check_live_fits(self, user: User) -> None:
        """Raises LimitReached if the user has too many live fits."""
        live = self._records.table.live_count(user.id)
        if live >= MAX_LIVE_FITS:
            raise LimitReached(
                "too-many-live-fits", f"You have {live} live fits already. Wait for the end of one, or stop one."
            )

    def _possible_sizes(self, order: FitOrder) -> tuple[int, ...]:
        """The sizes to try. Raises Invalid and LimitReached if a run with one of them is not possible now."""
        unknown = [size for size in order.sizes or () if size not in ALL_SIZES]
        if unknown or order.sizes == ():
            raise Invalid(
                "invalid-input",
                f"The sizes must be powers of two from {ALL_SIZES[0]} to {ALL_SIZES[-1]} MB, not {unknown or 'none'}.",
            )
        possible = self.possible_sizes(order.start.user)
        sizes = tuple(sorted(set(order.sizes))) if order.sizes else possible
        if not set(sizes) <= set(possible) or not sizes:
            largest = f"at most {possible[-1]} MB" if possible else "no run"
            raise LimitReached(
                "actor-memory-limit-exceeded",
                f"A run with {max(sizes, default=MIN_MEMORY_MBYTES)} MB is not possible now. The free memory of this"
                f" machine and the user's limit allow {largest}. Use smaller sizes, wait for other runs, or raise"
                " GREENROOM_MAX_MEMORY_MBYTES.",
            )
        return sizes

    def _new_fit(self, order: FitOrder, plans: Sequence[StartPlan], sizes: tuple[int, ...]) -> Fit:
        start, build = order.start, plans[0].build
        sent = start.options
        return Fit(
            id=new_id(),
            user_id=start.user.id,
            actor_id=start.actor.id,
            actor_name=start.actor.name,
            build_id=build.id,
            build_number=build.number,
            created_at=self._clock.now(),
            meta=start.meta,
            plan=FitPlan(
                sizes=sizes,
                inputs=len(plans),
                first=plans[0].options.memory_mbytes,
                repeat=order.repeat,
                strategy=order.strategy,
                sweeps=order.sizes is not None,
            ),
            labels=tuple(label for label, _ in order.inputs),
            parallel=order.parallel,
            budget=order.budget,
            options=TaskOptions(
                build=build.number,
                timeout_secs=sent.timeout_secs,
                max_items=sent.max_items,
                max_total_charge_usd=sent.max_total_charge_usd,
                restart_on_error=sent.restart_on_error,
            ),
            env_vars=sent.env_vars,
            permission_level=sent.permission_level,
        )


def _check_runs(order: FitOrder, sizes: Sequence[int]) -> None:
    """Raises Invalid if the fit could need too many runs."""
    inputs, repeat = len(order.inputs), order.repeat
    if len(sizes) * repeat * inputs > MAX_RUNS:
        raise Invalid(
            "invalid-input",
            f"{len(sizes)} sizes with {repeat} runs for each of {inputs} inputs are more than {MAX_RUNS} runs."
            " Use fewer of them.",
        )


def _stopping(fit: Fit, problem: FitProblem | None = None) -> Fit:
    if fit.status is not FitStatus.RUNNING:
        return fit
    return replace(fit, status=FitStatus.STOPPING, ending=FitStatus.STOPPED, problem=problem)
