"""One supervisor per live run takes it from READY to a terminal status, beside its container.

Nobody else writes the run's status while it lives: what should happen is told to the supervisor. It needs nothing after
a crash but the run's record and the engine: a new supervisor adopts the container and goes on.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from runtime.access.users import Users
from runtime.actors.actors import Actors
from runtime.base.addresses import HOST_IN_CONTAINERS, Addresses
from runtime.base.clock import Clock, Millis, iso, sleep_until, until
from runtime.base.lifecycle import JobStatus, terminal_status
from runtime.base.records import Restart, Run, RunStats
from runtime.base.settings import Settings
from runtime.billing.billing import Billing
from runtime.builds import Builds
from runtime.containers import (
    Container,
    Containers,
    ContainerSpec,
    ContainerState,
    DiskEnforcement,
    Engine,
    EngineUnavailable,
    Sample,
    StartFailed,
)
from runtime.inputs.encryption import secret_fields
from runtime.inputs.keys import InputKeys
from runtime.jobs import limits, stats
from runtime.jobs.logs import Logs
from runtime.runs import environment, messages, restarts
from runtime.runs.readiness import answers
from runtime.runs.runs import Runs
from runtime.runs.system_events import SystemEvents, system_info

log = logging.getLogger("greenroom.supervisor")
T = TypeVar("T")

RUN_LABEL, BUILD_LABEL = "com.apify.actRunId", "com.apify.actBuildId"
"""The platform's own labels; containers are found again by the first."""
TIMEOUT_GRACE_SECS = 5
"""From SIGTERM to SIGKILL when a run times out."""
TICK_SECS = 1.0
DISK_COST_FACTOR = 20
"""The writable layer is measured no oftener than this many times what the last measurement took."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What supervisors work with; the same for all of an instance."""

    containers: Containers
    engine: Engine
    runs: Runs
    builds: Builds
    actors: Actors
    users: Users
    billing: Billing
    logs: Logs
    events: SystemEvents
    clock: Clock
    settings: Settings
    addresses: Addresses
    input_keys: InputKeys


