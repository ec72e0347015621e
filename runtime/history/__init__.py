"""What happened in a run, beside its record: samples, time line, API calls, and the environment of its container."""

from __future__ import annotations

from runtime.base.clock import Clock
from runtime.containers import Containers
from runtime.database import Database
from runtime.history.api_calls import ApiCalls
from runtime.history.environments import Environments
from runtime.history.timeline import Timeline
from runtime.jobs.logs import Logs
from runtime.metrics.recorder import Metrics


class RunHistory:
    """The history of all runs. Call `close` before the database is closed."""

    def __init__(self, *, database: Database, logs: Logs, containers: Containers, clock: Clock) -> None:
        self._details = database.run_details
        self.metrics = Metrics(database.metrics)
        self.timeline = Timeline(database.run_details.timeline, clock)
        self.api_calls = ApiCalls(database.run_details.api_calls, logs, clock)
        self.environments = Environments(database.run_details, containers)

    async def delete(self, run_id: str) -> None:
        await self.metrics.delete(run_id)
        await self.api_calls.forget(run_id)
        await self._details.delete_of_run(run_id)

    async def delete_of_missing_runs(self) -> None:
        await self.metrics.delete_of_missing_runs()
        await self._details.delete_of_missing_runs()

    async def close(self) -> None:
        """Store what is not stored yet."""
        await self.metrics.close()
        await self.timeline.close()
        await self.api_calls.close()
