"""Actors: finding, creating, updating and deleting them, and the tags of their builds."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from runtime.access.users import Users
from runtime.actors.version_rules import check_version_in_thread
from runtime.actors.versions import Versions
from runtime.base.clock import Clock, Millis
from runtime.base.errors import Conflict, Forbidden, Invalid, NotFound, record_not_found, too_many
from runtime.base.paging import Page, Paging
from runtime.base.records import Actor, Build, Definition, TaggedBuild, User, Version, new_id
from runtime.database import AlreadyExists, Database, TooMany

NAME = re.compile(r"[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?")
MIN_NAME_LENGTH = 3
MAX_NAME_LENGTH = 63


class Actors:
    """Every Actor belongs to a user, who has at most `most`. Other users can find and run it only if it is public."""

    def __init__(self, database: Database, users: Users, versions: Versions, clock: Clock, most: int) -> None:
        self._database = database
        self._users = users
        self._versions = versions
        self._clock = clock
        self._most = most

    def get(self, id: str) -> Actor:
        """The Actor with this id, of any user. Raises NotFound."""
        actor = self._database.actors.get(id)
        if actor is None:
            raise record_not_found("Actor", id)
        return actor

    def find(self, user: User, reference: str) -> Actor:
        """An Actor that the user may run, by its id, `username~name`, `~name` or `me~name`. Raises NotFound."""
        actor = self._users.find_record(self._database.actors, user, reference)
        if actor is None or not _may_run(user, actor):
            raise _not_found(user, reference)
        return actor

    def find_by_anyone(self, reference: str) -> Actor | None:
        """The Actor with this id, or the public Actor `username~name`."""
        username, _, name = reference.partition("~")
        owner = self._users.by_username(username)
        named = None if owner is None else self._database.actors.by_name(owner.id, name)
        return self._database.actors.get(reference) or (named if named is not None and named.is_public else None)

    def find_own(self, user: User, reference: str) -> Actor:
        """An Actor that the user may change. Raises NotFound, and Forbidden for another user's public Actor."""
        actor = self.find(user, reference)
        if actor.user_id != user.id:
            raise Forbidden("insufficient-permissions", f"Actor '{reference}' can only be changed by its owner")
        return actor

    def get_runnable(self, user: User, id: str) -> Actor:
        """The Actor with this id. Raises NotFound if it does not exist, or if the user may not run it."""
        actor = self.get(id)
        if not _may_run(user, actor):
            raise record_not_found("Actor", id)
        return actor

    def page(self, user: User, paging: Paging, *, sort_by: str, only_own: bool) -> Page[Actor]:
        """The user's Actors and, unless `only_own`, the public Actors that they have run.

        `sort_by` is `created_at` or `last_run_started_at`.
        """
        return self._database.actors.page(user.id, paging, sort_by=sort_by, only_own=only_own)

    def public(self) -> list[Actor]:
        """The public Actors of all users, oldest first."""
        return self._database.actors.public()

    async def create(self, user: User, name: str | None, versions: tuple[Version, ...], **fields: Any) -> Actor:
        """Create an Actor with its versions. Raises Invalid, Conflict if the user has an Actor with this name, and
        Forbidden if the user has too many Actors.
        """
        now, id = self._clock.now(), new_id()
        for version in versions:
            await check_version_in_thread(version)
        checked = check_name(name or f"my-actor-{id[:6].lower()}")
        actor = Actor(id=id, user_id=user.id, name=checked, created_at=now, modified_at=now, **fields)
        try:
            await self._database.actors.insert_one_of(actor, self._most)
        except AlreadyExists:
            raise _name_taken(checked) from None
        except TooMany:
            raise too_many("too-many-actors", "Actors", self._most) from None
        for version in versions:
            await self._versions.put_checked(actor, version)
        return actor

    async def update(self, actor: Actor, fields: Callable[[Actor], Mapping[str, Any]]) -> Actor:
        """Set the fields that `fields` returns for the current state of the Actor.

        Raises Invalid, Conflict, NotFound if the Actor has been deleted, and any exception that `fields` raises.
        """

        def updated(current: Actor) -> Actor:
            changed = replace(current, **fields(current), modified_at=self._clock.now())
            check_name(changed.name)
            return changed

        try:
            record = await self._database.actors.update(actor.id, updated)
        except AlreadyExists:
            raise _name_taken(fields(actor)["name"]) from None
        if record is None:
            raise record_not_found("Actor", actor.id)
        return record

    async def delete(self, actor: Actor) -> None:
        """Delete an Actor with its versions."""
        await self._database.actors.delete(actor.id)
        await self._database.versions.delete_of_actor(actor.id)

    async def tag_build(self, build: Build, finished_at: Millis) -> None:
        """Move the build's tag to this build.

        If the build's definition uses Standby mode, enable it for the Actor, unless a client has already set it.
        """
        tagged = TaggedBuild(build_id=build.id, build_number=build.number, finished_at=finished_at)
        standby = {"isEnabled": True} if Definition.of(build).uses_standby_mode else {}

        def with_build(current: Actor) -> Actor:
            known = current.extra.get("actorStandby") or {}
            extra = {**current.extra, "actorStandby": {**standby, **known}} if standby else current.extra
            return replace(current, extra=extra, tagged_builds={**current.tagged_builds, build.options.tag: tagged})

        await self._database.actors.update(build.actor_id, with_build, may_use_reserve=True)

    async def untag_build(self, build: Build) -> None:
        """Remove all tags that point to the build."""

        def without_build(current: Actor) -> Actor:
            others = {tag: each for tag, each in current.tagged_builds.items() if each.build_id != build.id}
            return replace(current, tagged_builds=others)

        await self._database.actors.update(build.actor_id, without_build)

    async def count_run(self, actor: Actor, user_id: str, started_at: Millis) -> None:
        await self._database.actors.update(
            actor.id,
            lambda current: replace(
                current,
                total_runs=current.total_runs + 1,
                last_run_started_at=started_at,
                last_run_by_user={**current.last_run_by_user, user_id: started_at},
            ),
            may_use_reserve=True,
        )

    async def count_metamorph(self, actor: Actor) -> None:
        """Count a run of another Actor that became this one."""
        await self._database.actors.update(
            actor.id,
            lambda current: replace(current, total_metamorphs=current.total_metamorphs + 1),
            may_use_reserve=True,
        )

    async def count_build(self, actor: Actor) -> None:
        await self._database.actors.update(
            actor.id, lambda current: replace(current, total_builds=current.total_builds + 1), may_use_reserve=True
        )


