"""One timer for many requests, all of which have the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

TimeOut = Callable[[], None]


class Deadlines:
    """Calls what was added, unless it is removed within `secs`.

    A timer for each request would take longer than the choice of its run.
    """

    def __init__(self, secs: float) -> None:
        self.secs = secs
        self._due: dict[TimeOut, float] = {}
        """By the time of the event loop, the earliest first."""
        self._timer: asyncio.TimerHandle | None = None

    def add(self, time_out: TimeOut) -> None:
        loop = asyncio.get_running_loop()
        self._due[time_out] = loop.time() + self.secs
        if self._timer is None:
            self._timer = loop.call_later(self.secs, self._review)

    def remove(self, time_out: TimeOut) -> None:
        self._due.pop(time_out, None)

    def _review(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        self._timer = None
        for time_out in [each for each, due in self._due.items() if due <= now]:
            if self._due.pop(time_out, None) is not None:  # unless another one has just removed it
                time_out()
        if self._due and self._timer is None:
            self._timer = loop.call_at(next(iter(self._due.values())), self._review)
