"""Applies the recommendation of a fit: the Actor's default memory, and actor.json in its source."""

from __future__ import annotations

import asyncio
import difflib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from runtime.actors.actors import Actors
from runtime.actors.versions import Versions
from runtime.base.definition_editing import DEFAULT, MAXIMUM, MINIMUM, EditError, edited_file, with_memory, write_memory
from runtime.base.errors import Invalid, NotFound
from runtime.base.records import Actor, Definition, Fit, SourceFile, User, Version
from runtime.builds import Builds
from runtime.fits.recommendation import Recommendation

ACTOR_JSON = ".actor/actor.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChange:
    """A change of actor.json. `diff` is empty if the file already has these values, or cannot be changed.

    `problem` is why it cannot be changed, or was not.
    """

    path: str
    diff: str
    is_written: bool
    problem: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """What applying a recommendation changes. Memory in megabytes.

    `file` is None if the source of the version has no actor.json that Greenroom could change. `overridden_by` is the
    default memory in the actor.json of the current build, which takes precedence over that of the Actor; it is None
    without such a default.
    """

    memory_mbytes: int
    min_memory_mbytes: int
    max_memory_mbytes: int
    memory_before: int
    overridden_by: int | str | None
    file: FileChange | None
    is_applied: bool


class Applying:
    """Applies recommendations to Actors."""

    def __init__(self, actors: Actors, versions: Versions, builds: Builds) -> None:
        self._actors = actors
        self._versions = versions
        self._builds = builds

    async def apply(
        self, user: User, fit: Fit, found: Recommendation | None, *, only_preview: bool, may_write_folder: bool
    ) -> Application:
        """Set the Actor's default memory, and the memory in the actor.json of the measured version.

        In a local folder, the file is only changed with `may_write_folder`. It takes effect with the next build.
        `only_preview` changes nothing. Raises Invalid if the recommendation is not proven, NotFound, and Forbidden for
        the Actor of another user.
        """
        if found is None or not found.is_proven:
            raise Invalid("not-proven", "Only a recommendation that a fresh run has proven can be applied.")
        actor = self._actors.find_own(user, fit.actor_id)
        memory = {
            DEFAULT: found.memory_mbytes,
            MINIMUM: found.min_memory_mbytes,
            MAXIMUM: found.max_memory_mbytes,
        }
        file = await self._change_file(actor, fit, memory, writes=not only_preview, may_write_folder=may_write_folder)
        if not only_preview:
            size = found.memory_mbytes
            await self._actors.update(actor, lambda now: {"defaults": replace(now.defaults, memory_mbytes=size)})
        return Application(
            memory_mbytes=found.memory_mbytes,
            min_memory_mbytes=found.min_memory_mbytes,
            max_memory_mbytes=found.max_memory_mbytes,
            memory_before=actor.defaults.memory_mbytes,
            overridden_by=self._override(fit),
            file=file,
            is_applied=not only_preview,
        )

    def _override(self, fit: Fit) -> int | str | None:
        try:
            return Definition.of(self._builds.get(fit.build_id)).default_memory
        except NotFound:
            return None

    async def _change_file(
        self, actor: Actor, fit: Fit, memory: Mapping[str, int], *, writes: bool, may_write_folder: bool
    ) -> FileChange | None:
        version = self._version(actor, fit)
        if version is None:
            return None
        if version.folder is not None:
            path = Path(version.folder) / ACTOR_JSON
            return await asyncio.to_thread(_change_of_folder, path, memory, writes=writes, may_write=may_write_folder)
        source = next(
            (each for each in version.source_files if each.name == ACTOR_JSON and each.format == "TEXT"), None
        )
        if source is None:
            return None
        return await self._change_version(actor, version, source, memory, writes=writes)

    def _version(self, actor: Actor, fit: Fit) -> Version | None:
        """The version that was measured, or None if it was deleted."""
        try:
            return self._versions.get(actor, fit.build_number.rpartition(".")[0])
        except NotFound:
            return None

    async def _change_version(
        self, actor: Actor, version: Version, source: SourceFile, memory: Mapping[str, int], *, writes: bool
    ) -> FileChange:
        try:
            content = await asyncio.to_thread(with_memory, source.content, ACTOR_JSON, memory)
        except EditError as error:
            return FileChange(path=ACTOR_JSON, diff="", is_written=False, problem=str(error))
        if writes and content != source.content:
            files = tuple(replace(each, content=content) if each is source else each for each in version.source_files)
            await self._versions.put_checked(actor, replace(version, source_files=files))
        return FileChange(path=ACTOR_JSON, diff=_diff(source.content, content), is_written=writes, problem=None)


def _change_of_folder(path: Path, memory: Mapping[str, int], *, writes: bool, may_write: bool) -> FileChange:
    try:
        before, after = (write_memory if writes and may_write else edited_file)(path, memory)
    except EditError as error:
        return FileChange(path=str(path), diff="", is_written=False, problem=str(error))
    problem = None if may_write else "Only the server's operator can change files of this machine."
    return FileChange(path=str(path), diff=_diff(before, after), is_written=writes and may_write, problem=problem)


def _diff(before: str, after: str) -> str:
    """Return the change as a unified diff."""
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    return "".join(
        line if line.endswith("\n") else f"{line}\n"
        for line in difflib.unified_diff(old, new, f"a/{ACTOR_JSON}", f"b/{ACTOR_JSON}")
    )
