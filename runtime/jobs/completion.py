"""Waiting for a job to end: woken by its end, never by polling."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from runtime.base.clock import Clock


class Completion:
    """Who waits for which job."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ended: dict[str, asyncio.Event] = {}
        self._waiters: dict[str, int] = {}

    async def wait(self, id: str, secs: float) -> None:
        """Return when the job is told to have ended, or after `secs`."""
        event = self._ended.setdefault(id, asyncio.Event())
        self._waiters[id] = self._waiters.get(id, 0) + 1
        limit = asyncio.ensure_future(self._clock.sleep(secs))
        ended = asyncio.ensure_future(event.wait())
        try:
            await asyncio.wait({limit, ended}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (limit, ended):
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
            self._leave(id)

    def notify_finished(self, id: str) -> None:
        """The job has ended: its terminal status is written."""
        event = self._ended.get(id)
        if event is not None:
            event.set()

    def release_waiters(self) -> None:
        """Whoever waits now waits no longer."""
        for event in self._ended.values():
            event.set()

    def _leave(self, id: str) -> None:
        self._waiters[id] -= 1
        if not self._waiters[id]:
            del self._waiters[id], self._ended[id]
