"""The supervisors of all live runs: started, nudged, recovered after a crash, and closed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from dataclasses import replace
from functools import partial
from typing import Any

from runtime.base.clock import Clock
from runtime.base.lifecycle import JobStatus, terminal_status
from runtime.base.records import Run
from runtime.containers import Container, Containers
from runtime.runs import messages
from runtime.runs.run_containers import RUN_LABEL
from runtime.runs.runs import Runs
from runtime.runs.supervisor import Supervisor, SupervisorContext

log = logging.getLogger("greenroom.supervisor")


class Supervisors:
    """One supervisor for each live run. Call `open` first and `close` last."""

    def __init__(self, *, runs: Runs, containers: Containers, clock: Clock) -> None:
        self._runs = runs
        self._containers = containers
        self._clock = clock
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

    def begin(self, run: Run) -> None:
        """Give a run a supervisor that takes it to its end."""
        supervisor = Supervisor(run, self._context)
        self._add(run, supervisor, supervisor.supervise())

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

    async def recover(self) -> None:
        """Adopt the containers of unfinished runs, remove all others, and end or launch runs that have no container."""
        containers = await self._containers.list()
        by_run = {container.labels.get(RUN_LABEL): container for container in containers}
        unfinished = self._runs.unfinished()
        for run in unfinished:
            try:
                await self._recover_run(run, by_run.get(run.id))
            except Exception as problem:  # one run that cannot be recovered must not prevent the others
                log.exception("Run %s could not be recovered", run.id)
                await self._fail(run, by_run.get(run.id), problem)
        known = {run.id for run in unfinished}
        for container in containers:
            if container.labels.get(RUN_LABEL) not in known:
                await container.remove()

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

    def _add(self, run: Run, supervisor: Supervisor, supervision: Coroutine[Any, Any, None]) -> None:
        self._supervisors[run.id] = supervisor
        self._tasks[run.id] = asyncio.create_task(supervision, name=f"run {run.id}")
        self._tasks[run.id].add_done_callback(lambda task: self._remove(run.id, task))

    def _remove(self, run_id: str, task: asyncio.Task[None]) -> None:
        del self._supervisors[run_id], self._tasks[run_id]
        if not task.cancelled() and (problem := task.exception()) is not None:
            log.error("The end of run %s could not be stored", run_id, exc_info=problem)

    async def _recover_run(self, run: Run, container: Container | None) -> None:
        state = await container.inspect() if container is not None else None
        if container is not None and (state is None or state.started_at is None):
            await container.remove()
            container = None
        supervisor = Supervisor(run, self._context)
        if container is not None or _awaits_container(run):
            self._add(run, supervisor, supervisor.supervise(container))
        else:
            self._add(run, supervisor, supervisor.end_vanished())

    async def _fail(self, run: Run, container: Container | None, problem: Exception) -> None:
        if container is not None:
            await container.remove()
        message = messages.supervisor_failed(problem)
        end = partial(replace, finished_at=self._clock.now(), status_message=message)
        await self._runs.move(run.id, terminal_status(run.status, None), end)


def _awaits_container(run: Run) -> bool:
    """Whether a live run without a container is about to get one: its first, or the next one after a restart."""
    return run.status in (JobStatus.READY, JobStatus.RUNNING) and (run.container_id is None or run.restart is not None)
