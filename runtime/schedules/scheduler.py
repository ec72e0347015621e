"""The scheduler: starts the runs of schedules at their times, each exactly once.

A tick is stored before it acts: one write sets the times of the schedule, adds the tick's actions to the pending ones,
and logs the tick. Then each pending action is carried out and removed. A run's record names the pending action that it
was started for, so a new server finds out whether the previous one had started it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial

from runtime.base.clock import AdvanceableClock, Millis, iso, wait_for_event
from runtime.base.errors import GreenroomError, Invalid, record_not_found
from runtime.base.records import (
    LogLevel,
    Meta,
    Origin,
    PendingAction,
    Schedule,
    ScheduleAction,
    ScheduleLogEntry,
    new_id,
)
from runtime.base.retry import retry
from runtime.base.storage_errors import STORAGE_ERRORS
from runtime.database import Database
from runtime.schedules.scheduled_starts import ScheduledStarts, describe
from runtime.schedules.schedules import next_run, with_next_run

log = logging.getLogger("greenroom.schedules")

MAX_WAIT_MILLIS = 60_000
"""The scheduler reads the clock at least this often: timers stand still while the machine sleeps."""
LATE_MILLIS = 60_000
"""A tick that is later than this is skipped: the machine slept, or the disk was full."""
MAX_TICKS_OF_ADVANCE = 1000


class _Superseded(Exception):
    """The schedule was changed before its tick could be stored. It is read again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fired:
    """The runs that were started without waiting for the time of their schedule, and why others were not."""

    run_ids: tuple[str, ...]
    problems: tuple[str, ...]


