"""Builds: an Actor's source becomes an image, with its log streamed and its tag moved when it succeeds."""

from __future__ import annotations

import asyncio
import logging
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from runtime.actors.actors import Actors
from runtime.actors.versions import Versions
from runtime.base.clock import Clock, Millis
from runtime.base.errors import Invalid, record_not_found
from runtime.base.lifecycle import JobStatus, may_move, terminal_status
from runtime.base.paging import Page, Paging
from runtime.base.records import Actor, Build, BuildOptions, Meta, User, Version, WebhookEvent, new_event, new_id
from runtime.builds.cancelling import in_thread
from runtime.builds.contexts import Context, pack
from runtime.builds.definition import read_definition, read_input_schema, read_readme, remarks
from runtime.builds.dockerfiles import Recipe, find_recipe
from runtime.builds.fingerprints import fingerprint
from runtime.builds.image_environment import port_variables, secret_values
from runtime.builds.sources import Sources
from runtime.containers import (
    STAND_IN_LABEL,
    BuildFailed,
    BuildSpec,
    Containers,
    EngineUnavailable,
    Image,
    WrongArchitecture,
)
from runtime.database import Database
from runtime.jobs.completion import Completion
from runtime.jobs.limits import BUILD_TIMEOUT_SECS, MBYTE
from runtime.jobs.logs import Log, Logs
from runtime.jobs.memory_quota import MemoryQuota
from runtime.webhooks.dispatches import Dispatches

logger = logging.getLogger("greenroom.builds")

PLATFORMS_OWN = "linux/amd64"
"""What the platform's machines are, and so what any of its base images exists for."""
CUT_OFF = "The server was stopped during the build: build again."
TOO_SLOW = f"The build did not finish within {BUILD_TIMEOUT_SECS} seconds."
ENDED_AS = {
    JobStatus.FAILED: CUT_OFF,
    JobStatus.ABORTED: "The build was aborted.",
    JobStatus.TIMED_OUT: TOO_SLOW,
}
"""Status messages of builds that ended without a result."""


