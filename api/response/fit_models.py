"""The types of fits, which the command line and web pages show."""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict, Field

from api.response.local_controls import LocalModel
from runtime.base.records import FitStatus, Strategy
from runtime.fits.measurements import Verdict

MOST_RUNS = 100
MOST_INPUTS = 100


class FitOrderInput(LocalModel):
    """An input to measure with."""

    model_config = ConfigDict(extra="forbid")

    label: str = Field(default="", max_length=100, description="A short name for tables.")
    body: Any = Field(default=None, description="The input as JSON. Null means no input.")


class FitOrderBody(LocalModel):
    """What to measure, and how."""

    model_config = ConfigDict(extra="forbid")

    actor: str = Field(description="The Actor's id or `username~name`.")
    inputs: tuple[FitOrderInput, ...] = Field(
        default=(FitOrderInput(label="no input"),),
        min_length=1,
        max_length=MOST_INPUTS,
        description="The recommendation holds for all inputs. By default, the runs get no input.",
    )
    sizes: tuple[int, ...] | None = Field(
        default=None,
        description="The memory sizes to run at, in megabytes. Null means a search for the smallest one that fits.",
    )
    repeat: int = Field(default=1, ge=1, le=MOST_RUNS, description="How many runs each size gets.")
    strategy: Strategy = Field(
        default=Strategy.SMALLEST, description="Which of the sizes that fit every input is recommended."
    )
    parallel: int = Field(
        default=1,
        ge=1,
        le=MOST_RUNS,
        description="The most runs at the same time, as far as the memory of this machine and the user's limit allow.",
    )
    budget_secs: float | None = Field(default=None, ge=0, description="Start no further run after this time.")
    budget_usd: float | None = Field(default=None, ge=0, description="Start no further run after this cost.")


class FitSize(LocalModel):
    """A row of the table: all finished runs of one input at one size."""

    input: int = Field(description="The index of the input.")
    memory_mbytes: int
    verdict: Verdict
    runs: int
    misses: int = Field(description="How many of the runs did not fit.")
    is_proven: bool = Field(description="Whether a fresh run has fitted after the recommendation was known.")
    secs: float = Field(description="The median time.")
    is_time_disturbed: bool = Field(description="Whether the time is too long, because the machine was busy.")
    peak_bytes: float | None = Field(description="The highest peak. Null if it was not measured.")
    is_peak_lower_bound: bool = Field(description="Whether the limit cut the peak off.")
    is_peak_estimated: bool = Field(description="Whether the peak is that of samples.")
    needed_mbytes: float | None = Field(description="The memory that holds the peak with its headroom.")
    headroom: float = Field(description="The part of the peak that has to be free above it.")
    throttled_share: float | None
    compute_units: float = Field(description="The mean of the runs.")
    cost_usd: float = Field(description="The estimated mean platform usage of the runs.")


class FitLiveRun(LocalModel):
    """A run that has not been measured yet."""

    run_id: str
    is_started: bool = Field(description="Whether the run exists already.")
    input: int
    memory_mbytes: int
    is_proof: bool
    started_at: str | None
    peak_bytes: int | None = Field(description="The highest memory until now. Null if nothing was measured yet.")


class FitRun(LocalModel):
    """A measured run."""

    run_id: str
    input: int
    memory_mbytes: int
    is_proof: bool
    status: str
    exit_code: int | None
    message: str | None
    secs: float
    peak_bytes: float | None
    unreclaimable_bytes: float | None = Field(description="The part of the highest sample that is not page cache.")
    is_peak_cut: bool
    is_peak_estimated: bool
    oom_kills: float | None
    disk_peak_bytes: float | None
    throttled_share: float | None
    compute_units: float
    cost_usd: float
    is_disturbed: bool
    verdict: Verdict
    is_stored: bool = Field(description="Whether the run still exists.")


