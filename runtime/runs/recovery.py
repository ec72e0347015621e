"""Recovery of runs after a stop or a crash of the server, from their records and their containers."""

from __future__ import annotations

import logging
from dataclasses import replace
from functools import partial

from runtime.base.clock import Clock
from runtime.base.lifecycle import JobStatus, terminal_status
from runtime.base.records import Run
from runtime.containers import Container, Containers
from runtime.runs import messages
from runtime.runs.live_runs import LiveRuns
from runtime.runs.run_containers import RUN_LABEL
from runtime.runs.runs import Runs
from runtime.runs.status import RunStatuses

log = logging.getLogger("greenroom.supervisor")


class RunRecovery:
    """Continues or ends the runs that the last server left unfinished."""

    def __init__(
        self, *, runs: Runs, statuses: RunStatuses, containers: Containers, live_runs: LiveRuns, clock: Clock
    ) -> None:
        self._runs = runs
        self._statuses = statuses
        self._containers = containers
        self._live_runs = live_runs
        self._clock = clock

    async def recover(self) -> None:
        """Adopt the containers of unfinished runs, remove all others, and launch or end runs without a container."""
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

    async def _recover_run(self, run: Run, container: Container | None) -> None:
        state = await container.inspect() if container is not None else None
        if container is not None and (state is None or state.started_at is None):
            await container.remove()
            container = None
        if container is not None or _awaits_container(run):
            await self._live_runs.begin(run, container)
        else:
            self._live_runs.end_vanished(run)

    async def _fail(self, run: Run, container: Container | None, problem: Exception) -> None:
        if container is not None:
            await container.remove()
        message = messages.supervisor_failed(problem)
        end = partial(replace, finished_at=self._clock.now(), status_message=message, is_end_explained=True)
        await self._statuses.move(run.id, terminal_status(run.status, None), end)


def _awaits_container(run: Run) -> bool:
    """Whether a live run without a container is about to get one: its first, or the next one after a restart."""
    return run.status in (JobStatus.READY, JobStatus.RUNNING) and (run.container_id is None or run.restart is not None)