class Builds:
    """Builds of one instance. A build runs as a task that this class owns."""

    def __init__(
        self,
        database: Database,
        actors: Actors,
        versions: Versions,
        containers: Containers,
        memory_quota: MemoryQuota,
        logs: Logs,
        completion: Completion,
        dispatches: Dispatches,
        clock: Clock,
        instance_id: str,
        sources: Sources,
        workspaces: Path,
    ) -> None:
        """`workspaces` is a folder for the sources of live builds; what a crash left in it goes at `recover`."""
        self._database = database
        self._actors = actors
        self._versions = versions
        self._containers = containers
        self._memory_quota = memory_quota
        self._logs = logs
        self._completion = completion
        self._dispatches = dispatches
        self._clock = clock
        self._repository = f"greenroom-{instance_id.lower()}"
        self._sources = sources
        self._workspaces = workspaces
        self._live: dict[str, asyncio.Task[None]] = {}

    def get(self, id: str) -> Build:
        """Raises NotFound."""
        build = self._database.builds.get(id)
        if build is None:
            raise record_not_found("Build", id)
        return build

    def page(self, user: User, actor: Actor | None, paging: Paging) -> Page[Build]:
        """The user's builds, or all builds of one Actor, in the order of their start."""
        return self._database.builds.page(user.id, actor, paging)

    async def has_image(self, build: Build) -> bool:
        """Whether the engine still holds the build's image: images can be pruned behind Greenroom's back."""
        return build.image is not None and await self._containers.image(build.image) is not None

    def resolve(self, actor: Actor, reference: str) -> Build:
        """The Actor's build by tag or number. Raises Invalid, saying what there is."""
        tagged = actor.tagged_builds.get(reference)
        if tagged is not None:
            return self.get(tagged.build_id)
        build = self._database.builds.by_number(actor.id, reference)
        if build is None:
            tags = ", ".join(sorted(actor.tagged_builds)) or "none: build the Actor first"
            raise Invalid(
                "unknown-build-tag", f"Build '{reference}' of Actor '{actor.name}' was not found (its tags: {tags})"
            )
        if build.image is None:
            raise Invalid("build-not-found", f"Build {reference} has the status {build.status}: it has no image to run")
        return build

    async def start(self, user: User, actor: Actor, version: Version, options: BuildOptions, meta: Meta) -> Build:
        """Start a build of the version; return at once. Its number is never given twice.

        Raises LimitReached, and NotFound where the Actor has gone meanwhile.
        """
        async with self._memory_quota.reserve(user.id, options.memory_mbytes):
            # Looked up inside: what is deleted takes the same door, and a build must have its Actor.
            new = await self._new(user, self._actors.get(actor.id), version, options, meta)
            build = await self._database.builds.insert(new)
            task = asyncio.create_task(self._live_through(build, version), name=f"build {build.number} {build.id}")
            self._live[build.id] = task
            task.add_done_callback(lambda _: self._live.pop(build.id))
        await self._dispatches.dispatch_pending(build)
        await self._actors.count_build(actor)
        return build

    async def wait(self, id: str, secs: float) -> Build:
        """The build when it has ended, or as it is after `secs`."""
        if secs > 0 and not self.get(id).status.is_terminal:
            await self._completion.wait(id, secs)
        return self.get(id)

    async def abort(self, build: Build) -> Build:
        """End a live build as ABORTED; a build that has its image, or has ended, stays as it is."""
        task = self._live.get(build.id)
        if task is not None:
            if await self._move(build.id, JobStatus.ABORTING):
                task.cancel()
            await asyncio.wait({task})
        return self.get(build.id)

    async def delete(self, build: Build) -> None:
        """Raises Invalid for a live build, one that a live run stands on, or one that a tag points to."""
        async with self._memory_quota.pause_starts():
            self._check_is_idle(build)
            await self.forget(build)

    def _check_is_idle(self, build: Build) -> None:
        if not build.status.is_terminal:
            raise Invalid("deleting-unfinished-build", "A build that has not finished can't be deleted: abort it first")
        if self._database.runs.has_unfinished_of_build(build.id):
            raise Invalid("cannot-remove-running-run", "A build with live runs can't be deleted: abort them first")
        actor = self._database.actors.get(build.actor_id)
        if actor is not None and build.id in {tagged.build_id for tagged in actor.tagged_builds.values()}:
            raise Invalid("deleting-default-build", "A build that a tag points to can't be deleted: move the tag first")

    async def forget(self, build: Build) -> None:
        """Drop the build with its image and log."""
        if build.image is not None:
            await self._containers.remove_image(self._image_name(build))
        await self._database.builds.delete(build.id)
        self._logs.delete(build.id)

    async def recover(self) -> None:
        """End the builds that the death of a server cut off."""
        shutil.rmtree(self._workspaces, ignore_errors=True)
        self._workspaces.mkdir()
        await self._collect_images()
        for build in self._unfinished():
            log = self._logs.open(build.id)
            if build.image is None:
                log.system(f"ACTOR: {CUT_OFF}")
            await self._settle(build)

    async def close(self) -> None:
        """End the live builds: unlike runs, they cannot be adopted by the next start."""
        for task in list(self._live.values()):
            task.cancel()
        if self._live:
            await asyncio.wait(set(self._live.values()))

    async def _new(self, user: User, actor: Actor, version: Version, options: BuildOptions, meta: Meta) -> Build:
        number = await self._versions.next_build_number(version)
        return Build(
            id=new_id(),
            user_id=user.id,
            actor_id=actor.id,
            version_number=version.number,
            number=f"{version.number}.{number}",
            number_int=number_int(version.number, number),
            status=JobStatus.READY,
            started_at=self._clock.now(),
            meta=meta,
            options=options,
            env_vars=version.env_vars,
            pending_events=new_event(WebhookEvent.BUILD_CREATED),
        )

    async def _collect_images(self) -> None:
        """Remove the images of builds that are no more: a server may have died between dropping the two."""
        for name in await self._containers.image_names(self._repository):
            build = self._database.builds.get(name.rpartition(":")[2])
            if build is None or build.image is None:
                await self._containers.remove_image(name)

    def _unfinished(self) -> list[Build]:
        return self._database.builds.unfinished()

    def _image_name(self, build: Build) -> str:
        return f"{self._repository}:{build.id}"

    async def _live_through(self, build: Build, version: Version) -> None:
        log = self._logs.open(build.id, secret_values(build.env_vars))
        try:
            await self._move(build.id, JobStatus.RUNNING)
            async with asyncio.timeout(BUILD_TIMEOUT_SECS):
                made = await self._make_image(build, version, log)
            log.system("ACTOR: Build finished.")
            await self._succeed(made)
        except TimeoutError:
            await self._move(build.id, JobStatus.TIMING_OUT)
            await self._finish(build.id, JobStatus.TIMED_OUT, TOO_SLOW)
        except asyncio.CancelledError:
            await self._settle(self.get(build.id))
        except (BuildFailed, Invalid, EngineUnavailable, OSError) as problem:
            log.system(f"ACTOR: Build failed: {problem}")
            await self._finish(build.id, JobStatus.FAILED, log.redacted(f"Build failed: {problem}"))
        except Exception as problem:
            logger.exception("Build %s failed in Greenroom itself", build.id)
            message = f"Greenroom failed to go on with this build ({type(problem).__name__}: {problem})."
            log.system(f"ACTOR: {message}")
            await self._finish(build.id, JobStatus.FAILED, message)

    async def _make_image(self, build: Build, version: Version, log: Log) -> Build:
        async with self._workspace() as folder:
            source = await self._sources.lay_out(version, folder, log.system)
            definition = read_definition(source.root)
            log.append_text([f"ACTOR: {remark}" for remark in remarks(definition)])
            build = replace(build, input_schema=read_input_schema(source.root, definition))
            recipe = find_recipe(source, definition, folder / "Dockerfile", beta=build.options.beta_packages)
            log.append_text(_found(recipe))
            variables = {each.name: each.value for each in version.env_vars} if version.apply_env_vars_to_build else {}
            log.append_text(_missing_secrets(recipe, variables))
            context = await in_thread(partial(pack, recipe.context, recipe.dockerfile, folder / "context.tar"))
            spec = self._spec(build, variables, recipe, context)
            fingerprint = await self._fingerprint(spec, recipe, context)
            image = await self._image_of_same(build, spec, fingerprint, log) if spec.use_cache else None
            if image is None:
                cache = "enabled" if build.options.use_cache else "disabled"
                log.system(f"ACTOR: Building container image (cache {cache}).")
                image = await self._built(spec, log)
                # What it stands on may only have come with the build.
                fingerprint = fingerprint or await self._fingerprint(spec, recipe, context)
            return self._with_image(replace(build, fingerprint=fingerprint), image, source.root, definition, log)

    @asynccontextmanager
    async def _workspace(self) -> AsyncIterator[Path]:
        """A folder for one build; it goes in a thread, since it may hold very much."""
        folder = Path(tempfile.mkdtemp(dir=self._workspaces))
        try:
            yield folder
        finally:
            await asyncio.to_thread(shutil.rmtree, folder)

    def _spec(self, build: Build, variables: Mapping[str, str], recipe: Recipe, context: Context) -> BuildSpec:
        return BuildSpec(
            context=context.archive,
            dockerfile=context.dockerfile,
            tag=self._image_name(build),
            build_args={**variables, **recipe.build_args},
            use_cache=build.options.use_cache,
            memory_bytes=build.options.memory_mbytes * MBYTE,
            buildkit=recipe.needs_buildkit,
            images=recipe.images,
            secrets=variables if recipe.secrets else None,
        )

    async def _built(self, spec: BuildSpec, log: Log) -> Image:
        try:
            return await self._containers.build(spec, log.append_text)
        except WrongArchitecture as problem:
            log.system(f"ACTOR: {problem}")
            log.system(f"ACTOR: Building for {PLATFORMS_OWN} instead, which this machine has to emulate.")
            return await self._containers.build(replace(spec, platform=PLATFORMS_OWN), log.append_text)

    async def _image_of_same(self, build: Build, spec: BuildSpec, fingerprint: str, log: Log) -> Image | None:
        """The image of an earlier build that was made of the same, which gets this build's name too."""
        if not fingerprint:
            return None
        for cached_build in self._database.builds.by_fingerprint(build.actor_id, fingerprint):
            image = await self._containers.image(cached_build.image) if cached_build.image is not None else None
            if image is not None:
                await self._containers.name_image(image, spec.tag)
                log.system(f"ACTOR: Nothing changed since build {cached_build.number}: its image is used again.")
                return image
        return None

    async def _fingerprint(self, spec: BuildSpec, recipe: Recipe, context: Context) -> str:
        """Empty where something else may have changed, or an image that it stands on is not there."""
        if not recipe.is_told_by_its_files:
            return ""
        found = {name: await self._containers.image(name) for name in spec.images}
        ids = {name: image.id for name, image in found.items() if image is not None}
        if len(ids) < len(found):
            return ""
        # Marked: build arguments may be secrets, which nobody should find out by trying.
        return self._database.vault.hmac_digest(fingerprint(context.digest, context.dockerfile, spec.build_args, ids))

    def _with_image(self, build: Build, image: Image, root: Path, definition: Mapping[str, Any], log: Log) -> Build:
        stand_in = image.labels.get(STAND_IN_LABEL)
        if stand_in:
            log.system(f"ACTOR: This image stands on a local stand-in for its base image: {stand_in}.")
        return replace(
            build,
            image=image.id,
            image_size_bytes=image.size_bytes,
            image_environment=port_variables(image.environment),
            definition=definition,
            readme=read_readme(root, definition),
            stand_in=stand_in,
        )

    async def _succeed(self, made: Build) -> None:
        """The image first, then the tag, then the status: who waits for the build finds the tag moved.

        An abort comes before the image, or too late: it leaves no tag on a build that was aborted.
        """

        def with_image(now: Build) -> Build:
            if now.status is JobStatus.ABORTING:
                return now
            return replace(
                made, status=now.status, status_message=now.status_message, pending_events=now.pending_events
            )

        kept = await self._database.builds.update(made.id, with_image)
        finished_at = self._clock.now()
        if kept is not None and kept.image is not None:
            await self._actors.tag_build(made, finished_at)
        await self._finish(made.id, JobStatus.SUCCEEDED, None, finished_at)

    async def _settle(self, build: Build) -> None:
        """End a build that was cut off. One that has its image has succeeded: its tag may have moved already."""
        if build.image is not None:
            await self._succeed(build)
            return
        status = terminal_status(build.status, None)
        await self._finish(build.id, status, ENDED_AS[status])

    async def _finish(self, id: str, status: JobStatus, message: str | None, at: Millis | None = None) -> None:
        """The log is complete by now; its followers are released when the status is written.

        An abort that came in between wins: the build ends as that asks.
        """
        finished_at = at or self._clock.now()
        if not await self._move(id, status, status_message=message, finished_at=finished_at):
            status = terminal_status(self.get(id).status, None)
            await self._move(id, status, status_message=ENDED_AS[status], finished_at=finished_at)
        self._completion.notify_finished(id)
        self._logs.close(id)

    async def _move(self, id: str, to: JobStatus, **fields: Any) -> bool:
        """The only writer of a build's status. False, and nothing written, where the move is not allowed."""
        allowed = False

        def moved(now: Build) -> Build:
            nonlocal allowed
            is_too_late = to is JobStatus.ABORTING and now.image is not None
            allowed = may_move(now.status, to) and not is_too_late
            ended = new_event(WebhookEvent.ended("BUILD", to)) if to.is_terminal else {}
            return replace(now, status=to, pending_events={**now.pending_events, **ended}, **fields) if allowed else now

        build = await self._database.builds.update(id, moved)
        if allowed and to.is_terminal and build is not None:
            await self._dispatches.dispatch_pending(build)
        return allowed


def _found(recipe: Recipe) -> list[str]:
    if recipe.place:
        return [f"ACTOR: Found Dockerfile at ./{recipe.place}"]
    first = recipe.text.partition("\n")[0]
    told = [f"ACTOR: The source has no Dockerfile: building with the default one for Node.js ({first})."]
    if "package.json" not in recipe.text:
        told.append("ACTOR: Nor has it a package.json: an Actor that is not for Node.js needs a Dockerfile.")
    return told


def _missing_secrets(recipe: Recipe, variables: Mapping[str, str]) -> list[str]:
    return [
        f"ACTOR: The Dockerfile mounts the secret '{id}', which is none: it can be a variable of the version, which"
        " needs applyEnvVarsToBuild."
        for id in recipe.secrets
        if id not in variables
    ]


def number_int(version: str, build: int) -> int:
    """A build number as one integer, as the platform's `buildNumberInt`."""
    major, minor = version.split(".")
    return int(major) * 10_000_000 + int(minor) * 100_000 + build
