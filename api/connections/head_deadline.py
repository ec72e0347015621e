"""How long a connection may wait for the next request."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class HeadDeadline:
    """Calls `close` if the deadline passes. `is_begun` is whether a request has begun, or none was ever received.

    Most connections get their next request soon. So the timer of an earlier deadline stays, and moves when it ends.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, close: Callable[[], None]) -> None:
        self._loop = loop
        self._close = close
        self._at: float | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0
        self.is_begun = False

    def set(self, secs: float, *, is_begun: bool) -> None:
        self.is_begun = is_begun
        self._at = self._loop.time() + secs
        if self._timer is None or self._timer_at > self._at:
            self.cancel()
            self._start(self._at, secs)

    def clear(self) -> None:
        """There is no deadline until the next call of `set`."""
        self.is_begun = False
        self._at = None

    def cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _start(self, at: float, secs: float) -> None:
        self._timer_at = at
        self._timer = self._loop.call_later(secs, self._check)

    def _check(self) -> None:
        self._timer = None
        if self._at is None:
            return
        left = self._at - self._loop.time()
        if left > 0:
            self._start(self._at, left)
        else:
            self._close()
