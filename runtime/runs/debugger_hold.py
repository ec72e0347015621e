"""The time in which a debugger holds a run. The deadline does not count it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from runtime.base.clock import Clock, Millis
from runtime.base.records import DebuggerHold


async def _nothing() -> None:
    """Find nothing: this run has no debugger."""


class RunHold:
    """Measures how long a run is held: paused at a breakpoint, or waiting until the first debugger lets it start.

    It begins with the hold in the run's record, and `value` is what the record has to contain now. `before_deadline`
    finds out whether the run has begun to wait, when its deadline seems to be reached.
    """

    def __init__(self, value: DebuggerHold, clock: Clock) -> None:
        self.value = value
        self.changed = asyncio.Event()
        self.before_deadline: Callable[[], Awaitable[None]] = _nothing
        self._clock = clock
        self._holders: set[object] = set()
        if value.since is not None and value.is_started:  # a crash of the server has closed the debugger's connection
            self._end()

    def waits(self, since: Millis) -> None:
        """The Actor has waited for its first debugger from this time on."""
        if not self.value.is_started and self.value.since is None:
            self._change(replace(self.value, since=since))

    def update(self, holder: object, *, is_paused: bool, has_started: bool) -> None:
        """Record the state of one debugger's connection."""
        (self._holders.add if is_paused else self._holders.discard)(holder)
        if has_started and not self.value.is_started:
            self._change(replace(self.value, is_started=True))
        self._begin_or_end()

    def release(self, holder: object) -> None:
        """The connection is closed: then the program continues."""
        self._holders.discard(holder)
        self._begin_or_end()

    def ends(self) -> None:
        """The container has ended."""
        self._holders.clear()
        self._end()

    def _begin_or_end(self) -> None:
        if self._holders and self.value.since is None:
            self._change(replace(self.value, since=self._clock.now()))
        elif not self._holders and self.value.is_started:
            self._end()

    def _end(self) -> None:
        if self.value.since is not None:
            held = max(0, self._clock.now() - self.value.since)
            self._change(replace(self.value, since=None, millis=self.value.millis + held))

    def _change(self, value: DebuggerHold) -> None:
        self.value = value
        self.changed.set()
        self.changed = asyncio.Event()
