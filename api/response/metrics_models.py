"""The types of a run's metrics and report, which the command line and web pages draw."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from api.response.local_controls import LocalModel

Numbers = list[float | None]


class Figure(LocalModel):
    """A number. It is null if it was not measured."""

    value: float | None
    basis: Literal["measured", "estimated"] | None = Field(
        description="Whether the number was measured, or estimated from measurements. Null without a number."
    )
    is_lower_bound: bool = Field(
        default=False, description="Whether a limit cut the number off: the true need is at least as high."
    )


class Curve(LocalModel):
    """One value for each time in `at`. Null where nothing was measured."""

    values: Numbers
    low: Numbers | None = Field(description="The lowest sample of each point. Null if each point is one sample.")
    high: Numbers | None = Field(description="The highest sample of each point. Null if each point is one sample.")


class RunCurves(LocalModel):
    """Sizes are in bytes, traffic in bytes per second, CPU in cores. The basis of each is in the documentation."""

    memory_bytes: Curve = Field(
        description="The memory that counts against the limit, without inactive page cache: the highest use since the"
        " point before, as far as the kernel counts it."
    )
    anonymous_bytes: Curve
    kernel_bytes: Curve
    shared_bytes: Curve = Field(description="Shared memory, for example files in /dev/shm.")
    cache_bytes: Curve = Field(description="The page cache, which the kernel reclaims before it kills a process.")
    limit_bytes: Curve
    cpu_cores: Curve
    granted_cores: Curve = Field(description="The most that was granted since the point before.")
    cpu_share: Curve = Field(description="The used part of the grant.")
    throttled_share: Curve = Field(description="The part of the CPU periods in which the kernel stopped the run.")
    received_per_sec: Curve
    sent_per_sec: Curve
    disk_bytes: Curve
    processes: Curve
    threads: Curve


class ProcessCurves(LocalModel):
    """What the processes of one program used. Both are estimates."""

    name: str
    memory_bytes: Curve
    cpu_cores: Curve


class RunEvent(LocalModel):
    at: int = Field(description="Milliseconds since 1970.")
    kind: str = Field(
        description="`reboot`, `migration`, `metamorph`, `restart-on-error` or `resurrection` when the run continued in"
        " a new container, `abort` when it was ordered, `oom-kill` when the kernel had killed a process."
    )


class RunMetrics(LocalModel):
    """The curves of a run."""

    run_id: str
    is_live: bool
    started_at: int = Field(description="Milliseconds since 1970, as all times here.")
    finished_at: int | None
    samples: int = Field(description="How many samples are stored.")
    samples_per_point: int = Field(description="How many samples each point combines, at most.")
    sources: list[str] = Field(description="`cgroup v1`, `cgroup v2`, or `engine` for the statistics of the engine.")
    at: list[int] = Field(description="The time of each point.")
    curves: RunCurves | None = Field(description="Null if there is no sample.")
    processes: list[ProcessCurves]
    events: list[RunEvent]
    gaps: list[tuple[int, int]] = Field(description="From when to when nothing was measured.")


class MemoryAtPeak(LocalModel):
    """The parts of the memory in the sample with the highest use."""

    at: int
    anonymous_bytes: Figure
    kernel_bytes: Figure
    shared_bytes: Figure
    cache_bytes: Figure


class MemoryReport(LocalModel):
    limit_bytes: int
    peak_bytes: Figure
    p95_bytes: Figure = Field(description="The run used more than this in 5 % of its time.")
    average_bytes: Figure
    at_peak: MemoryAtPeak | None
    cache_peak_bytes: Figure
    oom_kills: Figure = Field(description="How many processes the kernel killed at the limit.")


class CpuReport(LocalModel):
    granted_cores: float = Field(description="The run's share after its burst at the start.")
    used_secs: Figure
    share_of_grant: Figure = Field(description="The used part of the granted CPU time, which includes the burst.")
    peak_cores: Figure
    throttled_secs: Figure = Field(description="How long the kernel stopped the run, as a sum over all cores.")
    throttled_share: Figure


class ProcessReport(LocalModel):
    name: str
    memory_peak_bytes: Figure
    cpu_secs: Figure


class DiskReport(LocalModel):
    limit_bytes: int
    enforcement: str
    peak_bytes: Figure


class NetworkReport(LocalModel):
    received_bytes: Figure
    sent_bytes: Figure
    api_bytes: Figure = Field(description="The part of both that was exchanged with the API.")


class UsageReport(LocalModel):
    """One unit of platform usage."""

    unit: str
    quantity: Figure
    usd_per_unit: float
    usd: Figure


class EventReport(LocalModel):
    """What the run charged for one event, or for its results."""

    name: str
    count: Figure
    price_usd: float
    usd: Figure


class CostReport(LocalModel):
    compute_units: Figure
    usage_usd: Figure
    events_usd: Figure = Field(description="The sum of the charged events. Null if the Actor charges for nothing.")
    total_usd: Figure = Field(description="What the run's user would pay.")
    usage_payer: Literal["user", "developer"]


class RunReport(LocalModel):
    """What a run used, and what it would cost."""

    run_id: str
    actor_name: str | None = Field(description="Null if the Actor was deleted.")
    build_number: str
    status: str
    status_message: str | None
    exit_code: int | None
    started_at: str
    finished_at: str | None
    duration_secs: float
    samples: int
    sources: list[str]
    memory: MemoryReport
    cpu: CpuReport
    processes: list[ProcessReport]
    process_peak: Figure
    thread_peak: Figure
    disk: DiskReport
    network: NetworkReport
    items: Figure = Field(description="The items in the default dataset.")
    restarts: dict[str, int]
    usage: list[UsageReport] = Field(description="The storage operations, transfer and compute units, by unit.")
    events: list[EventReport]
    cost: CostReport
