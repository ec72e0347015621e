"""Deleting runs with everything that belongs to them."""

from __future__ import annotations

from runtime.base.errors import Invalid
from runtime.base.records import Run
from runtime.database import Database
from runtime.history import RunHistory
from runtime.jobs.logs import Logs
from runtime.runs.runs import Runs
from runtime.storages.run_storages import Storages
from runtime.webhooks.dispatches import Dispatches
from runtime.webhooks.webhooks import Webhooks


class RunDeletion:
    """Deletes runs, the record first. After a crash, `drop_orphans` drops what has no record."""

    def __init__(
        self,
        *,
        runs: Runs,
        database: Database,
        storages: Storages,
        webhooks: Webhooks,
        dispatches: Dispatches,
        logs: Logs,
        history: RunHistory,
    ) -> None:
        self._runs = runs
        self._database = database
        self._storages = storages
        self._webhooks = webhooks
        self._dispatches = dispatches
        self._logs = logs
        self._history = history

    async def delete(self, run: Run) -> None:
        """Delete a finished run with its default storages, history and log.

        Raises NotFound, and Invalid for a live run.
        """
        await self._dispatches.dispatch_now(self._runs.get(run.id))  # the run may have just ended
        if not await self._database.runs.delete_ended(run.id):
            raise Invalid("cannot-remove-running-run", "A run that has not finished cannot be deleted. Abort it first.")
        await self._storages.delete_of_run(run.id)
        await self._webhooks.delete_of_run(run.id)
        await self._history.delete(run.id)
        self._logs.delete(run.id)

    async def drop_orphans(self) -> None:
        """Drop what belongs to a run that does not exist: a crash may have interrupted a start or a deletion."""
        await self._storages.delete_of_missing_runs()
        await self._webhooks.delete_of_missing_runs()
        await self._history.delete_of_missing_runs()
        if jobs := self._database.runs.ids() | self._database.builds.ids():  # else the database may have been replaced
            self._logs.delete_except(jobs)
