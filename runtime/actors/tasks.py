"""Tasks: an Actor with an input and options of its own, under a name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from runtime.access.users import Users
from runtime.actors.actors import Actors, check_name
from runtime.base.clock import Clock
from runtime.base.errors import Conflict, record_not_found
from runtime.base.records import Task, User, new_id
from runtime.database import Store
from runtime.database.tables import AlreadyExists, Page


class Tasks:
    """Every task belongs to a user; others do not find it."""

    def __init__(self, store: Store, users: Users, actors: Actors, clock: Clock) -> None:
        self._store = store
        self._users = users
        self._actors = actors
        self._clock = clock

    def get(self, id: str) -> Task:
        """The task with this id, whoever asks. Raises NotFound."""
        task = self._store.tasks.get(id)
        if task is None:
            raise record_not_found("Actor task", id)
        return task

    def find(self, user: User, reference: str) -> Task:
        """The user's task by id, `username~name`, `~name` or `me~name`. Raises NotFound."""
        task = self._store.tasks.get(reference) or self._by_name(user, reference)
        if task is None or task.user_id != user.id:
            raise record_not_found("Actor task", reference)
        return task

    def page(self, user: User, *, descending: bool, offset: int, limit: int) -> Page[Task]:
        return self._store.tasks.page(
            "user_id = ?", [user.id], order_by="created_at", descending=descending, offset=offset, limit=limit
        )

    async def create(self, user: User, actor: str, name: str | None, **fields: Any) -> Task:
        """Make a task of an Actor, told by its id or name. Raises Invalid, NotFound, Conflict."""
        now, id = self._clock.now(), new_id()
        checked = check_name(name or f"my-task-{id[:6].lower()}")
        owner_of = self._actors.find(user, actor)
        task = Task(
            id=id, user_id=user.id, actor_id=owner_of.id, name=checked, created_at=now, modified_at=now, **fields
        )
        try:
            return await self._store.tasks.insert(task)
        except AlreadyExists:
            raise _name_taken(checked) from None

    async def change(self, task: Task, **fields: Any) -> Task:
        """Change some fields. Raises Invalid, Conflict, and NotFound where it has gone meanwhile."""
        if "name" in fields:
            check_name(fields["name"])
        try:
            return await self._update(task.id, lambda now: replace(now, **fields, modified_at=self._clock.now()))
        except AlreadyExists:
            raise _name_taken(fields["name"]) from None

    async def count_run(self, id: str) -> None:
        await self._store.tasks.update(id, lambda now: replace(now, total_runs=now.total_runs + 1))

    async def delete(self, task: Task) -> None:
        """Drop a task; its runs stay."""
        await self._store.tasks.delete("id = ?", task.id)

    async def forget_actor(self, actor_id: str) -> None:
        """Drop the tasks of an Actor that is deleted."""
        await self._store.tasks.delete("actor_id = ?", actor_id)

    async def _update(self, id: str, change: Callable[[Task], Task]) -> Task:
        task = await self._store.tasks.update(id, change)
        if task is None:
            raise record_not_found("Actor task", id)
        return task

    def _by_name(self, user: User, reference: str) -> Task | None:
        addressed = self._users.addressed(user, reference)
        if addressed is None:
            return None
        owner, name = addressed
        return self._store.tasks.find("user_id = ? AND name = ?", owner.id, name)


def _name_taken(name: str) -> Conflict:
    return Conflict("actor-task-name-not-unique", f"You have a task named '{name}' already")
