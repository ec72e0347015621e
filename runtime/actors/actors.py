"""Actors and their versions: names, sources, tags."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from runtime.access.users import Users
from runtime.actors.versions import check_version
from runtime.base.clock import Clock, Millis
from runtime.base.errors import Conflict, Forbidden, Invalid, record_not_found
from runtime.base.records import Actor, Build, EnvVar, TaggedBuild, User, Version, new_id
from runtime.database import Store
from runtime.database.tables import AlreadyExists, Page

NAME = re.compile(r"[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?")
MIN_NAME_LENGTH = 3
MAX_NAME_LENGTH = 63
PUBLIC = "json_extract(body, '$.is_public')"
"""The SQL condition that finds Actors which every user may run."""


class Actors:
    """Every Actor belongs to a user. Others find it, and may run it, if it is public."""

    def __init__(self, store: Store, users: Users, clock: Clock) -> None:
        self._store = store
        self._users = users
        self._clock = clock

    def get(self, id: str) -> Actor:
        """The Actor with this id, whoever asks. Raises NotFound."""
        actor = self._store.actors.get(id)
        if actor is None:
            raise record_not_found("Actor", id)
        return actor

    def find(self, user: User, reference: str) -> Actor:
        """An Actor that the user may run, by id, `username~name`, `~name` or `me~name`. Raises NotFound."""
        actor = self._store.actors.get(reference) or self._by_name(user, reference)
        if actor is None or not _may_run(user, actor):
            raise record_not_found("Actor", reference)
        return actor

    def find_own(self, user: User, reference: str) -> Actor:
        """An Actor that is the user's to change. Raises NotFound, and Forbidden for somebody else's public one."""
        actor = self.find(user, reference)
        if actor.user_id != user.id:
            raise Forbidden("insufficient-permissions", f"Actor '{reference}' can only be changed by its owner")
        return actor

    def runnable(self, user: User, id: str) -> Actor:
        """An Actor that the user has run before, or has a task of. Raises NotFound where it is no longer for them."""
        actor = self.get(id)
        if not _may_run(user, actor):
            raise record_not_found("Actor", id)
        return actor

    def page(
        self, user: User, sort_by: str, *, only_own: bool, descending: bool, offset: int, limit: int
    ) -> Page[Actor]:
        """The user's Actors, and the public ones of others that they have run."""
        mine, values = "user_id = ?", [user.id]
        if not only_own:
            mine, values = (
                f"({mine} OR {PUBLIC} AND id IN (SELECT actor_id FROM runs WHERE user_id = ?))",
                [user.id] * 2,
            )
        return self._store.actors.page(
            mine, values, order_by=sort_by, descending=descending, offset=offset, limit=limit
        )

    def public(self) -> list[Actor]:
        """Those of all users that every user may run, oldest first."""
        return self._store.actors.all(f"{PUBLIC} ORDER BY created_at, rowid")

    async def create(self, user: User, name: str | None, versions: tuple[Version, ...], **fields: Any) -> Actor:
        """Make an Actor with its versions. Raises Invalid, and Conflict where the user has one of that name."""
        now, id = self._clock.now(), new_id()
        for version in versions:
            await _check(version)
        checked = check_name(name or f"my-actor-{id[:6].lower()}")
        actor = Actor(id=id, user_id=user.id, name=checked, created_at=now, modified_at=now, **fields)
        try:
            await self._store.actors.insert(actor)
        except AlreadyExists:
            raise _name_taken(checked) from None
        for version in versions:
            await self._put_version(actor, version)
        return actor

    async def change(self, actor: Actor, fields: Callable[[Actor], Mapping[str, Any]]) -> Actor:
        """Change the fields that `fields` tells for the Actor as it then is.

        Raises Invalid, Conflict, NotFound where it has gone meanwhile, and what `fields` raises.
        """

        def changed(now: Actor) -> Actor:
            then = replace(now, **fields(now), modified_at=self._clock.now())
            check_name(then.name)
            return then

        try:
            return await self._update(actor.id, changed)
        except AlreadyExists:
            raise _name_taken(fields(actor)["name"]) from None

    async def delete(self, actor: Actor) -> None:
        await self._store.actors.delete("id = ?", actor.id)
        await self._store.versions.delete("actor_id = ?", actor.id)

    async def tag(self, build: Build, finished_at: Millis) -> None:
        """Move the build's tag to it. The Actor uses Standby if the build says so and nobody else has decided."""
        tagged = TaggedBuild(build_id=build.id, build_number=build.number, finished_at=finished_at)
        standby = {"isEnabled": True} if build.definition.get("usesStandbyMode") else {}

        def with_build(now: Actor) -> Actor:
            known = now.extra.get("actorStandby") or {}
            extra = {**now.extra, "actorStandby": {**standby, **known}} if standby else now.extra
            return replace(now, extra=extra, tagged_builds={**now.tagged_builds, build.options.tag: tagged})

        await self._store.actors.update(build.actor_id, with_build)

    async def count_run(self, actor: Actor, started_at: Millis) -> None:
        await self._store.actors.update(
            actor.id, lambda now: replace(now, total_runs=now.total_runs + 1, last_run_started_at=started_at)
        )

    async def count_build(self, actor: Actor) -> None:
        await self._store.actors.update(actor.id, lambda now: replace(now, total_builds=now.total_builds + 1))

    def versions(self, actor: Actor) -> list[Version]:
        return self._store.versions.all("actor_id = ? ORDER BY created_at, rowid", actor.id)

    def version(self, actor: Actor, number: str) -> Version:
        """Raises NotFound."""
        version = self._store.versions.find("actor_id = ? AND number = ?", actor.id, number)
        if version is None:
            raise record_not_found("Version", number)
        return version

    async def create_version(self, actor: Actor, version: Version) -> Version:
        """Raises Invalid, and Conflict where the Actor has the version."""
        await _check(version)
        return await self._insert_version(actor, version)

    async def put_version(self, actor: Actor, version: Version) -> Version:
        """Make the version, or replace its content. Raises Invalid."""
        await _check(version)
        return await self._put_version(actor, version)

    async def delete_version(self, actor: Actor, number: str) -> None:
        """Raises NotFound."""
        await self._store.versions.delete("id = ?", self.version(actor, number).id)

    def env_var(self, version: Version, name: str) -> EnvVar:
        """Raises NotFound."""
        for env_var in version.env_vars:
            if env_var.name == name:
                return env_var
        raise record_not_found("Environment variable", name)

    async def create_env_var(self, version: Version, env_var: EnvVar) -> None:
        """Raises Conflict where the version has one of that name."""

        def added(now: Version) -> Version:
            if any(each.name == env_var.name for each in now.env_vars):
                raise Conflict(
                    "env-var-already-exists", f"Version {now.number} has a variable '{env_var.name}' already"
                )
            return replace(now, env_vars=(*now.env_vars, env_var))

        await self._change_version(version, added)

    async def change_env_var(self, version: Version, name: str, change: Callable[[EnvVar], EnvVar]) -> EnvVar:
        """Raises NotFound, and what `change` raises."""

        def changed(now: Version) -> Version:
            self.env_var(now, name)
            return replace(now, env_vars=tuple(change(each) if each.name == name else each for each in now.env_vars))

        return self.env_var(await self._change_version(version, changed), name)

    async def delete_env_var(self, version: Version, name: str) -> None:
        """Raises NotFound."""

        def without(now: Version) -> Version:
            self.env_var(now, name)
            return replace(now, env_vars=tuple(each for each in now.env_vars if each.name != name))

        await self._change_version(version, without)

    async def next_build(self, version: Version) -> int:
        """Reserve the next build number of the version: no two callers get the same."""
        kept = await self._store.versions.update(
            version.id, lambda now: replace(now, last_build=max(now.last_build, self._last_build(now)) + 1)
        )
        if kept is None:
            raise record_not_found("Version", version.number)
        return kept.last_build

    def _last_build(self, version: Version) -> int:
        """The last build of an earlier version of this number: a deleted version's numbers are not given again."""
        builds = self._store.builds.all("actor_id = ? AND number LIKE ?", version.actor_id, f"{version.number}.%")
        return max((int(build.number.rpartition(".")[2]) for build in builds), default=0)

    async def _put_version(self, actor: Actor, version: Version) -> Version:
        known = self._store.versions.find("actor_id = ? AND number = ?", actor.id, version.number)
        return await (self._insert_version(actor, version) if known is None else self._replace_version(known, version))

    async def _insert_version(self, actor: Actor, version: Version) -> Version:
        try:
            kept = await self._store.versions.insert(replace(version, id=new_id(), actor_id=actor.id))
        except AlreadyExists:
            raise Conflict("version-already-exists", f"Version {version.number} of this Actor exists already") from None
        await self._touch(actor.id)
        return kept

    async def _replace_version(self, known: Version, version: Version) -> Version:
        return await self._change_version(
            known,
            lambda now: replace(
                version, id=now.id, actor_id=now.actor_id, created_at=now.created_at, last_build=now.last_build
            ),
        )

    async def _change_version(self, version: Version, change: Callable[[Version], Version]) -> Version:
        kept = await self._store.versions.update(version.id, change)
        if kept is None:
            raise record_not_found("Version", version.number)
        await self._touch(version.actor_id)
        return kept

    async def _touch(self, id: str) -> None:
        """What is changed in a version is changed in its Actor: clients compare that moment with their files'."""
        await self._update(id, lambda now: replace(now, modified_at=self._clock.now()))

    async def _update(self, id: str, change: Callable[[Actor], Actor]) -> Actor:
        actor = await self._store.actors.update(id, change)
        if actor is None:
            raise record_not_found("Actor", id)
        return actor

    def _by_name(self, user: User, reference: str) -> Actor | None:
        addressed = self._users.addressed(user, reference)
        if addressed is None:
            return None
        owner, name = addressed
        return self._store.actors.find("user_id = ? AND name = ?", owner.id, name)


def check_name(name: str) -> str:
    """A DNS-safe name of 3 to 63 characters. Raises Invalid."""
    if not MIN_NAME_LENGTH <= len(name) <= MAX_NAME_LENGTH or not NAME.fullmatch(name):
        raise Invalid(
            "invalid-value",
            f"Actor name '{name}' is not valid: use {MIN_NAME_LENGTH} to {MAX_NAME_LENGTH} letters, digits and "
            "dashes, with no dash at either end",
        )
    return name


def _may_run(user: User, actor: Actor) -> bool:
    return actor.is_public or actor.user_id == user.id


async def _check(version: Version) -> None:
    """Raises Invalid. In a thread: it may have very many files."""
    await asyncio.to_thread(check_version, version)


def _name_taken(name: str) -> Conflict:
    return Conflict("actor-name-not-unique", f"You have an Actor named '{name}' already")
