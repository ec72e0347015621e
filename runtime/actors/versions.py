"""Versions of Actors, with their environment variables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from runtime.actors.version_rules import check_version_in_thread
from runtime.base.clock import Clock
from runtime.base.errors import Conflict, record_not_found
from runtime.base.records import Actor, EnvVar, Version, new_id
from runtime.database import AlreadyExists, Database


class Versions:
    """Changing a version also updates its Actor's `modified_at`, which clients compare with their files' times."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def of_actor(self, actor: Actor) -> list[Version]:
        """The Actor's versions, oldest first."""
        return self._database.versions.of_actor(actor.id)

    def get(self, actor: Actor, number: str) -> Version:
        """Raises NotFound."""
        version = self._database.versions.by_number(actor.id, number)
        if version is None:
            raise record_not_found("Version", number)
        return version

    async def create(self, actor: Actor, version: Version) -> Version:
        """Raises Invalid, and Conflict if the Actor already has a version with this number."""
        await check_version_in_thread(version)
        return await self._insert(actor, version)

    async def put(self, actor: Actor, version: Version) -> Version:
        """Create the version, or replace the content of the version with this number. Raises Invalid."""
        await check_version_in_thread(version)
        return await self.put_checked(actor, version)

    async def put_checked(self, actor: Actor, version: Version) -> Version:
        """The same as `put`, for a version that has already been checked."""
        existing = self._database.versions.by_number(actor.id, version.number)
        return await (self._insert(actor, version) if existing is None else self._replace(existing, version))

    async def delete(self, actor: Actor, number: str) -> None:
        """Raises NotFound."""
        await self._database.versions.delete(self.get(actor, number).id)

    async def create_env_var(self, version: Version, env_var: EnvVar) -> None:
        """Raises Conflict if the version already has a variable with this name."""

        def with_variable(current: Version) -> Version:
            if any(each.name == env_var.name for each in current.env_vars):
                raise Conflict(
                    "env-var-already-exists", f"Version {current.number} already has a variable '{env_var.name}'"
                )
            return replace(current, env_vars=(*current.env_vars, env_var))

        await self._update(version, with_variable)

    async def update_env_var(self, version: Version, name: str, change: Callable[[EnvVar], EnvVar]) -> EnvVar:
        """Raises NotFound, and any exception that `change` raises."""

        def with_change(current: Version) -> Version:
            find_env_var(current, name)
            env_vars = tuple(change(each) if each.name == name else each for each in current.env_vars)
            return replace(current, env_vars=env_vars)

        return find_env_var(await self._update(version, with_change), name)

    async def delete_env_var(self, version: Version, name: str) -> None:
        """Raises NotFound."""

        def without_variable(current: Version) -> Version:
            find_env_var(current, name)
            return replace(current, env_vars=tuple(each for each in current.env_vars if each.name != name))

        await self._update(version, without_variable)

    async def next_build_number(self, version: Version) -> int:
        """Return the version's next build number, and reserve it for the caller's build. Raises NotFound.

        If a version with the same version number was deleted, the numbers of its builds are not used again.
        """

        def with_next_number(current: Version) -> Version:
            last = max(current.last_build, self._database.builds.last_number(current.actor_id, current.number))
            return replace(current, last_build=last + 1)

        record = await self._database.versions.update(version.id, with_next_number)
        if record is None:
            raise record_not_found("Version", version.number)
        return record.last_build

    async def _insert(self, actor: Actor, version: Version) -> Version:
        try:
            record = await self._database.versions.insert(replace(version, id=new_id(), actor_id=actor.id))
        except AlreadyExists:
            raise Conflict("version-already-exists", f"This Actor already has a version {version.number}") from None
        await self._update_modified_at(actor.id)
        return record

    async def _replace(self, existing: Version, version: Version) -> Version:
        return await self._update(
            existing,
            lambda current: replace(
                version,
                id=current.id,
                actor_id=current.actor_id,
                created_at=current.created_at,
                last_build=current.last_build,
            ),
        )

    async def _update(self, version: Version, change: Callable[[Version], Version]) -> Version:
        record = await self._database.versions.update(version.id, change)
        if record is None:
            raise record_not_found("Version", version.number)
        await self._update_modified_at(version.actor_id)
        return record

    async def _update_modified_at(self, actor_id: str) -> None:
        now = self._clock.now()
        if await self._database.actors.update(actor_id, lambda current: replace(current, modified_at=now)) is None:
            raise record_not_found("Actor", actor_id)


def find_env_var(version: Version, name: str) -> EnvVar:
    """Raises NotFound."""
    for env_var in version.env_vars:
        if env_var.name == name:
            return env_var
    raise record_not_found("Environment variable", name)
