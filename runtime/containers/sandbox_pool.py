"""Which network sandboxes are prepared, and when: the rules, without the engine."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress

from runtime.base.clock import Clock, Millis, wait_for_event
from runtime.containers import EngineUnavailable, StartFailed

log = logging.getLogger("greenroom.containers")

QUIET_SECS = 1.0
"""A sandbox is prepared when no container has been started for this time: it must not slow down a burst of starts."""
REMOVAL_PAUSE_MILLIS = 5_000
"""The pause between two attempts to remove a sandbox while the engine is unavailable."""
FIRST_PAUSE_MILLIS = 5_000
LONGEST_PAUSE_MILLIS = 60_000
"""The pause after a failed attempt to prepare a sandbox doubles with each failure: the engine may be restarting."""


class SandboxPool:
    """Up to `size` prepared sandboxes. Each is taken at most once, the oldest first, and never comes back.

    `make` returns the id of a new sandbox, `remove` removes one, and `wait` returns when one has ended. After an error
    of `make`, the pool tries again after a pause, or when the next container has been started. Call `open` first and
    `close` last.
    """

    def __init__(
        self,
        *,
        make: Callable[[], Awaitable[str]],
        remove: Callable[[str], Awaitable[None]],
        wait: Callable[[str], Awaitable[object]],
        clock: Clock,
        size: int,
    ) -> None:
        self._make = make
        self._remove = remove
        self._wait = wait
        self._clock = clock
        self._size = size
        self._prepared: dict[str, asyncio.Task[None]] = {}
        """The task of each prepared sandbox drops it when it ends."""
        self._removals: set[asyncio.Task[None]] = set()
        self._wanted = asyncio.Event()
        self._closing = asyncio.Event()
        self._starts = 0
        self._current_starts = 0
        self._last_problem = ""
        self._pause = FIRST_PAUSE_MILLIS
        self._retry_at: Millis | None = None
        self._filling: asyncio.Task[None] | None = None

    def open(self) -> None:
        if self._size:
            self._wanted.set()
            self._filling = asyncio.create_task(self._fill(), name="network sandboxes")

    async def close(self) -> None:
        """Remove the prepared sandboxes. Those that were taken remain."""
        self._closing.set()
        if self._filling:
            self._filling.cancel()
            await asyncio.gather(self._filling, return_exceptions=True)
        for id in list(self._prepared):
            self.discard(id)
        await asyncio.gather(*self._removals)

    def take(self) -> str | None:
        """Return a prepared sandbox, which now belongs to the caller; None if the pool is empty."""
        id = next(iter(self._prepared), None)
        if id is not None:
            self._forget(id)
        return id

    def discard(self, id: str) -> None:
        """Remove a sandbox in the background."""
        self._forget(id)
        removal = asyncio.create_task(self._remove_repeatedly(id), name=f"removal of {id[:12]}")
        self._removals.add(removal)
        removal.add_done_callback(self._removals.discard)

    @contextmanager
    def during_start(self) -> Iterator[None]:
        """Prepare nothing while the body starts a container."""
        self._starts += 1
        self._current_starts += 1
        try:
            yield
        finally:
            self._current_starts -= 1
            self._wanted.set()

    def _forget(self, id: str) -> None:
        if (watching := self._prepared.pop(id, None)) is not None:
            watching.cancel()
            self._wanted.set()

    async def _fill(self) -> None:
        while True:
            await wait_for_event(self._wanted, self._clock, self._retry_at)
            await self._quiet()
            self._wanted.clear()
            while len(self._prepared) < self._size and not self._wanted.is_set():
                if not await self._add():
                    break

    async def _quiet(self) -> None:
        """Wait until no start has begun for a while, and none is in progress."""
        while True:
            starts = self._starts
            await self._clock.sleep(QUIET_SECS)
            if starts == self._starts and not self._current_starts:
                return

    async def _add(self) -> bool:
        """Prepare a sandbox. Return False if that fails: runs start without it."""
        making = asyncio.ensure_future(self._make())
        try:
            id = await asyncio.shield(making)
        except asyncio.CancelledError:  # the engine makes it anyway, and nothing else would remove it
            with suppress(StartFailed, EngineUnavailable):
                self.discard(await making)
            raise
        except (StartFailed, EngineUnavailable) as problem:
            self._retry_later(str(problem))
            return False
        self._pause, self._retry_at = FIRST_PAUSE_MILLIS, None
        self._prepared[id] = asyncio.create_task(self._drop_when_ended(id), name=f"network sandbox {id[:12]}")
        return True

    def _retry_later(self, problem: str) -> None:
        if problem != self._last_problem:
            self._last_problem = problem
            log.warning("Runs start more slowly, because no network could be prepared for them: %s", problem)
        self._retry_at = self._clock.now() + self._pause
        self._pause = min(2 * self._pause, LONGEST_PAUSE_MILLIS)

    async def _drop_when_ended(self, id: str) -> None:
        """Drop a prepared sandbox that has ended: somebody removed it, or the engine was restarted."""
        await self._wait(id)
        self.discard(id)

    async def _remove_repeatedly(self, id: str) -> None:
        while True:
            try:
                return await self._remove(id)
            except EngineUnavailable as problem:
                if self._closing.is_set():  # the next start of the server removes it
                    log.warning("The network sandbox %s could not be removed: %s", id[:12], problem)
                    return
            await wait_for_event(self._closing, self._clock, self._clock.now() + REMOVAL_PAUSE_MILLIS)
