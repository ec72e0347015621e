"""The latest jobs of Actors and tasks, as far as lists of Actors and tasks show them."""

from __future__ import annotations

from dataclasses import dataclass

from runtime.base.clock import Millis


@dataclass(frozen=True, slots=True)
class LatestRun:
    id: str
    status: str
    started_at: Millis
    finished_at: Millis | None


@dataclass(frozen=True, slots=True)
class LatestBuild:
    id: str
    number: str
    status: str
    started_at: Millis
    finished_at: Millis | None


@dataclass(frozen=True, slots=True)
class ActorJobs:
    """`recent_runs` is how many runs of the Actor were started since a moment."""

    last_run: LatestRun | None
    recent_runs: int
    latest_build: LatestBuild | None
