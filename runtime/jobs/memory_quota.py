"""The quota on the total memory of one user's live runs and builds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from runtime.database import Database
from runtime.jobs.resource_limits import check_user_memory


class MemoryQuota:
    """`cap_mbytes` is the total for each user."""

    def __init__(self, database: Database, cap_mbytes: int) -> None:
        self._database = database
        self.cap_mbytes = cap_mbytes
        self._starting = asyncio.Lock()

    @asynccontextmanager
    async def reserve(self, user_id: str, mbytes: int) -> AsyncIterator[None]:
        """Hold the lock while a job of `mbytes` is recorded, so that two jobs cannot use the same memory.

        Raises LimitReached: nothing is queued.
        """
        async with self._starting:
            check_user_memory(self.used_mbytes(user_id), mbytes, self.cap_mbytes)
            yield

    @asynccontextmanager
    async def pause_starts(self) -> AsyncIterator[None]:
        """Prevent new jobs while an Actor or a build is checked and deleted."""
        async with self._starting:
            yield

    def used_mbytes(self, user_id: str) -> int:
        runs, builds = self._database.runs, self._database.builds
        return runs.unfinished_memory_mbytes(user_id) + builds.unfinished_memory_mbytes(user_id)
