"""Live builds: each is a task, from its start to its terminal status."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

from runtime.actors.actors import Actors
from runtime.actors.versions import Versions
from runtime.base.clock import Clock
from runtime.base.errors import Invalid, StorageUnavailable
from runtime.base.lifecycle import JobStatus, terminal_status
from runtime.base.records import Actor, Build, BuildOptions, Meta, User, Version, WebhookEvent, new_event, new_id
from runtime.base.retry import retry
from runtime.base.storage_errors import STORAGE_ERRORS, storage_unavailable
from runtime.builds.builder import Builder
from runtime.builds.builds import INTERRUPTED, MESSAGES, TIMED_OUT, Builds, number_int
from runtime.containers import BuildFailed, EngineUnavailable
from runtime.jobs.job_quota import JobQuota
from runtime.jobs.logs import Log, Logs
from runtime.jobs.redaction import secret_values
from runtime.jobs.resource_limits import BUILD_TIMEOUT_SECS
from runtime.webhooks.dispatches import Dispatches

logger = logging.getLogger("greenroom.builds")
T = TypeVar("T")

CLOSE_SECS = 5.0
"""How long a stopping server waits until the ends of its builds are stored."""


class LiveBuilds:
    """Starts and aborts builds, and owns their tasks."""

    def __init__(
        self,
        *,
        builds: Builds,
        builder: Builder,
        actors: Actors,
        versions: Versions,
        job_quota: JobQuota,
        logs: Logs,
        dispatches: Dispatches,
        clock: Clock,
    ) -> None:
        self._builds = builds
        self._builder = builder
        self._actors = actors
        self._versions = versions
        self._job_quota = job_quota
        self._logs = logs
        self._dispatches = dispatches
        self._clock = clock
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def start(self, user: User, actor: Actor, version: Version, options: BuildOptions, meta: Meta) -> Build:
        """Start a build of the version and return immediately. No two builds get the same number.

        Raises LimitReached, and NotFound if the Actor was deleted concurrently.
        """
        async with self._job_quota.reserve(user.id, options.memory_mbytes):
            # Deletions wait until this block is left, so the Actor has to be read again inside it.
            new = await self._new_record(user, self._actors.get(actor.id), version, options, meta)
            build = await self._builds.insert(new)
            task = asyncio.create_task(self._run_build(build, version), name=f"build {build.number} {build.id}")
            self._tasks[build.id] = task
            task.add_done_callback(lambda _: self._tasks.pop(build.id))
        await self._dispatches.dispatch_pending(build)
        await self._actors.count_build(actor)
        return build

    async def abort(self, build: Build) -> Build:
        """Abort a live build and return it when it has ended. A build that already has its image succeeds instead."""
        task = self._tasks.get(build.id)
        if task is not None:
            if await self._builds.move(build.id, JobStatus.ABORTING):
                task.cancel()
            await asyncio.wait({task})
        aborted = self._builds.get(build.id)
        if aborted.status is JobStatus.ABORTING and build.id not in self._tasks:  # cancelled while it was ending
            await self._end_interrupted(aborted)
        return self._builds.get(build.id)

    async def recover(self) -> None:
        """End the builds that the last server left unfinished, and delete their files and images."""
        await self._builder.delete_leftovers()
        for build in self._builds.unfinished():
            log = self._logs.open(build.id)
            if build.image is None:
                log.system(f"ACTOR: {INTERRUPTED}")
            await self._end_interrupted(build)

    async def close(self) -> None:
        """End the live builds: unlike runs, they cannot continue under the next server."""
        for task in list(self._tasks.values()):
            task.cancel()
        if not self._tasks:
            return
        _, waiting = await asyncio.wait(set(self._tasks.values()), timeout=CLOSE_SECS)
        for task in waiting:  # its end cannot be stored: the next server ends it
            task.cancel()
        if waiting:
            await asyncio.wait(waiting)

    async def _new_record(self, user: User, actor: Actor, version: Version, options: BuildOptions, meta: Meta) -> Build:
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

    async def _run_build(self, build: Build, version: Version) -> None:
        log = self._logs.open(build.id, secret_values(build.env_vars))
        try:
            await self._builds.move(build.id, JobStatus.RUNNING)
            async with asyncio.timeout(BUILD_TIMEOUT_SECS):
                result = await self._builder.build(build, version, log)
            log.system("ACTOR: Build finished.")
            await self._succeed(result)
        except TimeoutError:
            await self._builds.move(build.id, JobStatus.TIMING_OUT)
            await self._builds.finish(build.id, JobStatus.TIMED_OUT, TIMED_OUT)
        except asyncio.CancelledError:
            await self._end_interrupted(self._builds.get(build.id))
        except OSError as problem:  # its own text contains paths of this machine
            reason = storage_unavailable(problem) or problem.strerror or type(problem).__name__
            await self._fail(build, log, f"Build failed: {reason}")
        except (BuildFailed, Invalid, EngineUnavailable, StorageUnavailable) as problem:
            await self._fail(build, log, f"Build failed: {problem}")
        except Exception as problem:
            logger.exception("Build %s failed because of an error in Greenroom", build.id)
            await self._fail(build, log, f"Greenroom failed to build ({type(problem).__name__}: {problem}).")
        finally:  # nobody has to wait for this
            await self._builder.delete_files(build)

    async def _succeed(self, result: Build) -> None:
        """Store the image, then move the tag, then write the status, so that clients that wait for it find the tag.

        After an abort, no image is stored and no tag is moved.
        """
        has_image = await self._retry(partial(self._builds.store_result, result))
        finished_at = self._clock.now()
        if has_image:
            await self._retry(partial(self._actors.tag_build, result, finished_at))
        await self._builds.finish(result.id, JobStatus.SUCCEEDED, None, finished_at)

    async def _fail(self, build: Build, log: Log, message: str) -> None:
        log.system(f"ACTOR: {message}")
        await self._builds.finish(build.id, JobStatus.FAILED, log.redacted(message))

    async def _end_interrupted(self, build: Build) -> None:
        """End a build whose task was cancelled. With an image it has succeeded: its tag may have moved already."""
        if build.image is not None:
            await self._succeed(build)
            return
        status = terminal_status(build.status, None)
        await self._builds.finish(build.id, status, MESSAGES[status])

    async def _retry(self, request: Callable[[], Awaitable[T]]) -> T:
        return await retry(request, self._clock, "A build", on=STORAGE_ERRORS)
