"""Builds: queries, deletion, and the only writer of a build's status."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from runtime.actors.actors import Actors
from runtime.base.clock import Clock, Millis
from runtime.base.errors import Invalid, record_not_found
from runtime.base.lifecycle import JobStatus, may_move, terminal_status
from runtime.base.paging import Page, Paging
from runtime.base.records import Actor, Build, DailyUsage, User, WebhookEvent, new_event
from runtime.base.retry import retry
from runtime.base.storage_errors import STORAGE_ERRORS
from runtime.billing.counting import count_build
from runtime.builds.images import BuildImages
from runtime.database import Database
from runtime.jobs.completion import Completion
from runtime.jobs.job_quota import JobQuota
from runtime.jobs.logs import Logs
from runtime.jobs.resource_limits import BUILD_TIMEOUT_SECS
from runtime.webhooks.dispatches import Dispatches

INTERRUPTED = "The server was stopped during the build. Build again."
TIMED_OUT = f"The build did not finish within {BUILD_TIMEOUT_SECS} seconds."
MESSAGES = {
    JobStatus.FAILED: INTERRUPTED,
    JobStatus.ABORTED: "The build was aborted.",
    JobStatus.TIMED_OUT: TIMED_OUT,
}
"""Status messages of builds that ended without a result."""


class Builds:
    """The builds of one instance."""

    def __init__(
        self,
        *,
        database: Database,
        actors: Actors,
        images: BuildImages,
        job_quota: JobQuota,
        logs: Logs,
        completion: Completion,
        dispatches: Dispatches,
        clock: Clock,
    ) -> None:
        self._database = database
        self._actors = actors
        self._images = images
        self._job_quota = job_quota
        self._logs = logs
        self._completion = completion
        self._dispatches = dispatches
        self._clock = clock

    def get(self, id: str) -> Build:
        """Raises NotFound."""
        build = self._database.builds.get(id)
        if build is None:
            raise record_not_found("Build", id)
        return build

    def page(self, user: User, actor: Actor | None, paging: Paging) -> Page[Build]:
        """Return the user's builds, or those of one Actor, in the order of their start."""
        return self._database.builds.page(user.id, actor, paging)

    def unfinished(self) -> list[Build]:
        return self._database.builds.unfinished()

    def resolve(self, actor: Actor, reference: str) -> Build:
        """Return the Actor's build with this tag or number, and with an image. Raises Invalid."""
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

    async def has_image(self, build: Build) -> bool:
        """Return whether the engine still has the build's image."""
        return await self._images.exists(build)

    async def wait(self, id: str, secs: float) -> Build:
        """Wait until the build has ended, but at most `secs`; return it in its current state. Raises NotFound."""
        if secs > 0 and not self.get(id).status.is_terminal:
            await self._completion.wait(id, secs)
        return self.get(id)

    async def insert(self, build: Build) -> Build:
        return await self._database.builds.insert(build)

    async def store_result(self, result: Build) -> bool:
        """Store the image and the definition. Return False, and store nothing, if the build is being aborted."""

        def with_result(now: Build) -> Build:
            if now.status is JobStatus.ABORTING:
                return now
            return replace(
                result, status=now.status, status_message=now.status_message, pending_events=now.pending_events
            )

        stored = await self._database.builds.update(result.id, with_result)
        return stored is not None and stored.image is not None

    async def move(self, id: str, to: JobStatus, **fields: Any) -> bool:
        """Write the status and other fields: the only writer of a build's status. The end of a build adds its usage.

        Returns False, and writes nothing, if the move is not allowed. A build that has its image cannot be aborted.
        """
        allowed = False

        def moved(now: Build) -> tuple[Build, Sequence[DailyUsage]]:
            nonlocal allowed
            is_too_late = to is JobStatus.ABORTING and now.image is not None
            allowed = may_move(now.status, to) and not is_too_late
            if not allowed:
                return now, ()
            ended = new_event(WebhookEvent.ended("BUILD", to)) if to.is_terminal else {}
            after = replace(now, status=to, pending_events={**now.pending_events, **ended}, **fields)
            return after, count_build(after, self._clock.now()) if to.is_terminal else ()

        build = await self._database.daily_usage.update_job(self._database.builds, id, moved)
        if allowed and to.is_terminal and build is not None:
            await self._dispatches.dispatch_pending(build)
        return allowed

    async def finish(self, id: str, status: JobStatus, message: str | None, at: Millis | None = None) -> None:
        """End a build whose log is complete, and release everyone who waits for it or follows its log.

        If the build was aborted concurrently, it ends as ABORTED instead. On a full disk it ends later.
        """
        finished_at = at or self._clock.now()
        end = partial(self._store_end, id, status, message, finished_at)
        await retry(end, self._clock, f"Build {id}", on=STORAGE_ERRORS)
        self._completion.notify_finished(id)
        self._logs.close(id)

    async def _store_end(self, id: str, status: JobStatus, message: str | None, finished_at: Millis) -> None:
        if self.get(id).status.is_terminal:
            return
        if not await self.move(id, status, status_message=message, finished_at=finished_at):
            status = terminal_status(self.get(id).status, None)
            await self.move(id, status, status_message=MESSAGES[status], finished_at=finished_at)

    async def delete(self, build: Build) -> None:
        """Delete the build with its tags. Raises Invalid if it is live or the default, or if a live run uses it."""
        async with self._job_quota.pause_starts():
            self._check_can_delete(build)
            await self._actors.untag_build(build)
            await self.forget(build)

    def unused_since(self, user: User, before: Millis, *, except_newest: int) -> list[Build]:
        """Return the user's builds that ended before a moment, and that no tag, default or stored run refers to.

        The `except_newest` newest of all the user's builds are left out.
        """
        ended = self._database.builds.ended_before(user.id, before, except_newest=except_newest)
        return [each for each in ended if not self._is_wanted(each) and not self._database.runs.has_of_build(each.id)]

    def unneeded(self, user: User) -> list[Build]:
        """Return the user's ended builds that have an image, and that no tag, default or live run refers to."""
        ended = self._database.builds.ended_before(user.id, self._clock.now() + 1, except_newest=0)
        return [
            each
            for each in ended
            if each.image and not self._is_wanted(each) and not self._database.runs.has_unfinished_of_build(each.id)
        ]

    def images_except(self, builds: list[Build]) -> set[str]:
        """Return the images of all other builds."""
        return self._database.builds.images_except({build.id for build in builds})

    async def forget(self, build: Build) -> None:
        """Delete the build with its image and log, without any check."""
        await self._images.delete(build)
        await self._database.builds.delete(build.id)
        self._logs.delete(build.id)

    def _is_wanted(self, build: Build) -> bool:
        actor = self._database.actors.get(build.actor_id)
        if actor is None:
            return False
        return is_default(build, actor) or build.id in {each.build_id for each in actor.tagged_builds.values()}

    def _check_can_delete(self, build: Build) -> None:
        if not build.status.is_terminal:
            raise Invalid("deleting-unfinished-build", "A build that has not finished can't be deleted: abort it first")
        if self._database.runs.has_unfinished_of_build(build.id):
            raise Invalid("cannot-remove-running-run", "A build with live runs can't be deleted: abort them first")
        actor = self._database.actors.get(build.actor_id)
        if actor is not None and is_default(build, actor):
            raise Invalid(
                "deleting-default-build",
                f"Build {build.number} is the default build of its Actor ('{actor.defaults.build}'), which can't be"
                " deleted: build the Actor again first, or change the Actor's default build",
            )


def is_default(build: Build, actor: Actor) -> bool:
    """Return whether runs of the Actor use this build if they name none."""
    tagged = actor.tagged_builds.get(actor.defaults.build)
    return tagged.build_id == build.id if tagged is not None else actor.defaults.build == build.number


def number_int(version: str, build: int) -> int:
    """Return a build number as one integer, as the platform's `buildNumberInt`."""
    major, minor = version.split(".")
    return int(major) * 10_000_000 + int(minor) * 100_000 + build
