"""The supervisor of one live run: it takes the run from RUNNING to a terminal status.

While a run is live, no one else ends it: orders reach the supervisor through the run's record. After a crash a new
supervisor needs only the record and the engine: it adopts the container and continues.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from runtime.base.clock import Clock, Millis
from runtime.base.lifecycle import JobStatus, terminal_status
from runtime.base.records import Build, ContainerEnd, Ending, Restart, Run
from runtime.base.retry import retry
from runtime.base.storage_errors import STORAGE_ERRORS
from runtime.builds import Builds
from runtime.containers import Container, ContainerState, EngineUnavailable, Exec, ExecSpec, StartFailed
from runtime.jobs import resource_limits, stats
from runtime.jobs.logs import Log
from runtime.runs import environment, messages, restarts
from runtime.runs.debugger_hold import RunHold
from runtime.runs.debugger_watch import DebuggerWatch
from runtime.runs.endings import container_end_of, ending_of
from runtime.runs.limit_watchers import WatchedRun, Watchers
from runtime.runs.measurements import Measurements
from runtime.runs.retries import retry_until_available, retry_until_successful
from runtime.runs.run_containers import RunContainers
from runtime.runs.run_inputs import RunInputs
from runtime.runs.runs import Runs
from runtime.runs.status import RunStatuses
from runtime.storages.request_queues import RequestQueues

logger = logging.getLogger("greenroom.supervisor")
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class SupervisorContext:
    """What all supervisors of an instance share."""

    run_containers: RunContainers
    watchers: Watchers
    debugger: DebuggerWatch
    measurements: Measurements
    runs: Runs
    statuses: RunStatuses
    run_inputs: RunInputs
    builds: Builds
    request_queues: RequestQueues
    clock: Clock


class Supervisor:
    """Supervises one run. Call `supervise` or `end_vanished` once. `release` is called when the run has ended."""

    def __init__(
        self, run: Run, build: Build, context: SupervisorContext, log: Log, *, release: Callable[[], None]
    ) -> None:
        self._run = run
        self._build = build
        self._context = context
        self._log = log
        self._release = release
        self._nudged = asyncio.Event()
        self._container: Container | None = None
        self._is_over = False

    async def supervise(self, adopted: Container | None = None) -> None:
        """Take the run to its end, from its start or from the state of an adopted container.

        If cancelled, it leaves the container alone: the next start of the server adopts it.
        """
        self._container = adopted
        try:
            await retry(self._supervise, self._context.clock, f"Run {self._run.id}", on=STORAGE_ERRORS)
        finally:
            self._is_over = True
            self._release()
        if self._container is not None:
            await self._retry(self._container.remove)

    async def _supervise(self) -> None:
        """Take the run to its end. If the disk fails on the way, the next attempt continues as a new server would."""
        try:
            self._run = self._current()
            self._build = self._context.builds.get(self._run.current_build_id)
            if self._run.status is JobStatus.READY:  # it was admitted when nothing could be stored
                await self._retry(partial(self._context.statuses.move, self._run.id, JobStatus.RUNNING))
            self._log.hide(await self._context.run_inputs.secrets(self._run, self._build))
            await self._finish(await self._run_containers(self._container))
        except STORAGE_ERRORS:
            await self._forget_unstarted_container()
            raise
        except (StartFailed, EngineUnavailable) as problem:
            await self._finish(None, messages.never_started(problem), problem)
        except Exception as problem:
            logger.exception("The supervisor of run %s failed", self._run.id)
            await self._finish(None, messages.supervisor_failed(problem), problem)

    async def _forget_unstarted_container(self) -> None:
        """Forget a container that was created, but not started: the next attempt creates another one of this name."""
        state = None if self._container is None else await self._retry(self._container.inspect)
        if state is not None and state.started_at is None:
            self._container = None

    async def end_vanished(self) -> None:
        """End a run whose container has vanished while no server watched it."""
        try:
            finish = partial(self._finish, None, messages.VANISHED)
            await retry(finish, self._context.clock, f"Run {self._run.id}", on=STORAGE_ERRORS)
        finally:
            self._release()

    def nudge(self) -> None:
        """The record has new orders."""
        self._nudged.set()

    @property
    def container(self) -> Container | None:
        """The run's container; None before it is created and after the run's end."""
        return None if self._is_over else self._container

    async def web_server_address(self) -> tuple[str, int] | None:
        """Where this host reaches the Actor's web server; None while the container does not run."""
        if self._container is None:
            return None
        return await self._container.address_of(self._run.web_server_port)

    async def execute(self, spec: ExecSpec) -> Exec | None:
        """Start a process in the container; None while it does not run. Raises StartFailed, EngineUnavailable."""
        return None if self._container is None else await self._container.execute(spec)

    async def _run_containers(self, adopted: Container | None) -> ContainerState | None:
        """Run the container, and the ones after each restart. Returns the state of the last one."""
        container = adopted
        if adopted is None and self._run.resumed_at is not None:
            await self._unlock_requests()
        if adopted is None and self._run.restart is not None:  # the last server crashed while it restarted the run
            await self._restart(self._run.restart)
        while True:
            if container is None and self._current().status is JobStatus.ABORTING:
                return None
            state = await self._watch(container or await self._launch())
            restart = restarts.next_restart(self._current(), state, self._context.clock.now())
            if restart is None:
                return state
            await self._restart(restart, container_end_of(state, self._context.clock.now()))
            container = None

    async def _restart(self, restart: Restart, end: ContainerEnd | None = None) -> None:
        """Remove the old container and carry out the order, which is cleared last: a new server would repeat it."""
        await self._change(partial(restarts.ordered, restart=restart, end=end))
        if self._container is not None:
            await self._retry(self._container.remove)
            self._container = None
        await self._unlock_requests()
        self._log.system(messages.RESTARTS[self._current().restart or restart])
        change = partial(restarts.restarted, now=self._context.clock.now())
        self._run = await self._change(change)
        self._build = self._context.builds.get(self._run.current_build_id)
        self._log.hide(environment.secrets(self._run, self._build))
        self._log.hide(await self._context.run_inputs.secrets(self._run, self._build))

    async def _unlock_requests(self) -> None:
        """Release the locks that the run's last container held. The next one would wait until they expire."""
        await self._context.request_queues.unlock_requests_of_run(self._run.user_id, self._run.id)

    async def _launch(self) -> Container:
        before_launch = partial(_before_launch, log_lines=self._log.lines_from_containers())
        self._run = await self._change(before_launch)
        for line in self._context.run_containers.limits_lines(self._run):
            self._log.system(line)
        if self._run.current_dev_folder is not None:
            self._log.system(messages.mounted(self._run.current_dev_folder))
        if self._run.debug_port is not None:
            self._log.system(messages.debugged(self._run.debug_port, self._run.options))
        self._log.system(f"ACTOR: Pulling Docker image of build {self._build.id} from registry.")
        self._log.system("ACTOR: Creating Docker container.")
        if self._run.first_container_at is None and self._run.resumed_at is None:
            return await self._create_and_start()
        return await self._retry(self._create_and_start)  # the Actor is in the middle of its work: wait for the engine

    async def _create_and_start(self) -> Container:
        started_now = _started(self._run, self._context.clock.now())  # so that the Actor sees its whole timeout
        container = self._container = await self._context.run_containers.create(started_now, self._build)
        if self._current().status is not JobStatus.ABORTING:
            self._log.system("ACTOR: Starting Docker container.")
            await self._start(container)
        return container

    async def _start(self, container: Container) -> None:
        """Start the container. If the engine goes away during the request, inspect it later."""
        try:
            await container.start()
        except EngineUnavailable:
            state = await self._retry(container.inspect)
            if state is None or state.started_at is None:
                raise

    async def _watch(self, container: Container) -> ContainerState | None:
        """Run the watchers until the container has ended and its log is copied. Returns its last state."""
        async with self._copying_log(container) as copied:
            return await self._watch_to_end(container, copied)

    @asynccontextmanager
    async def _copying_log(self, container: Container) -> AsyncIterator[asyncio.Task[None]]:
        """Copy the log while the body runs: the first lines need not wait for the records of the start."""
        copied = asyncio.create_task(self._copy_log(container), name=f"log of run {self._run.id}")
        try:
            yield copied
        finally:
            copied.cancel()
            await asyncio.wait({copied})

    async def _watch_to_end(self, container: Container, copied: asyncio.Task[None]) -> ContainerState | None:
        state = await self._retry(container.inspect)
        if state is None or state.started_at is None:
            return state
        hold = RunHold(self._run.debugger_hold, self._context.clock)
        watched = WatchedRun(run=self._run, container=container, log=self._log, nudged=self._nudged, hold=hold)
        await self._record_start(watched, state.started_at)
        is_watched = state.running
        if is_watched:
            watched = replace(watched, run=self._run)
            debugger = self._context.debugger.watch(watched, self._build)
            async with debugger, self._context.watchers.watch(watched):
                state, _ = await asyncio.gather(container.wait(), copied)
        else:  # it ended while no server watched: a deadline that has passed since does not matter
            await copied
        for change in watched.unstored:
            await self._retry(change)
        await self._count_end(container)
        await self._report_overshoot(container)
        if state is not None and self._current().status is JobStatus.RUNNING:
            await self._restart_if_engine_stopped(state, is_watched=is_watched)
        return state

    async def _record_start(self, watched: WatchedRun, started_at: Millis) -> None:
        """Record what the engine reports about the start. The limits hold even if this cannot be stored."""
        disk = self._context.run_containers.disk_enforcement

        def started(now: Run) -> Run:
            return replace(_started(now, started_at), container_id=watched.container.id, disk_enforcement=disk)

        await watched.store(partial(self._context.runs.change, self._run.id, started))
        self._run = started(self._current())

    async def _copy_log(self, container: Container) -> None:
        """Copy the log to its end. An error in it must not end the run, nor prevent the end of the run."""
        await retry_until_successful(partial(self._try_to_copy_log, container), self._context.clock, self._run.id)

    async def _try_to_copy_log(self, container: Container) -> None:
        """Copy the log. Raises any error while the container runs, because the next attempt may succeed."""
        try:
            await self._log.copy(container, self._run.log_lines_before)
        except Exception as problem:
            state = await self._retry(container.inspect)
            if state is not None and state.running:
                raise
            logger.exception("The log of run %s could not be copied", self._run.id)
            self._log.system(messages.log_incomplete(problem))

    async def _count_end(self, container: Container) -> None:
        """Record the last counters of the container. An error in them must not end the run otherwise than it ended."""
        try:
            await self._retry(partial(self._context.measurements.count_end, container, self._run))
        except Exception:
            logger.exception("The last counters of run %s could not be read", self._run.id)

    async def _report_overshoot(self, container: Container) -> None:
        """Measure the disk once more at the end, and log it if the run exceeded its limit and no check noticed."""
        try:
            used = await self._context.measurements.measure_disk(container, self._run.id)
        except EngineUnavailable:
            return
        except Exception:
            logger.exception("The disk of run %s could not be measured", self._run.id)
            return
        if used is not None and messages.ended_over_disk(self._current(), used):
            self._log.system(messages.disk_overshoot(self._run, used))

    async def _restart_if_engine_stopped(self, state: ContainerState, *, is_watched: bool) -> None:
        """Order a restart if the engine stopped the container: then the Actor has not ended by itself."""
        ended_at = state.finished_at or self._context.clock.now()
        start = await self._retry(partial(self._context.run_containers.engine_restarted_since, ended_at))
        if start is not None and restarts.stopped_by_engine(self._current(), state, start, watched=is_watched):
            await self._change(partial(restarts.moved_by_engine, at=ended_at))
            self._log.system(messages.ENGINE_STOPPED)

    async def _finish(
        self, state: ContainerState | None, message: str | None = None, problem: Exception | None = None
    ) -> None:
        """Write the terminal status once the log is complete. If an abort comes first, determine the status again."""
        ending = ending_of(self._current(), state, problem)
        is_oom = state is not None and state.oom_killed
        if state is not None and is_oom and not messages.is_oom_end(state):
            self._log.system(messages.OOM_IN_CHILD)
        exit_code = state.exit_code if state is not None and state.started_at is not None else None
        if exit_code != 0 and restarts.must_abort(self._current()):
            await self._retry(partial(self._context.statuses.move, self._run.id, JobStatus.ABORTING))
        while True:
            run = self._current()
            status = terminal_status(run.status, 0 if restarts.is_leaving_standby(run) else exit_code)
            outcome = messages.explanation(run, status, state, self._log.last_errors())
            explanation = message if message and status is JobStatus.FAILED else outcome
            end = partial(
                _ended,
                container_end=container_end_of(state, self._context.clock.now()),
                finished_at=(state.finished_at if state else None) or self._context.clock.now(),
                exit_code=exit_code,
                explanation=explanation,
                plain=messages.plain(status, exit_code),
                ending=ending,
            )
            if run.status.is_terminal or await self._retry(partial(self._context.statuses.move, run.id, status, end)):
                return

    def _current(self) -> Run:
        """The current record: others may have written orders and messages into it."""
        return self._context.runs.get(self._run.id)

    async def _change(self, change: Callable[[Run], Run]) -> Run:
        return await self._retry(partial(self._context.runs.change, self._run.id, change))

    async def _retry(self, request: Callable[[], Awaitable[T]]) -> T:
        return await retry_until_available(request, self._context.clock, self._run.id)