class FitRecommendation(LocalModel):
    """The recommended memory in megabytes, with the bounds for callers who choose the memory themselves."""

    memory_mbytes: int
    min_memory_mbytes: int
    max_memory_mbytes: int
    is_proven: bool
    peak_bytes: float | None
    headroom: float
    is_enough_with_less: bool = Field(description="Whether runs with half of the memory succeeded.")
    proofs: tuple[str, ...] = Field(description="The ids of the fresh runs.")
    reason: str
    explanation: str = Field(description="The headroom with its reason.")


class FitPrediction(LocalModel):
    """What the expression gives an input. `unseen` is about a line that was derived without this input."""

    value: float
    needed_mbytes: int
    given_mbytes: int
    unseen_mbytes: int | None
    is_miss: bool
    is_unseen_miss: bool


class FitExpression(LocalModel):
    """An expression for `defaultMemoryMbytes`."""

    default_memory_mbytes: str
    feature: str
    predictions: tuple[FitPrediction, ...]


class FitActor(LocalModel):
    id: str
    name: str


class FitError(LocalModel):
    """Why the fit ended early."""

    type: str
    message: str


class FitHead(LocalModel):
    """What a fit in a list and a single one have."""

    id: str
    status: FitStatus
    actor: FitActor
    build_number: str
    created_at: str
    finished_at: str | None
    strategy: Strategy
    is_complete: bool = Field(description="Whether everything that is needed was measured.")


class FitSummary(FitHead):
    """A fit in a list."""

    runs: int = Field(description="How many runs were measured.")
    live_runs: int
    memory_mbytes: int | None = Field(description="The recommended memory. Null without a recommendation.")
    is_proven: bool


class FitDetails(FitHead):
    """A fit. Until it has ended, everything is what was measured until now."""

    changes: int = Field(description="How often the fit has changed.")
    wanted_sizes: tuple[int, ...] = Field(description="The sizes that are possible, or those that were ordered.")
    sweeps: bool = Field(description="Whether every input runs at each of these sizes.")
    repeat: int
    parallel: int
    budget_secs: float | None
    budget_usd: float | None
    is_budget_spent: bool
    error: FitError | None
    inputs: tuple[str, ...] = Field(description="The names of the inputs.")
    sizes: tuple[FitSize, ...]
    live: tuple[FitLiveRun, ...]
    runs: tuple[FitRun, ...]
    recommendation: FitRecommendation | None
    expression: FitExpression | None
    notes: tuple[str, ...]
    advice: str | None = Field(description="What to do if no size fits.")


class FitInput(LocalModel):
    """An input of a fit, in the form in which it was stored: secret fields are encrypted."""

    label: str
    body: Any = Field(description="The input as JSON. Null means no input.")


class FitInputs(LocalModel):
    """All inputs of a fit, in the order of their indexes."""

    items: tuple[FitInput, ...]


class FitList(LocalModel):
    """The fits of a user, newest first."""

    items: tuple[FitSummary, ...]
    total: int
    possible_sizes: tuple[int, ...] = Field(description="The sizes that a run could have now, in megabytes.")


class FitApplyOrder(LocalModel):
    """How to apply the recommendation."""

    model_config = ConfigDict(extra="forbid")

    only_preview: bool = Field(default=False, description="Change nothing, and return what would change.")


class FitFileChange(LocalModel):
    """The change of actor.json in a local folder, or in the source files of the Actor's version."""

    path: str
    diff: str = Field(description="A unified diff. Empty if the file already has these values or cannot be changed.")
    is_written: bool
    problem: str | None = Field(description="Why the file was not or cannot be changed.")


class FitApplication(LocalModel):
    """What applying the recommendation changes."""

    memory_mbytes: int
    min_memory_mbytes: int
    max_memory_mbytes: int
    memory_before: int = Field(description="The Actor's default memory before.")
    overridden_by: int | str | None = Field(
        description="The default memory in the actor.json of the measured build. It takes precedence over that of the"
        " Actor, until a build with another actor.json is used."
    )
    file: FitFileChange | None = Field(description="Null if the source has no actor.json that can be changed.")
    is_applied: bool
