"""Starting runs: from a request to the record of a run and its supervisor.

The planner decides what the run gets. The creator stores its storages, its INPUT and its record. Then the run gets a
supervisor.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from runtime.actors.actors import Actors
from runtime.actors.tasks import Tasks
from runtime.base.records import Meta, Run, Task, User
from runtime.inputs.inputs import Input
from runtime.jobs.memory_quota import MemoryQuota
from runtime.runs.creation import RunCreator
from runtime.runs.options import StartOptions, with_task_options
from runtime.runs.start_plan import StartPlanner, StartRequest
from runtime.webhooks.dispatches import Dispatches


class Starting:
    """Starts runs of Actors and tasks. `admit` makes a new run RUNNING and gives it a supervisor."""

    def __init__(
        self,
        *,
        planner: StartPlanner,
        memory_quota: MemoryQuota,
        creator: RunCreator,
        admit: Callable[[Run], Awaitable[None]],
        dispatches: Dispatches,
        actors: Actors,
        tasks: Tasks,
    ) -> None:
        self._planner = planner
        self._memory_quota = memory_quota
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
        async with self._memory_quota.reserve(request.user.id, plan.options.memory_mbytes):
            run = await self._creator.create(self._planner.confirm(plan))
            await self._admit(run)
        await self._dispatches.dispatch_pending(run)
        await self._actors.count_run(request.actor, run.started_at)
        if request.task is not None:
            await self._tasks.count_run(request.task.id)
        return run

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
