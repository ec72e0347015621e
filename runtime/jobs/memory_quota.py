"""The total of memory that one user's live runs and builds may have."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from runtime.database import Store
from runtime.database.tables import UNFINISHED
from runtime.jobs.limits import check_user_memory


class MemoryQuota:
    """`cap_mbytes` holds for each user by itself."""

    def __init__(self, store: Store, cap_mbytes: int) -> None:
        self._store = store
        self.cap_mbytes = cap_mbytes
        self._starting = asyncio.Lock()

    @asynccontextmanager
    async def reserve(self, user_id: str, mbytes: int) -> AsyncIterator[None]:
        """Hold the door while a job of `mbytes` is recorded, so that two cannot share the last room.

        Raises LimitReached: nothing is queued.
        """
        async with self._starting:
            check_user_memory(self.used_mbytes(user_id), mbytes, self.cap_mbytes)
            yield

    @asynccontextmanager
    async def pause_starts(self) -> AsyncIterator[None]:
        """Keep jobs from starting while what they stand on is looked at and dropped."""
        async with self._starting:
            yield

    def used_mbytes(self, user_id: str) -> int:
        condition = f"user_id = ? AND {UNFINISHED}"
        jobs = (self._store.runs, self._store.builds)
        return sum(table.sum("options.memory_mbytes", condition, user_id) for table in jobs)
