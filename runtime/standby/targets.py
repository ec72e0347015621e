"""What a Standby address names: an Actor or a task, for one user, with the settings and the build that apply."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from runtime.access.users import Users
from runtime.actors.actors import Actors
from runtime.actors.tasks import Tasks
from runtime.base.errors import Invalid, NotFound
from runtime.base.paging import Paging
from runtime.base.records import Actor, Task, User
from runtime.base.standby_labels import SEPARATOR, name_in_dns, standby_label
from runtime.builds import Builds
from runtime.database import Database
from runtime.standby.settings import StandbySettings, settings_of

PoolKey = tuple[str, str]
"""The id of the user whose requests a pool serves, and the id of the task, or of the Actor."""
ALL = Paging(offset=0, limit=1_000_000, desc=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class StandbyTarget:
    """An Actor or a task to which a user sends Standby requests. Runs are never shared between users."""

    user: User
    actor: Actor
    task: Task | None
    label: str
    settings: StandbySettings

    @property
    def key(self) -> PoolKey:
        return self.user.id, (self.task or self.actor).id


class StandbyTargets:
    """Finds targets by the labels of their addresses and by their records."""

    def __init__(self, *, database: Database, users: Users, actors: Actors, tasks: Tasks, builds: Builds) -> None:
        self._database = database
        self._users = users
        self._actors = actors
        self._tasks = tasks
        self._builds = builds

    def version(self) -> int:
        """A number that changes with each change of a record. Targets and the state of runs stay valid until then."""
        return self._database.connection.commits

    def find(self, user: User, label: str) -> StandbyTarget:
        """The target that a label names for a user. Raises NotFound, and Invalid if Standby is not enabled."""
        record = next(self._candidates(user, label.lower()), None)
        if record is None:
            raise NotFound(
                "record-not-found",
                f"Actor was not found: you have no Actor or task with the Standby address '{label}'. An address is"
                " USERNAME--NAME, or the id of an Actor or task.",
            )
        return checked(self.of(user, record))

    def of(self, user: User, record: Actor | Task) -> StandbyTarget:
        """The target for the requests of a user to an Actor or task. Raises NotFound."""
        task = record if isinstance(record, Task) else None
        actor = self._actors.get_runnable(user, record.actor_id) if isinstance(record, Task) else record
        return StandbyTarget(
            user=user, actor=actor, task=task, label=self.label_of(record), settings=settings_of(actor, task)
        )

    def label_of(self, record: Actor | Task) -> str:
        """The label of an address. A task with the name of an Actor of its user has its id as its label."""
        owner = self._users.get(record.user_id)
        if isinstance(record, Task) and self._database.actors.by_name(owner.id, record.name):
            return record.id.lower()
        return standby_label(owner, record)

    def renewed(self, key: PoolKey, actor_id: str) -> StandbyTarget | None:
        """The target of a pool as its records are now; None if one of them was deleted, or is no longer accessible."""
        user_id, id = key
        try:
            user = self._users.get(user_id)
            return self.of(user, self._actors.get_runnable(user, id) if id == actor_id else self._tasks.get(id))
        except NotFound:
            return None

    def enabled(self, user: User) -> Iterator[StandbyTarget]:
        """The user's own Actors and tasks with Standby."""
        actors = self._actors.page(user, ALL, sort_by="created_at", only_own=True).items
        records: Iterator[Actor | Task] = chain(actors, self._tasks.page(user, ALL).items)
        for record in records:
            try:
                target = self.of(user, record)
            except NotFound:  # a task of another user's Actor, which is no longer public
                continue
            if target.settings.is_enabled:
                yield target

    def build_id(self, target: StandbyTarget) -> str:
        """The id of the build that serves the target. Raises NotFound."""
        return self._build(target)[0]

    def current_build(self, target: StandbyTarget) -> tuple[str, str] | None:
        """The id and the number of the build that serves the target; None if there is none."""
        try:
            return self._build(target)
        except NotFound:
            return None

    def _build(self, target: StandbyTarget) -> tuple[str, str]:
        reference = target.settings.build
        tagged = target.actor.tagged_builds.get(reference)
        if tagged is not None:
            return tagged.build_id, tagged.build_number
        try:
            return self._builds.resolve(target.actor, reference).id, reference
        except Invalid as problem:
            raise NotFound("record-not-found", problem.message) from problem

    def _candidates(self, user: User, label: str) -> Iterator[Actor | Task]:
        """The records that the label may name for this user: names take precedence over ids."""
        actors, tasks = self._database.actors, self._database.tasks
        named = self._owners_and_names(label)
        found = (
            record
            for owner, name in named
            for record in (actors.by_name(owner.id, name), tasks.by_name(owner.id, name))
        )
        for record in chain(found, (table.by_lowered_id(label) for table in (actors, tasks))):
            if isinstance(record, Actor) and (record.is_public or record.user_id == user.id):
                yield record
            if isinstance(record, Task) and record.user_id == user.id:
                yield record

    def _owners_and_names(self, label: str) -> Iterator[tuple[User, str]]:
        """All ways to read a label as `<username>--<name>`: names and usernames may contain two dashes too."""
        start = label.find(SEPARATOR)
        while start != -1:
            username, name = label[:start], label[start + len(SEPARATOR) :]
            owner = self._users.by_username(username)
            if owner is not None:
                yield owner, name
            for other in self._users.all() if owner is None else ():
                if name_in_dns(other.username) == username:
                    yield other, name
            start = label.find(SEPARATOR, start + 1)


def checked(target: StandbyTarget) -> StandbyTarget:
    """The target itself. Raises Invalid if Standby is not enabled for it."""
    if target.settings.is_enabled:
        return target
    name = f"Actor '{target.actor.name}'" if target.task is None else f"Task '{target.task.name}'"
    raise Invalid(
        "standby-not-enabled",
        f"{name} does not have Standby mode enabled. Set usesStandbyMode in .actor/actor.json and build the Actor, or"
        " set actorStandby.isEnabled of the Actor.",
    )
