"""The runs that serve the requests to one address, and which of them serves the next one. No run is started here."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field

from runtime.base.clock import Millis
from runtime.base.errors import GreenroomError
from runtime.runs import messages
from runtime.standby.settings import StandbySettings
from runtime.standby.targets import StandbyTarget

RATE_SECS = 10
"""The time over which the rate of requests is measured."""
HISTORY_SECS = 60
"""The time for which the number of requests in each second is stored."""


class RequestRate:
    """Counts requests. The numbers of the last seconds are stored, each with its second, if there were any."""

    def __init__(self) -> None:
        self.total = 0
        self._seconds: deque[list[int]] = deque()
        """Pairs of a second and the number of its requests."""

    def count(self, now: Millis) -> None:
        self.total += 1
        second = now // 1000
        if self._seconds and self._seconds[-1][0] == second:
            self._seconds[-1][1] += 1
        else:
            self._seconds.append([second, 1])
            self._drop(now)

    def per_second(self, now: Millis) -> float:
        """The mean rate in the last seconds, the current one included."""
        after = now // 1000 - RATE_SECS
        return sum(count for second, count in self._seconds if second > after) / RATE_SECS

    def history(self, now: Millis) -> tuple[int, ...]:
        """The number of requests in each of the last complete seconds, the oldest first."""
        current, counts = now // 1000, {second: count for second, count in self._seconds}
        return tuple(counts.get(second, 0) for second in range(current - HISTORY_SECS, current))

    def has_history(self, now: Millis) -> bool:
        """Whether there was a request in the time of the history."""
        self._drop(now)
        return bool(self._seconds)

    def _drop(self, now: Millis) -> None:
        while self._seconds and self._seconds[0][0] < now // 1000 - HISTORY_SECS:
            self._seconds.popleft()


@dataclass(frozen=True, slots=True)
class StartProblem:
    """Why a run did not become ready for requests, and when that was found."""

    at: Millis
    message: str


@dataclass(slots=True, eq=False, kw_only=True)
class PooledRun:
    """A run of a pool. `open_requests` includes those that wait until it is ready.

    `is_stored` is true once the run has a record, with this `web_key`. The record was last compared at `version` of the
    records. `settled` is set when the run is ready, or when `problem` is the reason why it will never be ready.
    `was_ready` is true once it has been ready. A run that `is_ending` gets no more requests. A run that `is_ahead` was
    started before a request needed it.
    """

    run_id: str
    build_id: str
    idle_since: Millis
    is_stored: bool = False
    web_key: str = ""
    version: int = -1
    is_ready: bool = False
    was_ready: bool = False
    is_ending: bool = False
    is_ahead: bool = False
    open_requests: int = 0
    problem: GreenroomError | None = None
    settled: asyncio.Event = field(default_factory=asyncio.Event)
    requests: RequestRate = field(default_factory=RequestRate)
    preparation: asyncio.Task[None] | None = None

    @property
    def is_in_preparation(self) -> bool:
        return self.preparation is not None and not self.preparation.done()


@dataclass(slots=True, eq=False, kw_only=True)
class Pool:
    """The runs of one target. `waiting` are the requests for which no run is ready yet.

    No run is started ahead before the moment `not_ahead_before`, because the last such start failed. `problem` is that
    of the last run that did not become ready; None once another one is.
    """

    target: StandbyTarget
    runs: list[PooledRun] = field(default_factory=list)
    waiting: int = 0
    not_ahead_before: Millis = 0
    problem: StartProblem | None = None
    requests: RequestRate = field(default_factory=RequestRate)

    def has_news(self, now: Millis) -> bool:
        """Whether there is something to show of a pool without runs."""
        return self.problem is not None or self.requests.has_history(now)

    def remove(self, run: PooledRun) -> None:
        if run in self.runs:
            self.runs.remove(run)

    def serving(self, build_id: str) -> list[PooledRun]:
        """The runs of this build that may get requests."""
        return [run for run in self.runs if run.build_id == build_id and not run.is_ending]

    def least_loaded(self, build_id: str, settings: StandbySettings) -> PooledRun | None:
        """The run for the next request: one that is ready if possible, then the one with the fewest open requests."""
        free = [run for run in self.serving(build_id) if run.open_requests < settings.max_requests]
        return min(free, key=lambda run: (not run.is_ready, run.open_requests), default=None)

    def needs_another(self, build_id: str, settings: StandbySettings, now: Millis) -> bool:
        """Whether one more run is started ahead: every run has more open requests than desired."""
        serving = self.serving(build_id)
        is_loaded = all(run.open_requests > settings.desired_requests for run in serving)
        return bool(serving) and is_loaded and now >= self.not_ahead_before


def reason_to_end(
    run: PooledRun, target: StandbyTarget | None, current: tuple[str, str] | None, now: Millis
) -> str | None:
    """Why a run is no longer needed; None while it serves requests, or may get some.

    `target` is None if its records were deleted. `current` is the id and the number of the build that serves it.
    """
    if run.is_ending or run.open_requests or not run.is_stored:
        return None
    if target is None or not target.settings.is_enabled:
        return messages.STANDBY_DISABLED
    if current is not None and run.build_id != current[0]:
        return messages.standby_outdated(current[1])
    idle_secs = target.settings.idle_timeout_secs
    return messages.standby_idle(idle_secs) if now - run.idle_since >= idle_secs * 1000 else None
