"""The live runs, each with a supervisor: started, nudged and closed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from functools import partial
from typing import Any

from runtime.base.errors import StorageUnavailable
from runtime.base.lifecycle import JobStatus
from runtime.base.records import Run
from runtime.containers import Container, Exec, ExecSpec
from runtime.jobs.logs import Logs
from runtime.proxy import Proxy
from runtime.runs import environment
from runtime.runs.runs import Runs
from runtime.runs.supervisor import Supervisor, SupervisorContext
from runtime.runs.system_events import SystemEvents

log = logging.getLogger("greenroom.supervisor")


class LiveRuns:
    """One supervisor for each live run, with its log and system events. Call `open` first and `close` last."""

    def __init__(self, *, runs: Runs, logs: Logs, system_events: SystemEvents, proxy: Proxy) -> None:
        self._runs = runs
        self._logs = logs
        self._system_events = system_events
        self._proxy = proxy
        self._supervisors: dict[str, Supervisor] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def open(self, context: SupervisorContext) -> None:
        self._context = context

    @property
    def live_run_ids(self) -> list[str]:
        return list(self._tasks)

    @property
    def ports_of_live_runs(self) -> set[int]:
        """The ports under which live containers know the API: an earlier server may have used another port."""
        return {self._runs.get(run_id).api_port for run_id in self._tasks} - {0}

    async def begin(self, run: Run, adopted: Container | None = None) -> None:
        """Make a READY run RUNNING, and give it a supervisor that takes it to its end.

        The supervisor begins with the run's start or with an adopted container. An abort may come before it: then the
        supervisor ends the run.
        """
        if run.status is JobStatus.READY:
            try:
                await self._context.statuses.move(run.id, JobStatus.RUNNING)
            except StorageUnavailable as problem:  # the run exists, so it needs its supervisor, which repeats this
                log.warning("Run %s: %s", run.id, problem)
        supervisor = self._supervisor(run)
        self._add(run, supervisor, supervisor.supervise(adopted))

    def end_vanished(self, run: Run) -> None:
        """End a run whose container has vanished while no server watched it."""
        supervisor = self._supervisor(run)
        self._add(run, supervisor, supervisor.end_vanished())

    def nudge(self, run_id: str) -> None:
        """Make a run's supervisor, if the run is live, read the orders in its record."""
        supervisor = self._supervisors.get(run_id)
        if supervisor is not None:
            supervisor.nudge()

    async def wait_until_cleared(self, run_id: str) -> None:
        """Wait until the supervisor of a finished run has removed the container."""
        task = self._tasks.get(run_id)
        if task is not None:
            await asyncio.wait({task})

    async def web_server_address(self, run_id: str) -> tuple[str, int] | None:
        """Where this host reaches a live run's web server; None while its container does not run."""
        supervisor = self._supervisors.get(run_id)
        return None if supervisor is None else await supervisor.web_server_address()

    def container_of(self, run_id: str) -> Container | None:
        """The container of a live run, as long as the run uses it. A restart replaces it."""
        supervisor = self._supervisors.get(run_id)
        return None if supervisor is None else supervisor.container

    async def execute(self, run_id: str, spec: ExecSpec) -> Exec | None:
        """Start a process in a live run's container; None while it does not run. Raises StartFailed."""
        supervisor = self._supervisors.get(run_id)
        return None if supervisor is None else await supervisor.execute(spec)

    async def wait_all(self) -> None:
        """Wait until all live runs have ended."""
        if self._tasks:
            await asyncio.wait(set(self._tasks.values()))

    async def close(self) -> int:
        """Leave the live runs to the next start of the server, which adopts them. Returns their number."""
        live = len(self._tasks)
        for task in list(self._tasks.values()):
            task.cancel()
        await self.wait_all()
        return live

    def _supervisor(self, run: Run) -> Supervisor:
        build = self._context.builds.get(run.current_build_id)  # raises before there is anything to release
        log = self._logs.open(run.id, environment.secrets(run, build))
        self._system_events.open(run.id)
        self._proxy.admit(run.id, run.user_id, run.proxy_password)
        return Supervisor(run, build, self._context, log, release=partial(self._release, run.id))

    def _release(self, run_id: str) -> None:
        """Release everyone who follows the run's log or listens to its events, and end its use of the proxy."""
        self._logs.close(run_id)
        self._system_events.close(run_id)
        self._proxy.revoke(run_id)

    def _add(self, run: Run, supervisor: Supervisor, supervision: Coroutine[Any, Any, None]) -> None:
        self._supervisors[run.id] = supervisor
        self._tasks[run.id] = asyncio.create_task(supervision, name=f"run {run.id}")
        self._tasks[run.id].add_done_callback(lambda task: self._remove(run.id, task))

    def _remove(self, run_id: str, task: asyncio.Task[None]) -> None:
        del self._supervisors[run_id], self._tasks[run_id]
        if not task.cancelled() and (problem := task.exception()) is not None:
            log.error("The end of run %s could not be stored", run_id, exc_info=problem)
