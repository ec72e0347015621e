"""The watchers beside a run's container: what stops the run, and what is measured while it runs.

Each watcher is one task. Watchers stop the run on an order, at its deadline, at its maximum cost and when its disk is
full, and terminate a Standby run that is not needed. They end the CPU burst, sample statistics and probe the web
server.

A watcher that fails is started again: neither a full data directory nor an error in a measurement ends a run. Limits
hold even if the reason for a stop cannot be stored; the supervisor stores it when that is possible again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial

from runtime.base.clock import Clock, sleep_until, wait_for_event
from runtime.base.lifecycle import JobStatus
from runtime.base.records import Run
from runtime.base.storage_errors import STORAGE_ERRORS
from runtime.billing.billing import Billing
from runtime.containers import Container, DiskEnforcement, Engine
from runtime.jobs import resource_limits
from runtime.jobs.logs import Log
from runtime.runs import messages, restarts
from runtime.runs.debugger_hold import RunHold
from runtime.runs.measurements import Measurements
from runtime.runs.readiness import is_ready, with_ready_server
from runtime.runs.retries import retry_until_successful
from runtime.runs.runs import Runs
from runtime.runs.status import RunStatuses
from runtime.runs.system_events import SystemEvents

logger = logging.getLogger("greenroom.supervisor")

TIMEOUT_GRACE_SECS = 5
"""From SIGTERM to SIGKILL when a run times out."""
STANDBY_EXIT_MILLIS = 15_000
"""From SIGTERM to SIGKILL when a Standby run winds down: half of its grace. Source: the project apify/actor-runtime."""
TICK_SECS = 1.0
PROBE_SHARE = 0.1
"""The share of a web server's start by which its first answer may be noticed late."""
MAX_PROBE_PAUSE_SECS = 30.0
"""The longest pause between two probes of a web server, which an Actor without one never answers."""
DISK_COST_FACTOR = 20
"""A measurement of the writable layer is followed by a pause of at least this many times its own duration."""
MAX_DISK_PAUSE_SECS = 300.0
"""The longest pause: a wall clock that is set forward during a measurement must not end the measurements."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedRun:
    """A run with its running container. `nudged` is set when the record has new orders.

    `hold` measures how long a debugger holds the run. `unstored` are changes of the record that the disk did not take.
    They must be stored before the run ends.
    """

    run: Run
    container: Container
    log: Log
    nudged: asyncio.Event
    hold: RunHold
    unstored: list[Callable[[], Awaitable[object]]] = field(default_factory=list)

    async def store(self, change: Callable[[], Awaitable[object]]) -> bool:
        """Store a change of the record now and return True, or leave it to the supervisor."""
        try:
            await change()
        except STORAGE_ERRORS as problem:
            logger.warning("Run %s: %s", self.run.id, problem)
            self.unstored.append(change)
            return False
        return True


class Watchers:
    """Watches the containers of all runs of an instance."""

    def __init__(
        self,
        *,
        runs: Runs,
        statuses: RunStatuses,
        billing: Billing,
        system_events: SystemEvents,
        engine: Engine,
        clock: Clock,
        cpu_burst_secs: float,
        measurements: Measurements,
    ) -> None:
        self._runs = runs
        self._statuses = statuses
        self._billing = billing
        self._system_events = system_events
        self._engine = engine
        self._clock = clock
        self._cpu_burst_secs = cpu_burst_secs
        self._measurements = measurements

    @asynccontextmanager
    async def watch(self, watched: WatchedRun) -> AsyncIterator[None]:
        """Watch the container while the body runs."""
        watchers: tuple[Callable[[WatchedRun], Awaitable[None]], ...] = (
            self._stop_when_ordered,
            self._terminate_standby,
            self._stop_at_deadline,
            self._stop_at_max_charge,
            self._stop_when_disk_is_full,
            self._end_burst,
            self._sample,
            self._probe_web_server,
        )
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(retry_until_successful(partial(watcher, watched), self._clock, watched.run.id))
                for watcher in watchers
            ]
            yield
            for task in tasks:
                task.cancel()

    async def _stop_when_ordered(self, watched: WatchedRun) -> None:
        """Kill the container at the moment in the record. Orders may arrive, and change, at any time."""
        passed = None
        while True:
            watched.nudged.clear()
            stop_at = restarts.stop_moment(self._current(watched))
            if stop_at is not None and (stop_at <= self._clock.now() or stop_at == passed):
                if restarts.must_abort(self._current(watched)):
                    await watched.store(partial(self._statuses.move, watched.run.id, JobStatus.ABORTING))
                await watched.container.kill()
                return
            await wait_for_event(watched.nudged, self._clock, stop_at)
            passed = None if watched.nudged.is_set() else stop_at  # it may be in the future again: clocks are set back

    async def _terminate_standby(self, watched: WatchedRun) -> None:
        """Send SIGTERM to a Standby run that is winding down, when it has had time to react to `aborting`.

        Most web servers run until a signal ends them: only the JavaScript SDK exits by itself.
        """
        if watched.run.standby_label is None:
            return
        was_live = not restarts.is_leaving_standby(self._current(watched))
        while not restarts.is_leaving_standby(run := self._current(watched)):
            await self._clock.sleep(TICK_SECS)
        if was_live:
            watched.log.system(f"ACTOR: {run.stopped_because}")
        await sleep_until(self._clock, (run.stop_at or 0) - STANDBY_EXIT_MILLIS)
        await watched.container.kill("SIGTERM")

    async def _stop_at_deadline(self, watched: WatchedRun) -> None:
        if watched.run.options.timeout_secs == 0:
            return
        await self._wait_for_deadline(watched)
        is_stored = await watched.store(partial(self._time_out, watched))
        if not is_stored or self._current(watched).status is JobStatus.TIMING_OUT:
            await watched.container.stop(TIMEOUT_GRACE_SECS)

    async def _wait_for_deadline(self, watched: WatchedRun) -> None:
        """Wait until the run has used its time. The deadline moves while a debugger holds the run."""
        while True:
            changed = watched.hold.changed
            moment = resource_limits.deadline(replace(watched.run, debugger_hold=watched.hold.value))
            await wait_for_event(changed, self._clock, moment)
            if not changed.is_set():
                await watched.hold.before_deadline()
            if not changed.is_set():
                return

    async def _time_out(self, watched: WatchedRun) -> None:
        if await self._statuses.move(watched.run.id, JobStatus.TIMING_OUT):
            watched.log.system(messages.timing_out(watched.run))

    async def _stop_at_max_charge(self, watched: WatchedRun) -> None:
        """Let the Actor end when the run has reached the maximum cost that its caller set, then abort the run."""
        run = watched.run
        if run.options.max_total_charge_usd is None or restarts.is_winding_down(self._current(watched)):
            return
        while not self._billing.is_at_max_charge(self._current(watched)):
            await self._clock.sleep(TICK_SECS)
        now, reason = self._clock.now(), messages.max_charge(run)
        changed = await self._runs.change(run.id, restarts.winding_down(now, reason))
        if restarts.is_winding_down(changed):
            self._system_events.emit_pending(changed, now)
            watched.nudged.set()
            watched.log.system(f"ACTOR: {reason}")

    async def _stop_when_disk_is_full(self, watched: WatchedRun) -> None:
        """Measure the writable layer. Stop a run over its limit if the engine does not enforce the limit itself."""
        limit = watched.run.options.disk_mbytes * resource_limits.MBYTE
        while True:
            began = self._clock.now()
            used = await self._measurements.sample_disk(watched.container, watched.run.id)
            if used is None:
                return
            if used > limit and self._engine.disk is DiskEnforcement.POLLED:
                await self._stop_because(watched, messages.disk_full(watched.run, used))
                return
            cost = (self._clock.now() - began) / 1000
            await self._clock.sleep(min(max(TICK_SECS, DISK_COST_FACTOR * cost), MAX_DISK_PAUSE_SECS))

    async def _stop_because(self, watched: WatchedRun, reason: str) -> None:
        """Kill the container. The reason is stored first: a restarted server must still know it."""
        await watched.store(
            partial(self._runs.change, watched.run.id, lambda now: replace(now, stopped_because=reason))
        )
        watched.log.system(f"ACTOR: {reason}")
        await watched.container.kill()

    async def _end_burst(self, watched: WatchedRun) -> None:
        """Reduce the container's CPU to its share when the start-up burst is over."""
        await sleep_until(self._clock, resource_limits.burst_end(watched.run, self._cpu_burst_secs))
        await watched.container.set_cpus(resource_limits.cpus(watched.run.options.memory_mbytes))

    async def _sample(self, watched: WatchedRun) -> None:
        await self._measurements.sample(watched.container, watched.run)

    async def _probe_web_server(self, watched: WatchedRun) -> None:
        """Probe the Actor's web server until it answers for the first time: once a second, then ever less often."""
        began = self._clock.now()
        while True:
            address = await watched.container.address_of(watched.run.web_server_port)
            if address is not None and await is_ready(*address):
                break
            waited = (self._clock.now() - began) / 1000
            await self._clock.sleep(min(max(TICK_SECS, PROBE_SHARE * waited), MAX_PROBE_PAUSE_SECS))
        await self._runs.change(watched.run.id, with_ready_server)

    def _current(self, watched: WatchedRun) -> Run:
        """The current record: others may have written orders and messages into it."""
        return self._runs.get(watched.run.id)