class Supervisor:
    """Lives through one run: `live` or `settle` is its whole life. Orders reach it in the record, and by a `nudge`."""

    def __init__(self, run: Run, parts: Parts) -> None:
        self._run = run
        self._parts = parts
        self._build = parts.builds.get(run.build_id)
        self._log = parts.logs.open(run.id, environment.secrets(run, self._build))
        self._nudged = asyncio.Event()
        self._container: Container | None = None
        parts.events.open(run.id)

    async def live(self, adopted: Container | None = None) -> None:
        """Take the run to its end, from its start or from where an adopted container stands.

        Cancelled, it leaves the container as it is, for the next start of the server to adopt.
        """
        self._container = adopted
        try:
            self._log.hide(await self._parts.runs.input_secrets(self._run, self._build))
            await self._finish(await self._through_containers(adopted))
        except (StartFailed, EngineUnavailable) as problem:
            await self._finish(None, messages.never_started(problem))
        except Exception as problem:
            log.exception("The supervisor of run %s failed", self._run.id)
            await self._finish(None, messages.supervisor_failed(problem))
        finally:
            self._leave()
        if self._container is not None:
            await self._insist(self._container.remove)

    async def settle(self) -> None:
        """End a run whose container has vanished while no server watched it."""
        try:
            await self._finish(None, messages.VANISHED)
        finally:
            self._leave()

    def nudge(self) -> None:
        """The record has new orders."""
        self._nudged.set()

    async def web_server_address(self) -> tuple[str, int] | None:
        """Where this host reaches the Actor's web server; None while the container does not run."""
        if self._container is None:
            return None
        return await self._container.web_server_address(self._run.web_server_port)

    async def _through_containers(self, adopted: Container | None) -> ContainerState | None:
        """Accompany the run's container and those that follow it, for as long as the run goes on; the last state."""
        container = adopted
        if adopted is None and self._run.restart is not None:  # an order that the last server began to carry out
            await self._begin_again(self._run.restart)
        while True:
            state = await self._accompany(container or await self._launch())
            restart = restarts.wanted(self._now(), state, self._parts.clock.now())
            if restart is None:
                return state
            await self._begin_again(restart)
            container = None

    async def _begin_again(self, restart: Restart) -> None:
        """Clear the way for the next container. The order is cleared last: until then a new server does this again."""
        await self._parts.runs.change(self._run.id, partial(restarts.ordered, restart=restart))
        if self._container is not None:
            await self._insist(self._container.remove)
            self._container = None
        self._log.system(messages.RESTARTS[self._now().restart or restart])
        change = partial(restarts.restarted, now=self._parts.clock.now())
        self._run = await self._parts.runs.change(self._run.id, change)
        self._build = self._parts.builds.get(self._run.build_id)
        self._log.hide(environment.secrets(self._run, self._build))
        self._log.hide(await self._parts.runs.input_secrets(self._run, self._build))

    async def _launch(self) -> Container:
        unstarted = partial(_unstarted, log_lines=self._log.lines_from_containers())
        self._run = await self._parts.runs.change(self._run.id, unstarted)
        for line in messages.limits_lines(self._run, self._parts.engine, self._parts.settings.cpu_burst_secs):
            self._log.system(line)
        self._log.system(f"ACTOR: Pulling Docker image of build {self._build.id} from registry.")
        self._log.system("ACTOR: Creating Docker container.")
        if self._run.status is JobStatus.READY:
            return await self._make()
        return await self._insist(self._make)  # the Actor is in the middle of its work: it waits for the engine

    async def _make(self) -> Container:
        container = self._container = await self._parts.containers.create(self._spec())
        if self._now().status is JobStatus.READY:
            # Before it starts: the Actor's first request may be one that needs a RUNNING run.
            await self._parts.runs.move(self._run.id, JobStatus.RUNNING)
        if self._now().status is not JobStatus.ABORTING:
            self._log.system("ACTOR: Starting Docker container.")
            await self._start(container)
        return container

    def _now(self) -> Run:
        """The record as it is now: others may have written orders and messages into it."""
        return self._parts.runs.get(self._run.id)

    async def _start(self, container: Container) -> None:
        """Start it; where the engine went away meanwhile, it knows afterwards whether it did."""
        try:
            await container.start()
        except EngineUnavailable:
            state = await self._insist(container.inspect)
            if state is None or state.started_at is None:
                raise

    async def _accompany(self, container: Container) -> ContainerState | None:
        """Stay beside the container until it has ended and its log is copied; how it then stands."""
        state = await self._insist(container.inspect)
        if state is None or state.started_at is None:
            return state
        await self._note_start(container, state.started_at)
        watched = state.running
        if watched:
            async with self._beside(
                container,
                self._stop_when_ordered,
                self._stop_at_deadline,
                self._stop_at_max_charge,
                self._stop_when_disk_is_full,
                self._end_burst,
                self._sample,
                self._probe_web_server,
            ):
                state, _ = await asyncio.gather(container.wait(), self._log.copy(container, self._run.log_lines_before))
        else:  # it ended while nobody watched: a deadline that has passed since is none of its business
            await self._log.copy(container, self._run.log_lines_before)
        await self._look_at_disk(container)
        if state is not None and self._now().status is JobStatus.RUNNING:
            await self._look_at_engine(state, watched)
        return state

    async def _note_start(self, container: Container, started_at: int) -> None:
        """Record what the engine says."""
        disk = self._parts.engine.disk
        self._run = await self._parts.runs.change(
            self._run.id,
            lambda now: replace(now, container_id=container.id, container_started_at=started_at, disk_enforcement=disk),
        )

    @asynccontextmanager
    async def _beside(self, container: Container, *work: Callable[[Container], Awaitable[None]]) -> AsyncIterator[None]:
        """Do the work in tasks of its own while the body runs; a fault in one ends them all."""
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._insist(partial(part, container))) for part in work]
            yield
            for task in tasks:
                task.cancel()

    async def _insist(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Ask until the engine answers: it may be restarting, and its containers may live on meanwhile."""
        while True:
            try:
                return await ask()
            except EngineUnavailable as problem:
                log.info("Run %s: %s", self._run.id, problem)
                await self._parts.clock.sleep(TICK_SECS)

    async def _stop_when_ordered(self, container: Container) -> None:
        """Kill the container at the moment that the record names; orders may come, and be changed, at any time."""
        while True:
            self._nudged.clear()
            stop_at = restarts.stop_moment(self._now())
            if stop_at is not None and stop_at <= self._parts.clock.now():
                await container.kill()
                return
            await until(self._nudged, self._parts.clock, stop_at)

    async def _stop_at_deadline(self, container: Container) -> None:
        deadline = limits.deadline(self._run)
        if deadline is None:
            return
        await sleep_until(self._parts.clock, deadline)
        if await self._parts.runs.move(self._run.id, JobStatus.TIMING_OUT):
            self._log.system(messages.timing_out(self._run))
        if self._now().status is JobStatus.TIMING_OUT:
            await container.stop(TIMEOUT_GRACE_SECS)

    async def _stop_at_max_charge(self, container: Container) -> None:
        """Abort the run gracefully when it has cost what its caller wants to pay at most."""
        if self._run.options.max_total_charge_usd is None:
            return
        while not self._parts.billing.is_at_max_charge(self._now()):
            await self._parts.clock.sleep(TICK_SECS)
        if await self._parts.runs.end_at_max_charge(self._run):
            self._log.system(f"ACTOR: {messages.max_charge(self._run)}")

    async def _stop_when_disk_is_full(self, container: Container) -> None:
        """Measure the writable layer; where nothing else holds the limit, stop the run that is over it."""
        limit = self._run.options.disk_mbytes * limits.MBYTE
        while True:
            began = self._parts.clock.now()
            used = await self._measure_disk(container)
            if used is None:
                return
            if used > limit and self._parts.engine.disk is DiskEnforcement.POLLED:
                await self._stop_because(container, messages.disk_full(self._run, used))
                return
            cost = (self._parts.clock.now() - began) / 1000
            await self._parts.clock.sleep(max(TICK_SECS, DISK_COST_FACTOR * cost))

    async def _measure_disk(self, container: Container) -> int | None:
        """Count what the container has written; None where that cannot be told."""
        used = await container.disk_bytes()
        if used is not None and used > self._now().stats.disk_max_bytes:
            await self._parts.runs.change_stats(self._run.id, partial(stats.with_disk, used_bytes=used))
        return used

    async def _look_at_disk(self, container: Container) -> None:
        """Measure once more at the end, and say so where the limit was passed before that was noticed."""
        with suppress(EngineUnavailable):
            used = await self._measure_disk(container)
            if used is not None and messages.ended_over_disk(self._now(), used):
                self._log.system(messages.disk_overshoot(self._run, used))

    async def _look_at_engine(self, state: ContainerState, watched: bool) -> None:
        """Order a run to go on whose container went down with the engine: the Actor has not ended."""
        ended_at = state.finished_at or self._parts.clock.now()
        start = await self._insist(partial(self._parts.containers.restarted_since, ended_at))
        if start is not None and restarts.stopped_by_engine(self._now(), state, start, watched=watched):
            await self._parts.runs.change(self._run.id, partial(restarts.moved_by_engine, at=ended_at))
            self._log.system(messages.ENGINE_STOPPED)

    async def _stop_because(self, container: Container, reason: str) -> None:
        """Stop the run for a reason that is written first: a restarted server must still know it."""
        await self._parts.runs.change(self._run.id, lambda now: replace(now, stopped_because=reason))
        self._log.system(f"ACTOR: {reason}")
        await container.kill()

    async def _end_burst(self, container: Container) -> None:
        """Take the container down to its share of CPU when the start-up burst is over."""
        burst_secs = self._parts.settings.cpu_burst_secs
        await sleep_until(self._parts.clock, limits.burst_end(self._run, burst_secs))
        await container.set_cpus(limits.cpus(self._run.options.memory_mbytes))

    async def _sample(self, container: Container) -> None:
        """Count what the container uses, and tell the Actor once a second."""
        started_at = self._run.container_started_at or self._run.started_at
        async for sample in container.samples():
            transferred = self._parts.billing.take_transfer(self._run.id)
            counting = partial(_counted, sample=sample, started_at=started_at, transferred=transferred)
            now = await self._parts.runs.change_stats(self._run.id, counting)
            granted = limits.granted_cpus(self._run, self._parts.settings.cpu_burst_secs, sample.at)
            self._parts.events.emit(self._run.id, system_info(now, granted, iso(sample.at)))

    async def _probe_web_server(self, container: Container) -> None:
        """Ask once a second whether the Actor's web server answers, until it does for the first time."""
        while True:
            address = await container.web_server_address(self._run.web_server_port)
            if address is not None and await answers(*address):
                break
            await self._parts.clock.sleep(TICK_SECS)
        await self._parts.runs.change(self._run.id, lambda now: replace(now, is_container_server_ready=True))

    async def _finish(self, state: ContainerState | None, message: str | None = None) -> None:
        """Write the terminal status. The log is complete by now; an abort that came in between is tried again."""
        is_oom = state is not None and messages.is_oom_end(state)
        if state is not None and state.oom_killed and not is_oom:
            self._log.system(messages.OOM_IN_CHILD)
        exit_code = state.exit_code if state is not None and state.started_at is not None else None
        while True:
            run = self._now()
            status = terminal_status(run.status, exit_code)
            told = messages.finished(run, status, state, self._log.last_errors())
            text = message if message and status is JobStatus.FAILED else told
            at = (state.finished_at if state else None) or self._parts.clock.now()
            end = partial(_ended, finished_at=at, exit_code=exit_code, message=text, is_oom=is_oom)
            if run.status.is_terminal or await self._parts.runs.move(run.id, status, end):
                return

    def _leave(self) -> None:
        """Release who follows the log or listens to events."""
        self._parts.logs.close(self._run.id)
        self._parts.events.close(self._run.id)

    def _spec(self) -> ContainerSpec:
        run, parts = self._run, self._parts
        actor = parts.actors.get(run.actor_id)
        memory = run.options.memory_mbytes
        return ContainerSpec(
            name=f"greenroom-{run.id}",
            image=self._build.image or "",
            labels={RUN_LABEL: run.id, BUILD_LABEL: self._build.id},
            environment=environment.variables(
                run,
                actor,
                parts.users.get(actor.user_id),
                self._build,
                parts.users.get(run.user_id),
                parts.billing.event_counts(run),
                parts.addresses,
                parts.input_keys.find(run.user_id, actor.id) if secret_fields(self._build.input_schema) else None,
            ),
            memory_bytes=memory * limits.MBYTE,
            cpus=limits.burst_cpus(memory, parts.settings.cpu_burst_secs),
            disk_bytes=run.options.disk_mbytes * limits.MBYTE,
            pids=limits.MAX_PIDS,
            shm_bytes=limits.shm_bytes(memory),
            web_server_port=run.web_server_port,
            hosts={HOST_IN_CONTAINERS: parts.engine.gateway or "host-gateway"},
        )


def _unstarted(run: Run, log_lines: int) -> Run:
    """The run before its next container is there: log and counters go on behind what there is."""
    return replace(run, log_lines_before=log_lines, stats=stats.in_new_container(run.stats))


def _counted(before: RunStats, sample: Sample, started_at: Millis, transferred: int) -> RunStats:
    return stats.with_api_bytes(stats.after_sample(before, sample, started_at), transferred)


def _ended(run: Run, finished_at: Millis, exit_code: int | None, message: str, is_oom: bool) -> Run:
    """The run as it ends; a message that the Actor called terminal stays."""
    return replace(
        run,
        finished_at=finished_at,
        exit_code=exit_code,
        is_container_server_ready=False,
        stats=stats.at_rest(run.stats, run.options.memory_mbytes * limits.MBYTE if is_oom else 0),
        status_message=run.status_message if run.is_status_message_terminal else message,
    )
