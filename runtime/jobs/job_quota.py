"""The limits on one user's live runs and builds: their number, their total memory, and the month's usage."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from runtime.database import Database
from runtime.jobs.resource_limits import check_user_jobs, check_user_memory


class JobQuota:
    """`cap_mbytes` and `max_jobs` are the totals for each user.

    `check_usage` raises if the month's usage of a user, given by id, does not allow another job.
    """

    def __init__(
        self, database: Database, *, cap_mbytes: int, max_jobs: int, check_usage: Callable[[str], None]
    ) -> None:
        self._database = database
        self.cap_mbytes = cap_mbytes
        self.max_jobs = max_jobs
        self._check_usage = check_usage
        self._starting = asyncio.Lock()

    @asynccontextmanager
    async def reserve(self, user_id: str, mbytes: int) -> AsyncIterator[None]:
        """Hold the lock while a job of `mbytes` is recorded, so that two jobs cannot use the same memory.

        Raises LimitReached, and Forbidden for the month's usage: nothing is queued.
        """
        async with self._starting:
            self._check_usage(user_id)
            jobs, used_mbytes = self.used(user_id)
            check_user_jobs(jobs, self.max_jobs)
            check_user_memory(used_mbytes, mbytes, self.cap_mbytes)
            yield

    @asynccontextmanager
    async def pause_starts(self) -> AsyncIterator[None]:
        """Prevent new jobs while an Actor or a build is checked and deleted."""
        async with self._starting:
            yield

    def used(self, user_id: str) -> tuple[int, int]:
        """The number of the user's live runs and builds, and their total memory in megabytes."""
        runs, run_mbytes = self._database.runs.unfinished_count_and_mbytes(user_id)
        builds, build_mbytes = self._database.builds.unfinished_count_and_mbytes(user_id)
        return runs + builds, run_mbytes + build_mbytes