def check_name(name: str, what: str = "Actor") -> str:
    """A DNS-safe name of 3 to 63 characters. Raises Invalid with a message about the name of `what`."""
    if not MIN_NAME_LENGTH <= len(name) <= MAX_NAME_LENGTH or not NAME.fullmatch(name):
        raise Invalid(
            "invalid-value",
            f"{what} name '{name}' is not valid: use {MIN_NAME_LENGTH} to {MAX_NAME_LENGTH} letters, digits and "
            "dashes, with no dash at either end",
        )
    return name


def _may_run(user: User, actor: Actor) -> bool:
    return actor.is_public or actor.user_id == user.id


def _not_found(user: User, reference: str) -> NotFound:
    """The error for an Actor that is not on this server. Clients often mean an Actor of Apify Store."""
    username, tilde, name = reference.partition("~")
    how = "Create it first, for example with `greenroom push FOLDER`."
    if tilde and username not in ("", "me", user.username):
        how = (
            "Actors of Apify Store do not exist here. Create a stand-in with `greenroom push FOLDER --as "
            f"{username}/{name}`, or those of well-known Actors with `greenroom seed`."
        )
    return NotFound("record-not-found", f"Actor was not found: this server has no Actor '{reference}'. {how}")


def _name_taken(name: str) -> Conflict:
    return Conflict("actor-name-not-unique", f"You already have an Actor named '{name}'")