class Scheduler:
    """`open` starts it. `close` leaves the pending actions to the next server."""

    def __init__(self, *, database: Database, starts: ScheduledStarts, clock: AdvanceableClock) -> None:
        self._table = database.schedules
        self._runs = database.runs
        self._starts = starts
        self._clock = clock
        self._woken = asyncio.Event()
        self._ticking = asyncio.Lock()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._loop: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Carry out what the previous server left pending, skip the ticks since then, and begin to tick."""
        for schedule in self._table.all():
            if schedule.pending:
                self._carry_out(schedule.id)
        self._loop = asyncio.create_task(self._run(), name="scheduler")

    async def close(self) -> None:
        tasks = [task for task in (self._loop, *self._tasks.values()) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def wake(self) -> None:
        """Read the schedules again: one has been created or changed."""
        self._woken.set()

    async def fire(self, schedule: Schedule) -> Fired:
        """Start the runs of a schedule now, whether it is enabled or not. Its next tick stays the same.

        An exclusive schedule skips an Actor or task whose previous run has not finished. Raises NotFound.
        """
        async with self._ticking:
            pending, skipped = self._plan(schedule, self._clock.now())
            messages = [*(["Schedule invoked"] if pending or not skipped else []), *map(_still_running, skipped)]

            def fired(current: Schedule) -> Schedule:
                return replace(current, pending=(*current.pending, *pending))

            entries = (self._entry(message) for message in messages)
            if await self._table.change_and_log(schedule.id, fired, *entries) is None:
                raise record_not_found("Schedule", schedule.id)
        self._carry_out(schedule.id)
        await asyncio.wait({self._tasks[schedule.id]})
        runs = [self._runs.of_pending_action(schedule.id, each.id) for each in pending]
        return Fired(
            run_ids=tuple(run.id for run in runs if run is not None),
            problems=(
                *map(_still_running, skipped),
                *(_not_started(each) for each, run in zip(pending, runs, strict=True) if run is None),
            ),
        )

    async def advance(self, millis: Millis) -> int:
        """Advance the clock, stopping at each tick on the way to start its runs. Returns the number of ticks.

        Raises Invalid if there are too many ticks. Then nothing has changed.
        """
        async with self._ticking:
            ticks, left = self._count_ticks(self._clock.now() + millis), millis
            while (at := self._table.next_run_at()) is not None and at <= self._clock.now() + left:
                step = max(at - self._clock.now(), 0)
                left -= step
                self._clock.advance(step)
                await self._tick_due()
                await asyncio.gather(*self._tasks.values())
            self._clock.advance(left)
        return ticks

    def _count_ticks(self, end: Millis) -> int:
        count = 0
        for schedule in self._table.enabled():
            at = schedule.next_run_at
            while at is not None and at <= end:
                count += 1
                if count > MAX_TICKS_OF_ADVANCE:
                    raise Invalid(
                        "too-many-ticks",
                        f"Schedules would run more than {MAX_TICKS_OF_ADVANCE} times until {iso(end)}. Advance the "
                        "clock in smaller steps, or disable the schedules that are not needed.",
                    )
                at = next_run(replace(schedule, last_run_at=at), at)
        return count

    async def _run(self) -> None:
        async with self._ticking:
            await self._retry(self._skip_missed)
        await self._retry(self._tick_forever)

    async def _retry(self, step: Callable[[], Awaitable[None]]) -> None:
        await retry(step, self._clock, "The scheduler", on=(Exception,), expected=STORAGE_ERRORS)

    async def _tick_forever(self) -> None:
        while True:
            self._woken.clear()
            async with self._ticking:
                await self._tick_due()
            await wait_for_event(self._woken, self._clock, self._next_check())

    def _next_check(self) -> Millis | None:
        at = self._table.next_run_at()
        return None if at is None else min(at, self._clock.now() + MAX_WAIT_MILLIS)

    async def _skip_missed(self) -> None:
        """Skip the ticks since the last server ended. If it had advanced its clock, return to the present."""
        now = self._clock.now()
        for schedule in self._table.enabled():
            assert schedule.next_run_at is not None
            if schedule.next_run_at <= now:
                await self._skip(schedule, now, "the server was not running")
            elif schedule.next_run_at != next_run(schedule, now):
                await self._table.update(schedule.id, partial(with_next_run, now=now))

    async def _tick_due(self) -> None:
        now = self._clock.now()
        for schedule in self._table.due(now):
            assert schedule.next_run_at is not None
            if now - schedule.next_run_at > LATE_MILLIS:
                await self._skip(schedule, now, "the server could not start runs then")
            else:
                await self._tick(schedule, schedule.next_run_at)

    async def _tick(self, schedule: Schedule, at: Millis) -> None:
        """Store a tick with its actions, and begin to carry them out."""
        pending, skipped = self._plan(schedule, at)
        is_invoked = bool(pending) or not skipped
        last_run_at = at if is_invoked else schedule.last_run_at

        def ticked(current: Schedule) -> Schedule:
            if current.next_run_at != at or current.actions != schedule.actions:
                raise _Superseded
            changed = replace(current, last_run_at=last_run_at, pending=(*current.pending, *pending))
            return with_next_run(changed, at)

        messages = [*(["Schedule invoked"] if is_invoked else []), *map(_still_running, skipped)]
        with suppress(_Superseded):
            await self._table.change_and_log(schedule.id, ticked, *(self._entry(message) for message in messages))
        if pending:
            self._carry_out(schedule.id)

    def _plan(self, schedule: Schedule, at: Millis) -> tuple[tuple[PendingAction, ...], list[ScheduleAction]]:
        """Return the pending actions of a tick, and the actions that are skipped, because their last run is live."""
        busy = self._busy(schedule) if schedule.is_exclusive else set()
        actions = [action for action in schedule.actions if _target(action) not in busy]
        skipped = [action for action in schedule.actions if _target(action) in busy]
        return tuple(PendingAction(id=new_id(), scheduled_at=at, action=action) for action in actions), skipped

    async def _skip(self, schedule: Schedule, now: Millis, reason: str) -> None:
        """Skip all ticks of a schedule until now, with one entry in its log."""
        missed = schedule.next_run_at

        def skipped(current: Schedule) -> Schedule:
            if current.next_run_at != missed:
                raise _Superseded
            return with_next_run(current, now)

        message = f"The runs from {iso(missed or now)} to {iso(now)} were skipped, because {reason}"
        with suppress(_Superseded):
            await self._table.change_and_log(schedule.id, skipped, self._entry(message))

    def _busy(self, schedule: Schedule) -> set[tuple[str | None, str | None]]:
        """The Actors and tasks of which this schedule has an unfinished run."""
        runs = self._runs.unfinished_of_schedule(schedule.id)
        started = {(None, run.task_id) if run.task_id is not None else (run.actor_id, None) for run in runs}
        return started | {_target(each.action) for each in schedule.pending}

    def _carry_out(self, id: str) -> None:
        """Carry out the pending actions of a schedule in a task, unless one already does."""
        if id in self._tasks and not self._tasks[id].done():
            return
        self._tasks[id] = asyncio.create_task(self._carry_out_pending(id), name=f"schedule {id}")
        self._tasks[id].add_done_callback(partial(self._remove_task, id))

    def _remove_task(self, id: str, task: asyncio.Task[None]) -> None:
        if self._tasks[id] is task:  # the next one may already have been created
            del self._tasks[id]

    async def _carry_out_pending(self, id: str) -> None:
        while (schedule := self._table.get(id)) is not None and schedule.pending:
            await self._retry(partial(self._carry_out_action, schedule, schedule.pending[0]))

    async def _carry_out_action(self, schedule: Schedule, pending: PendingAction) -> None:
        """Start the run of a pending action, unless it has been started already, and remove the action."""
        problem = None
        if self._runs.of_pending_action(schedule.id, pending.id) is None:
            problem = await self._start(schedule, pending)

        def removed(current: Schedule) -> Schedule:
            return replace(current, pending=tuple(each for each in current.pending if each.id != pending.id))

        entries = () if problem is None else (self._entry(problem, LogLevel.ERROR),)
        await self._table.change_and_log(schedule.id, removed, *entries)

    async def _start(self, schedule: Schedule, pending: PendingAction) -> str | None:
        """Start the run of a pending action, or return why it cannot be started. Raises the errors of the disk."""
        meta = Meta(
            origin=Origin.SCHEDULER,
            schedule_id=schedule.id,
            scheduled_at=pending.scheduled_at,
            scheduled_by=pending.id,
        )
        try:
            await self._starts.start(schedule.user_id, pending.action, meta)
        except STORAGE_ERRORS:
            raise
        except GreenroomError as error:
            return f"Cannot start {describe(pending.action)}: {error.message}"
        except Exception:  # one action must not stop the others
            log.exception("Schedule %s could not start %s", schedule.id, describe(pending.action))
            return f"Cannot start {describe(pending.action)}: an internal error. The server's log shows it"
        return None

    def _entry(self, message: str, level: LogLevel = LogLevel.INFO) -> ScheduleLogEntry:
        return ScheduleLogEntry(created_at=self._clock.now(), message=message, level=level)


def _target(action: ScheduleAction) -> tuple[str | None, str | None]:
    """The Actor or task of an action."""
    return action.actor_id, action.actor_task_id


def _not_started(pending: PendingAction) -> str:
    return f"{describe(pending.action)} was not started. The log of the schedule contains the reason"


def _still_running(action: ScheduleAction) -> str:
    return f"{describe(action)} was not started, because its previous run has not finished"
