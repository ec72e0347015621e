"""Fits: searches for the memory that an Actor needs, with the runs that they measure."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from runtime.base.clock import Millis
from runtime.base.records.actors import EnvVar, PermissionLevel, TaskOptions
from runtime.base.records.jobs import Meta


class Strategy(StrEnum):
    """Which of the sizes that hold the Actor is recommended."""

    SMALLEST = "smallest"
    CHEAPEST = "cheapest"
    FASTEST = "fastest"
    BALANCED = "balanced"


class FitStatus(StrEnum):
    """STOPPING: no further run is started, the live ones are aborted, and those that nobody needs are deleted."""

    RUNNING = "RUNNING"
    STOPPING = "STOPPING"
    FINISHED = "FINISHED"
    STOPPED = "STOPPED"
    FAILED = "FAILED"

    @property
    def is_terminal(self) -> bool:
        return self not in (FitStatus.RUNNING, FitStatus.STOPPING)


@dataclass(frozen=True, slots=True, kw_only=True)
class FitPlan:
    """What to find out. `sizes` are in megabytes, in ascending order. `first` is the size to begin with.

    With `sweeps`, every input runs at every size. Otherwise the search narrows down the smallest size that fits.
    """

    sizes: tuple[int, ...]
    inputs: int
    first: int
    repeat: int = 1
    strategy: Strategy = Strategy.SMALLEST
    sweeps: bool = False


@dataclass(frozen=True, slots=True)
class Trial:
    """A run to make."""

    input: int
    memory_mbytes: int
    is_proof: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveTrial:
    """A trial with the id of its run, which is stored before the run is started, so that a crash starts none twice.

    `busy_secs` is the CPU time that this machine had spent since its start when the trial was planned.
    """

    run_id: str
    trial: Trial
    busy_secs: float
    is_started: bool = False


@dataclass(frozen=True, slots=True)
class PlannedTrial:
    """A live trial of any fit, as far as other fits have to know it. Its run may not exist yet."""

    fit_id: str
    user_id: str
    run_id: str
    memory_mbytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One finished run of input number `input`. None means that it was not measured.

    `is_peak_cut` is true if the limit may have cut the peak off, so that the true need is at least as high.
    `is_peak_estimated` is true if the peak is that of samples, so that a shorter one may be missing.
    `unreclaimable_bytes` is the part of the highest sample that is not page cache. `throttled_share` is the part of the
    CPU periods in which the kernel stopped the run. `is_disturbed` is true if the machine could not give the run all of
    its CPU share, or restarted its container, so that its time is too long.
    """

    run_id: str
    input: int
    memory_mbytes: int
    is_proof: bool
    status: str
    exit_code: int | None
    message: str | None
    secs: float
    peak_bytes: float | None
    unreclaimable_bytes: float | None
    is_peak_cut: bool
    is_peak_estimated: bool
    oom_kills: float | None
    disk_peak_bytes: float | None
    throttled_share: float | None
    compute_units: float
    cost_usd: float
    is_disturbed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """When to start no further run: after a time, or when the runs have cost this much. None means no limit."""

    secs: float | None = None
    usd: float | None = None

    def is_spent(self, secs: float, usd: float) -> bool:
        return (self.secs is not None and secs >= self.secs) or (self.usd is not None and usd >= self.usd)


@dataclass(frozen=True, slots=True, kw_only=True)
class FitProblem:
    """Why a fit ended early, as an error of the API."""

    slug: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """A search for the memory that an Actor needs.

    `labels` are short names of its inputs, which are stored separately, because they can be large. `options`,
    `env_vars` and `permission_level` apply to all its runs. `run_ids` are all runs that were started. `ending` is the
    status after STOPPING. `changes` counts the writes of the record.
    """

    id: str
    user_id: str
    actor_id: str
    actor_name: str
    build_id: str
    build_number: str
    created_at: Millis
    meta: Meta
    plan: FitPlan
    labels: tuple[str, ...]
    parallel: int = 1
    budget: Budget = field(default_factory=Budget)
    options: TaskOptions = field(default_factory=TaskOptions)
    env_vars: tuple[EnvVar, ...] = ()
    permission_level: PermissionLevel | None = None
    status: FitStatus = FitStatus.RUNNING
    ending: FitStatus | None = None
    problem: FitProblem | None = None
    is_budget_spent: bool = False
    live: tuple[LiveTrial, ...] = ()
    measured: tuple[Measurement, ...] = ()
    run_ids: tuple[str, ...] = ()
    finished_at: Millis | None = None
    changes: int = 0

    @property
    def is_complete(self) -> bool:
        """Whether everything that the plan needs was measured."""
        return (self.ending or self.status) is FitStatus.FINISHED and not self.is_budget_spent
