"""The stored records of fits, with their changes for those who wait for them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

from runtime.base.clock import Clock, wait_for_event
from runtime.base.errors import record_not_found
from runtime.base.records import Fit
from runtime.database import Database


class FitRecords:
    """The records, with the waiters for each."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self.table = database.fits
        self._clock = clock
        self._changed: dict[str, asyncio.Event] = {}

    def get(self, id: str) -> Fit:
        """Raises NotFound."""
        fit = self.table.get(id)
        if fit is None:
            raise record_not_found("Fit", id)
        return fit

    async def change(self, id: str, change: Callable[[Fit], Fit]) -> Fit:
        """Raises NotFound."""
        fit = await self.table.update(id, lambda now: replace(change(now), changes=now.changes + 1))
        if fit is None:
            raise record_not_found("Fit", id)
        self._wake(id)
        return fit

    async def wait(self, id: str, after: int, secs: float) -> Fit:
        """Return the record when it had more than `after` changes, or after `secs` seconds. Raises NotFound."""
        fit = self.get(id)
        if fit.changes <= after and not fit.status.is_terminal and secs > 0:
            changed = self._changed.setdefault(id, asyncio.Event())
            await wait_for_event(changed, self._clock, self._clock.now() + round(secs * 1000))
        return self.get(id)

    def release_waiters(self) -> None:
        for id in list(self._changed):
            self._wake(id)

    def _wake(self, id: str) -> None:
        if changed := self._changed.pop(id, None):
            changed.set()
