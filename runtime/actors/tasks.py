"""Tasks: an Actor with an input and options of its own, under a name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from runtime.access.users import Users
from runtime.actors.actors import Actors, check_name
from runtime.base.clock import Clock
from runtime.base.errors import Conflict, Forbidden, Invalid, record_not_found, too_many
from runtime.base.paging import Page, Paging
from runtime.base.records import Task, User, new_id
from runtime.database import AlreadyExists, Database, TooMany


class Tasks:
    """Every task belongs to a user, who has at most `most`. For other users it does not exist."""

    def __init__(self, database: Database, users: Users, actors: Actors, clock: Clock, most: int) -> None:
        self._database = database
        self._users = users
        self._actors = actors
        self._clock = clock
        self._most = most

    def get(self, id: str) -> Task:
        """The task with this id, of any user. Raises NotFound."""
        task = self._database.tasks.get(id)
        if task is None:
            raise record_not_found("Actor task", id)
        return task

    def find(self, user: User, reference: str) -> Task:
        """The user's task by its id, `username~name`, `~name` or `me~name`. Raises NotFound."""
        task = self._users.find_record(self._database.tasks, user, reference)
        if task is None or task.user_id != user.id:
            raise record_not_found("Actor task", reference)
        return task

    def page(self, user: User, paging: Paging) -> Page[Task]:
        return self._database.tasks.page(user.id, paging)

    async def create(self, user: User, actor: str, name: str | None, **fields: Any) -> Task:
        """Create a task of an Actor, which is given by its id or name.

        Raises Invalid, NotFound, Conflict, and Forbidden if it would publish a task of another user's Actor, or if the
        user has too many tasks.
        """
        now, id = self._clock.now(), new_id()
        checked = check_name(name or f"my-task-{id[:6].lower()}", "Task")
        actor_id = self._actors.find(user, actor).id
        task = Task(id=id, user_id=user.id, actor_id=actor_id, name=checked, created_at=now, modified_at=now)
        self._check_publication(task, fields)
        try:
            return await self._database.tasks.insert_one_of(replace(task, **fields), self._most)
        except AlreadyExists:
            raise _name_taken(checked) from None
        except TooMany:
            raise too_many("too-many-actor-tasks", "tasks", self._most) from None

    async def update(self, task: Task, **fields: Any) -> Task:
        """Set some fields.

        Raises Invalid, Conflict, NotFound if the task has been deleted, and Forbidden as `create`.
        """
        self._check_publication(task, fields)
        if "name" in fields:
            check_name(fields["name"], "Task")
        now = self._clock.now()
        try:
            record = await self._database.tasks.update(
                task.id, lambda current: replace(current, **fields, modified_at=now)
            )
        except AlreadyExists:
            raise _name_taken(fields["name"]) from None
        if record is None:
            raise record_not_found("Actor task", task.id)
        return record

    async def count_run(self, id: str) -> None:
        await self._database.tasks.update(
            id, lambda current: replace(current, total_runs=current.total_runs + 1), may_use_reserve=True
        )

    async def delete(self, task: Task) -> None:
        """Delete a task, but not its runs."""
        await self._database.tasks.delete(task.id)

    async def delete_of_actor(self, actor_id: str) -> None:
        """Delete the tasks of an Actor that is being deleted."""
        await self._database.tasks.delete_of_actor(actor_id)

    def _check_publication(self, task: Task, fields: Mapping[str, Any]) -> None:
        """Raises Forbidden if the fields change the publication of a task of another user's Actor.

        Values that the task already has are no change: the Go client's suite unpublishes such a task. Also raises
        Invalid if the fields publish a task that has no public page to show. Source: the description of `publish` in
        both clients.
        """
        sent = fields.keys() & {"published_at", "public_config"}
        if all(fields[name] == getattr(task, name) for name in sent):
            return
        actor, changed = self._actors.get(task.actor_id), replace(task, **{name: fields[name] for name in sent})
        if actor.user_id != task.user_id:
            raise Forbidden("insufficient-permissions", "Only the owner of an Actor can publish a task of it")
        if changed.published_at is None or task.published_at is not None:
            return
        if not actor.is_public:
            raise _not_publishable("its Actor is not public. Set isPublic of the Actor first")
        if not changed.public_config.get("datasetView"):
            raise _not_publishable("publicConfig.datasetView, the view that its page shows, is not set")


def _not_publishable(reason: str) -> Invalid:
    return Invalid("cannot-publish-actor-task", f"The task cannot be published: {reason}")


def _name_taken(name: str) -> Conflict:
    return Conflict("actor-task-name-not-unique", f"You already have a task named '{name}'")
