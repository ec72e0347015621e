"""Starting runs: from a request to the record of a run and its supervisor.

The planner decides what the run gets. The creator stores its storages, its INPUT and its record. Then the run gets a
supervisor.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from runtime.actors.actors import Actors
from runtime.actors.tasks import Tasks
from runtime.base.errors import StorageUnavailable
from runtime.base.records import Actor, Definition, Meta, Run, Task, User
from runtime.inputs.inputs import Input
from runtime.jobs.job_quota import JobQuota
from runtime.runs.creation import RunCreator
from runtime.runs.options import StartOptions, with_task_options
from runtime.runs.start_plan import StartPlanner, StartRequest
from runtime.webhooks.dispatches import Dispatches

log = logging.getLogger("greenroom.runs")


class Starting:
    """Starts runs of Actors and tasks. `admit` makes a new run RUNNING and gives it a supervisor."""

    def __init__(
        self,
        *,
        planner: StartPlanner,
        job_quota: JobQuota,
        creator: RunCreator,
        admit: Callable[[Run], Awaitable[None]],
        dispatches: Dispatches,
        actors: Actors,
        tasks: Tasks,
    ) -> None:
        self._planner = planner
        self._job_quota = job_quota
        self._creator = creator
        self._admit = admit
        self._dispatches = dispatches
        self._actors = actors
        self._tasks = tasks

    async def start(self, request: StartRequest) -> Run:
        """Start a run of the Actor, and return it as READY without waiting for its container.

        The run is RUNNING when this returns: the `apify` command reads a new run once, and fails if it is still READY.
        Raises Invalid if the build, an option or the input is invalid, Forbidden, and LimitReached if the user's memory
        is used up. Nothing is recorded then.
        """
        plan = await self._planner.plan(request)
        async with self._job_quota.reserve(request.user.id, plan.options.memory_mbytes):
            run = await self._creator.create(self._planner.confirm(plan))
            await self._admit(run)
        await self._dispatches.dispatch_pending(run)
        await self._count(run, request)
        return run

    def definition(self, user: User, target: Actor | Task, options: StartOptions) -> Definition:
        """The definition of the build that a start of this Actor or task would run. Raises Invalid."""
        if isinstance(target, Task):
            actor = self._actors.get_runnable(user, target.actor_id)
            return Definition.of(self._planner.build(actor, with_task_options(target.options, options)))
        return Definition.of(self._planner.build(target, options))

    async def _count(self, run: Run, request: StartRequest) -> None:
        """Count the run. A failure must not reject the request: the run exists, and a retry would start another."""
        try:
            await self._actors.count_run(request.actor, run.user_id, run.started_at)
            if request.task is not None:
                await self._tasks.count_run(request.task.id)
        except StorageUnavailable as problem:
            log.warning("Run %s is not counted: %s", run.id, problem)

    async def start_task(
        self,
        user: User,
        task: Task,
        input: Input | None,
        options: StartOptions,
        meta: Meta,
        *,
        started_by: Run | None = None,
    ) -> Run:
        """Start a run of a task: the request's options and input take precedence over the task's. Raises as `start`."""
        return await self.start(
            StartRequest(
                user=user,
                actor=self._actors.get_runnable(user, task.actor_id),
                input=input,
                options=with_task_options(task.options, options),
                meta=meta,
                started_by=started_by,
                task=task,
            )
        )