def _before_launch(run: Run, log_lines: int) -> Run:
    """The run before its next container is created: its log and counters continue from their current values.

    The next container waits for a debugger again.
    """
    hold = replace(run.debugger_hold, is_started=False)
    return replace(run, log_lines_before=log_lines, stats=stats.in_new_container(run.stats), debugger_hold=hold)


def _started(run: Run, at: Millis) -> Run:
    """The run after the start of a container. The first container is the one from which the timeout counts."""
    return replace(run, container_started_at=at, first_container_at=run.first_container_at or at)


def _ended(
    run: Run,
    container_end: ContainerEnd | None,
    finished_at: Millis,
    exit_code: int | None,
    explanation: str | None,
    plain: str,
    ending: Ending,
) -> Run:
    """The run with the fields of its end.

    A status message that the Actor marked as terminal stays. Any other one stays unless the end needs an explanation.
    """
    if run.is_status_message_terminal:
        message, is_explained = run.status_message, False
    else:
        message, is_explained = explanation or run.status_message or plain, explanation is not None
    return replace(
        run,
        container_end=container_end,
        finished_at=finished_at,
        exit_code=exit_code,
        is_container_server_ready=False,
        stats=stats.at_rest(
            run.stats, run.options.memory_mbytes * resource_limits.MBYTE if ending.oom_killed else None
        ),
        status_message=message,
        is_end_explained=is_explained,
        ending=ending,
    )
