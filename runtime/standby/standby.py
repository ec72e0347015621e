"""Standby of one instance: each request gets a place in a run, and runs that are not needed end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from typing import Any

from runtime.base.clock import Clock, Millis, wait_for_event
from runtime.base.errors import GatewayTimeout, GreenroomError, Unavailable
from runtime.base.records import User, new_id
from runtime.runs import messages
from runtime.standby.pool import Pool, PooledRun, StartProblem, reason_to_end
from runtime.standby.standby_runs import StandbyRuns, can_serve
from runtime.standby.targets import PoolKey, StandbyTarget, StandbyTargets

log = logging.getLogger("greenroom.standby")

SELECTION_SECS = 120
"""How long a request waits for a run (platform documentation, "Actor Standby", Timeouts)."""
REVIEW_SECS = 1.0
"""Between two reviews of all pools, which end the runs that are not needed."""
PAUSE_AHEAD_MILLIS = 30_000
"""After a start ahead of demand has failed, the next one is tried this much later."""


@dataclass(slots=True)
class Slot:
    """The place of one request in a run. Call `release` once, when the exchange has ended."""

    run_id: str
    web_key: str
    release: Callable[[], None]


class Standby:
    """All pools of an instance. `open` adopts the runs that the last server left, `close` leaves them to the next."""

    def __init__(self, *, targets: StandbyTargets, runs: StandbyRuns, clock: Clock) -> None:
        self.targets = targets
        self._runs = runs
        self._clock = clock
        self._pools: dict[PoolKey, Pool] = {}
        self._has_runs = asyncio.Event()
        self._is_closing = False
        self._tasks: set[asyncio.Task[None]] = set()

    def open(self) -> None:
        for record in self._runs.unfinished():
            target = self.targets.renewed((record.user_id, record.task_id or record.actor_id), record.actor_id)
            if target is not None:
                run = PooledRun(run_id=record.id, build_id=record.build_id, idle_since=self._clock.now())
                run.is_stored, run.web_key = True, record.web_key
                run.is_ready = run.was_ready = record.is_container_server_ready
                self._add(self._pool(target), run)
        self._begin_task(self._review_regularly(), "standby")

    async def close(self) -> None:
        self.release_waiters()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def release_waiters(self) -> None:
        """Reject the requests that wait for a run: the server is about to stop."""
        self._is_closing = True
        for pool in self._pools.values():
            for run in pool.runs:
                run.settled.set()

    def take(self, target: StandbyTarget) -> Slot | None:
        """Return a slot as `acquire` does, or None if the request has to wait for a run. Raises NotFound."""
        pool = self._pool(target)
        run = self._select(pool)
        if run.is_ready:
            return self._slot(pool, run)
        self._release(run)
        return None

    async def acquire(self, target: StandbyTarget, *, is_request: bool = True) -> Slot:
        """Return a slot in the least loaded run that is ready. If every run is full, start one and wait for it.

        Raises as `Starting.start`, NotFound if there is no build, Unavailable if the run ends before it is ready, and
        GatewayTimeout.
        """
        pool, until = self._pool(target), self._clock.now() + SELECTION_SECS * 1000
        while True:
            run = self._select(pool)
            try:
                await self._wait_until_ready(pool, run, until)
            except BaseException as problem:
                self._release(run)
                if isinstance(problem, Unavailable) and run.was_ready and not self._is_closing:
                    continue  # it ended after it had served requests, so another one can serve this one
                raise
            return self._slot(pool, run, is_request=is_request)

    def doubt(self, run_id: str) -> None:
        """Give a run no more requests until it answers a probe: its web server does not listen any more."""
        for pool in self._pools.values():
            for run in pool.runs:
                if run.run_id == run_id and not run.is_in_preparation:
                    self._begin_preparation(pool, run)

    async def warm_up(self, target: StandbyTarget) -> str:
        """Return the id of a run that is ready. Without one, start it. Raises as `acquire`."""
        slot = await self.acquire(target, is_request=False)
        slot.release()
        return slot.run_id

    async def stop(self, target: StandbyTarget) -> list[str]:
        """Let all runs of a target end gracefully, also those with open requests. Returns their ids."""
        runs = [run for run in self._pool(target).runs if not run.is_ending]
        for run in runs:
            await self._end(run, messages.STANDBY_STOPPED)
        return [run.run_id for run in runs]

    def pools_of(self, user: User) -> list[Pool]:
        """The pools of a user: of all own Actors and tasks with Standby, and of others with live runs."""
        targets = {target.key: target for target in self.targets.enabled(user)}
        empty = {key: Pool(target=target) for key, target in targets.items()}
        live = {key: pool for key, pool in self._pools.items() if key[0] == user.id and (pool.runs or key in targets)}
        for key in live.keys() & targets.keys():
            live[key].target = targets[key]
        return list({**empty, **live}.values())

    def _pool(self, target: StandbyTarget) -> Pool:
        """The pool of a target, whose records may have changed."""
        key = target.key
        pool = self._pools.get(key)
        if pool is None:
            pool = self._pools[key] = Pool(target=target)
        pool.target = target
        return pool

    def _select(self, pool: Pool) -> PooledRun:
        """Reserve a place in a run, which may have to be started. Nothing is awaited, so parallel requests share it."""
        settings, build_id = pool.target.settings, self.targets.build_id(pool.target)
        run = pool.least_loaded(build_id, settings)
        while run is not None and not self._refresh(pool, run):
            run = pool.least_loaded(build_id, settings)
        run = run or self._start(pool, build_id)
        run.open_requests += 1
        if pool.needs_another(build_id, settings, self._clock.now()):
            self._start(pool, build_id).is_ahead = True
        return run

    def _slot(self, pool: Pool, run: PooledRun, *, is_request: bool = True) -> Slot:
        if is_request:
            now = self._clock.now()
            pool.requests.count(now)
            run.requests.count(now)
        return Slot(run.run_id, run.web_key, partial(self._release, run))

    def _start(self, pool: Pool, build_id: str) -> PooledRun:
        run = PooledRun(run_id=new_id(), build_id=build_id, idle_since=self._clock.now())
        self._add(pool, run)
        self._begin_preparation(pool, run)
        return run

    def _add(self, pool: Pool, run: PooledRun) -> None:
        pool.runs.append(run)
        self._has_runs.set()

    def _refresh(self, pool: Pool, run: PooledRun) -> bool:
        """Compare a run with its record, and return whether it may get requests."""
        version = self.targets.version()
        if run.is_in_preparation or run.version == version:
            return not run.is_ending
        record = self._runs.find(run.run_id)
        if record is None:
            pool.remove(run)
            return False
        run.version, run.web_key = version, record.web_key
        run.is_ending, run.is_ready = not can_serve(record), record.is_container_server_ready
        if not (run.is_ready or run.is_ending):  # a new container has replaced the one that was ready
            self._begin_preparation(pool, run)
        return not run.is_ending

    def _begin_preparation(self, pool: Pool, run: PooledRun) -> None:
        run.is_ready, run.version = False, -1
        run.settled.clear()
        run.preparation = self._begin_task(self._prepare(pool, run), f"standby {run.run_id}")

    async def _prepare(self, pool: Pool, run: PooledRun) -> None:
        """Start a run that has no record yet, and wait until it is ready. If it never will be, remove it."""
        try:
            if not run.is_stored:
                await self._store(pool, run)
            await self._runs.wait_until_ready(run.run_id)
            run.is_ready = run.was_ready = True
            run.idle_since, pool.problem = self._clock.now(), None
        except Exception as problem:
            pool.remove(run)
            run.problem = self._problem(run, problem)
            if not (run.was_ready or run.is_ending):
                self._report(pool, run.problem)
            if run.is_ahead and not run.is_stored:
                pool.not_ahead_before = self._clock.now() + PAUSE_AHEAD_MILLIS
        finally:
            run.settled.set()

    async def _store(self, pool: Pool, run: PooledRun) -> None:
        try:
            record = await self._runs.start(pool.target, run.run_id)
        except Exception:
            found = self._runs.find(run.run_id)  # the start may have failed after the run was stored
            if found is None:
                raise
            record = found
        run.is_stored, run.web_key = True, record.web_key
        if run.is_ending:
            await self._runs.wind_down(run.run_id, messages.STANDBY_STOPPED)

    def _problem(self, run: PooledRun, problem: Exception) -> GreenroomError:
        """The error for the requests that wait for a run."""
        if isinstance(problem, GreenroomError):
            if run.is_ahead:
                log.warning("A Standby run could not be started ahead of demand: %s", problem.message)
            return problem
        log.error("Standby run %s could not be prepared", run.run_id, exc_info=problem)
        return Unavailable("standby-run-finished", "The Actor run could not be started. Greenroom's log has details.")

    async def _wait_until_ready(self, pool: Pool, run: PooledRun, until: Millis) -> None:
        if run.is_ready:
            return
        pool.waiting += 1
        try:
            await wait_for_event(run.settled, self._clock, until)
        finally:
            pool.waiting -= 1
        if run.problem is not None:
            raise run.problem
        if self._is_closing:
            raise Unavailable("server-stopping", "The server stops. Repeat the request when it runs again.")
        if not run.is_ready:
            late = GatewayTimeout(
                "standby-run-not-ready",
                f"The web server of Actor run {run.run_id} has not answered for {SELECTION_SECS} seconds. The Actor"
                " must run an HTTP server on the port in ACTOR_WEB_SERVER_PORT, listening on 0.0.0.0.",
            )
            self._report(pool, late)
            raise late

    def _report(self, pool: Pool, problem: GreenroomError) -> None:
        pool.problem = StartProblem(self._clock.now(), problem.message)

    def _release(self, run: PooledRun) -> None:
        run.open_requests -= 1
        run.idle_since = self._clock.now()

    async def _end(self, run: PooledRun, reason: str) -> None:
        run.is_ending = True
        await self._runs.wind_down(run.run_id, reason)

    async def _review_regularly(self) -> None:
        while True:
            await self._has_runs.wait()
            await self._clock.sleep(REVIEW_SECS)
            for key, pool in list(self._pools.items()):
                try:
                    await self._review(key, pool)
                except GreenroomError as problem:  # the next review repeats it
                    log.warning("Standby of '%s' could not be reviewed: %s", pool.target.label, problem.message)
                except Exception:
                    log.exception("Standby of '%s' could not be reviewed", pool.target.label)
            if not any(pool.runs for pool in self._pools.values()):
                self._has_runs.clear()

    async def _review(self, key: PoolKey, pool: Pool) -> None:
        """End the runs of a pool that are not needed, and forget those that have ended.

        A pool without runs is forgotten when there is nothing to show of it, at the latest with its records.
        """
        target = self.targets.renewed(key, pool.target.actor.id)
        current = None if target is None else self.targets.current_build(target)
        for run in list(pool.runs):
            self._refresh(pool, run)
            reason = reason_to_end(run, target, current, self._clock.now())
            if reason is not None:
                await self._end(run, reason)
        is_used = pool.runs or pool.waiting
        if not is_used and (target is None or not pool.has_news(self._clock.now())):
            self._pools.pop(key, None)

    def _begin_task(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
