"""The total of memory that one user's live runs and builds may have."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from runtime.base.records import User
from runtime.database import Database
from runtime.jobs.limits import check_user_memory


class MemoryQuota:
    """`cap_mbytes` holds for each user by itself."""

    def __init__(self, database: Database, cap_mbytes: int) -> None:
        self._database = database
        self.cap_mbytes = cap_mbytes
        self._starting = asyncio.Lock()

    @asynccontextmanager
    async def reserve(self, user: User, mbytes: int) -> AsyncIterator[None]:
        """Hold the door while a job of `mbytes` is recorded, so that two cannot share the last room.

        Raises LimitReached: nothing is queued.
        """
        async with self._starting:
            check_user_memory(self.used_mbytes(user), mbytes, self.cap_mbytes)
            yield

    @asynccontextmanager
    async def pause_starts(self) -> AsyncIterator[None]:
        """Keep jobs from starting while what they stand on is looked at and dropped."""
        async with self._starting:
            yield

    def used_mbytes(self, user: User) -> int:
        runs, builds = self._database.runs, self._database.builds
        return runs.unfinished_memory_mbytes(user.id) + builds.unfinished_memory_mbytes(user.id)
