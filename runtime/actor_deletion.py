"""Deleting an Actor with everything that belongs to it, except its runs."""

from __future__ import annotations

from runtime.actors.actors import Actors
from runtime.actors.tasks import Tasks
from runtime.base.errors import Invalid
from runtime.base.records import Actor
from runtime.builds import Builds
from runtime.database import Database
from runtime.inputs.keys import InputKeys
from runtime.jobs.job_quota import JobQuota
from runtime.webhooks.webhooks import Webhooks


class ActorDeletion:
    """Deletes Actors. No job can start during a deletion."""

    def __init__(
        self,
        *,
        database: Database,
        job_quota: JobQuota,
        actors: Actors,
        tasks: Tasks,
        webhooks: Webhooks,
        builds: Builds,
        input_keys: InputKeys,
    ) -> None:
        self._database = database
        self._job_quota = job_quota
        self._actors = actors
        self._tasks = tasks
        self._webhooks = webhooks
        self._builds = builds
        self._input_keys = input_keys

    async def delete(self, actor: Actor) -> None:
        """Delete the Actor, its versions, tasks, webhooks, builds, fits and input keys.

        Raises Invalid if a job or a fit is live.
        """
        async with self._job_quota.pause_starts():
            builds = self._database.builds.of_actor(actor.id)
            if self._database.runs.has_unfinished_of_actor(actor.id):
                raise Invalid(
                    "cannot-remove-running-run", "An Actor with live runs cannot be deleted. Abort the runs first."
                )
            if any(not build.status.is_terminal for build in builds):
                raise Invalid(
                    "deleting-unfinished-build", "An Actor with a live build cannot be deleted. Abort the build first."
                )
            if self._database.fits.has_live_of_actor(actor.id):
                raise Invalid(
                    "cannot-remove-live-fit", "An Actor with a live fit cannot be deleted. Stop the fit first."
                )
            await self._actors.delete(actor)
            await self._tasks.delete_of_actor(actor.id)
            await self._webhooks.delete_of_actor(actor.id)
            await self._input_keys.delete_of_actor(actor.id)
            await self._database.fits.delete_of_actor(actor.id)
            for build in builds:
                await self._builds.forget(build)
