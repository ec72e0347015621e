"""Schedules: finding, creating, updating and deleting them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from runtime.access.users import Users
from runtime.actors.actors import Actors, check_name
from runtime.actors.tasks import Tasks
from runtime.base.clock import Clock, Millis
from runtime.base.errors import Conflict, Invalid, NotFound, record_not_found, too_many
from runtime.base.paging import Page, Paging
from runtime.base.records import Schedule, ScheduleAction, ScheduleLogEntry, User, new_id
from runtime.database import AlreadyExists, Database, TooMany
from runtime.schedules.cron import cron

MAX_ACTIONS = 10
"""The platform's limit, for Actors and for tasks."""
MIN_INTERVAL_MILLIS = 10_000
"""A tick that comes sooner after the last one is skipped, as on the platform."""


class Schedules:
    """Every schedule belongs to a user, who has at most `most`. For other users it does not exist.

    `wake` is called when a schedule has been created or changed.
    """

    def __init__(
        self,
        *,
        database: Database,
        users: Users,
        actors: Actors,
        tasks: Tasks,
        clock: Clock,
        wake: Callable[[], None],
        most: int,
    ) -> None:
        self._table = database.schedules
        self._users = users
        self._actors = actors
        self._tasks = tasks
        self._clock = clock
        self._wake = wake
        self._most = most

    def find(self, user: User, reference: str) -> Schedule:
        """The user's schedule by its id, `username~name`, `~name` or `me~name`. Raises NotFound."""
        schedule = self._users.find_record(self._table, user, reference)
        if schedule is None or schedule.user_id != user.id:
            raise record_not_found("Schedule", reference)
        return schedule

    def page(self, user: User, paging: Paging) -> Page[Schedule]:
        return self._table.page(user.id, paging)

    def log(self, schedule: Schedule) -> list[ScheduleLogEntry]:
        """The newest entries of the schedule's log, oldest first."""
        return self._table.log(schedule.id)

    async def create(self, user: User, cron_expression: str, name: str | None, **fields: Any) -> Schedule:
        """Create a schedule. Actions can name their Actor or task by its id or name.

        Raises Invalid, Conflict, Forbidden if the user has too many schedules, and NotFound for an action whose Actor
        or task does not exist.
        """
        now, id = self._clock.now(), new_id()
        schedule = Schedule(
            id=id,
            user_id=user.id,
            name=check_name(name or f"my-schedule-{id[:6].lower()}", "Schedule"),
            cron_expression=cron_expression,
            created_at=now,
            modified_at=now,
            **self._checked(user, fields),
        )
        try:
            created = await self._table.insert_one_of(with_next_run(schedule, now), self._most)
        except AlreadyExists:
            raise _name_taken(schedule.name) from None
        except TooMany:
            raise too_many("too-many-schedules", "schedules", self._most) from None
        self._wake()
        return created

    async def update(self, user: User, schedule: Schedule, **fields: Any) -> Schedule:
        """Set some fields. Raises as `create`, and NotFound if the schedule was deleted."""
        now, checked = self._clock.now(), self._checked(user, fields)

        def updated(current: Schedule) -> Schedule:
            changed = replace(current, **checked, modified_at=now)
            return with_next_run(changed, now) if _has_other_times(current, changed) else changed

        try:
            record = await self._table.update(schedule.id, updated)
        except AlreadyExists:
            raise _name_taken(fields["name"]) from None
        if record is None:
            raise record_not_found("Schedule", schedule.id)
        self._wake()
        return record

    async def delete(self, schedule: Schedule) -> None:
        """Delete a schedule with its log, but not its runs."""
        await self._table.delete(schedule.id)

    def _checked(self, user: User, fields: dict[str, Any]) -> dict[str, Any]:
        """The fields with the ids of Actors and tasks instead of their names."""
        if "name" in fields:
            check_name(fields["name"], "Schedule")
        if "actions" not in fields:
            return fields
        actions = tuple(self._with_ids(user, action) for action in fields["actions"])
        for what, count in (
            ("Actors", sum(action.actor_id is not None for action in actions)),
            ("tasks", sum(action.actor_task_id is not None for action in actions)),
        ):
            if count > MAX_ACTIONS:
                raise Invalid("invalid-value", f"A schedule can start at most {MAX_ACTIONS} {what}, not {count}")
        return {**fields, "actions": actions}

    def _with_ids(self, user: User, action: ScheduleAction) -> ScheduleAction:
        try:
            if action.actor_id is not None:
                return replace(action, actor_id=self._actors.find(user, action.actor_id).id)
            return replace(action, actor_task_id=self._tasks.find(user, str(action.actor_task_id)).id)
        except NotFound as problem:
            kind = "actor" if action.actor_id is not None else "actor-task"
            raise NotFound(f"schedule-{kind}-not-found", problem.message) from problem


def next_run(schedule: Schedule, now: Millis) -> Millis | None:
    """The time of a schedule's next tick after a moment; None if it is disabled or has no more ticks. Raises Invalid.

    A last run after `now` does not count: the clock had been advanced then.
    """
    times = cron(schedule.cron_expression, schedule.timezone)
    if not schedule.is_enabled:
        return None
    last = schedule.last_run_at
    after = now if last is None or last > now else max(now, last + MIN_INTERVAL_MILLIS - 1)
    return times.next_after(after)


def with_next_run(schedule: Schedule, now: Millis) -> Schedule:
    return replace(schedule, next_run_at=next_run(schedule, now))


def _has_other_times(before: Schedule, after: Schedule) -> bool:
    names = ("cron_expression", "timezone", "is_enabled")
    return any(getattr(before, name) != getattr(after, name) for name in names)


def _name_taken(name: str) -> Conflict:
    return Conflict("schedule-name-not-unique", f"You already have a schedule named '{name}'")
