"""Waiting for a job to end. Waiters are woken by the end; nothing polls."""

from __future__ import annotations

import asyncio

from runtime.base.clock import Clock, wait_for_event


class Completion:
    """The waiters of each job."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ended: dict[str, asyncio.Event] = {}
        self._waiters: dict[str, int] = {}

    async def wait(self, id: str, secs: float) -> None:
        """Return when the job has ended, or after `secs`."""
        event = self._ended.setdefault(id, asyncio.Event())
        self._waiters[id] = self._waiters.get(id, 0) + 1
        try:
            await wait_for_event(event, self._clock, self._clock.now() + round(secs * 1000))
        finally:
            self._leave(id)

    def notify_finished(self, id: str) -> None:
        """Wake the waiters of a job whose terminal status is written."""
        event = self._ended.get(id)
        if event is not None:
            event.set()

    def release_waiters(self) -> None:
        """Wake all waiters."""
        for event in self._ended.values():
            event.set()

    def _leave(self, id: str) -> None:
        self._waiters[id] -= 1
        if not self._waiters[id]:
            del self._waiters[id], self._ended[id]
