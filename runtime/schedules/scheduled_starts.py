"""Starting the run that an action of a schedule describes."""

from __future__ import annotations

from dataclasses import asdict

from runtime.access.users import Users
from runtime.actors.actors import Actors
from runtime.actors.tasks import Tasks
from runtime.base.json_text import dumps
from runtime.base.records import Meta, Run, ScheduleAction, TaskOptions
from runtime.inputs.inputs import JSON_TYPE, Input, input_of_body
from runtime.runs.options import StartOptions
from runtime.runs.start_plan import StartRequest
from runtime.runs.starting import Starting


class ScheduledStarts:
    """Starts runs in the name of the user to whom a schedule belongs."""

    def __init__(self, *, users: Users, actors: Actors, tasks: Tasks, starting: Starting) -> None:
        self._users = users
        self._actors = actors
        self._tasks = tasks
        self._starting = starting

    async def start(self, user_id: str, action: ScheduleAction, meta: Meta) -> Run:
        """Start the run of an action. Raises as `Starting.start`, and NotFound if the Actor or task was deleted."""
        user = self._users.get(user_id)
        if action.actor_id is None:
            task = self._tasks.find(user, str(action.actor_task_id))
            return await self._starting.start_task(user, task, _task_input(action), StartOptions(), meta)
        return await self._starting.start(
            StartRequest(
                user=user,
                actor=self._actors.get_runnable(user, action.actor_id),
                input=_actor_input(action),
                options=StartOptions(**asdict(action.run_options or TaskOptions())),
                meta=meta,
            )
        )


def describe(action: ScheduleAction) -> str:
    """Name the Actor or task of an action in a log entry, as the platform does."""
    kind, id = ("Actor task", action.actor_task_id) if action.actor_id is None else ("Actor", action.actor_id)
    return f'{kind} "{id}"'


def _task_input(action: ScheduleAction) -> Input | None:
    return None if action.input is None else Input(body=dumps(action.input), content_type=JSON_TYPE)


def _actor_input(action: ScheduleAction) -> Input | None:
    if action.run_input is None:
        return None
    return input_of_body(action.run_input.body.encode(), action.run_input.content_type)
