"""What the samples of a run add up to: totals, averages, percentiles and the moment of the highest use of memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from runtime.base.clock import Millis
from runtime.metrics.blocks import Block, Values

PERCENTILE = 0.95
LEAST_SAMPLES = 10
"""With fewer samples, a percentile would be one of the first ones, by chance."""
LONGEST_WEIGHT_MILLIS = 30_000
"""The longest time for which one sample stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryParts:
    """The parts of the memory at one moment, in bytes. `total` is what counts against the limit, without the cache."""

    at: Millis
    total: int
    anonymous: int
    kernel: int
    shared: int
    cache: int


@dataclass(slots=True)
class NameUse:
    """What the processes of one name used: the most memory at a time in bytes, and CPU time in milliseconds."""

    memory_peak: int | None = None
    cpu_millis: int = 0


@dataclass(slots=True)
class Totals:
    """None means that it was not measured. Memory in bytes, times in milliseconds, CPU time granted in core times.

    `p95` is the use of memory that the run exceeded in 5 % of its time. `periods` are periods of the CPU quota.
    """

    samples: int = 0
    sources: set[str] = field(default_factory=set)
    is_peak_complete: bool = True
    is_kernel_estimated: bool = False
    p95: int | None = None
    highest: MemoryParts | None = None
    cache_peak: int | None = None
    oom_kills: int | None = None
    cpu_millis: int | None = None
    granted_millis: float = 0.0
    measured_millis: int = 0
    periods: int | None = None
    throttled_periods: int | None = None
    throttled_millis: int | None = None
    disk_peak: int | None = None
    processes_peak: int | None = None
    threads_peak: int | None = None
    by_name: dict[str, NameUse] = field(default_factory=dict)

    @property
    def cpu_share(self) -> float | None:
        """The part of the granted CPU time that the run used."""
        if self.cpu_millis is None or not self.granted_millis:
            return None
        return self.cpu_millis / self.granted_millis

    @property
    def throttled_share(self) -> float | None:
        """The part of the CPU periods in which the kernel stopped the run."""
        if self.periods is None or self.throttled_periods is None:
            return None
        return min(1.0, self.throttled_periods / self.periods) if self.periods else 0.0


class TotalsBuilder:
    """Adds blocks one by one, in order, so that a long series can be read in slices. Call `finish` last."""

    def __init__(self) -> None:
        self._totals = Totals()
        self._millis_by_use: defaultdict[int, int] = defaultdict(int)
        self._last: Block | None = None

    def add(self, block: Block) -> None:
        if self._last is not None and self._last.origin.container != block.origin.container:
            self._end_container(self._last)
        totals, origin = self._totals, block.origin
        totals.samples += block.length
        totals.sources |= {origin.source} if origin.source else set()
        totals.is_peak_complete = totals.is_peak_complete and origin.is_peak_complete
        totals.is_kernel_estimated = totals.is_kernel_estimated or origin.is_kernel_estimated
        totals.cache_peak = _higher(totals.cache_peak, _highest(block.columns["cache"]))
        totals.disk_peak = _higher(totals.disk_peak, _highest(block.columns["disk"]))
        totals.processes_peak = _higher(totals.processes_peak, _highest(block.columns["processes"]))
        totals.threads_peak = _higher(totals.threads_peak, _highest(block.columns["threads"]))
        for name, memory in block.memory_by_name.items():
            use = totals.by_name.setdefault(name, NameUse())
            use.memory_peak = _higher(use.memory_peak, _highest(memory))
        self._weigh(block)
        self._find_highest(block)
        self._last = block

    def finish(self) -> Totals:
        if self._last is not None:
            self._end_container(self._last)
        if self._totals.samples >= LEAST_SAMPLES:
            self._totals.p95 = _percentile(self._millis_by_use)
        return self._totals

    def _weigh(self, block: Block) -> None:
        """Count each sample for the time since the one before, and add up the CPU time that was granted in it."""
        continues = self._last is not None and self._last.origin.container == block.origin.container
        last = self._last.columns["at"][-1] if continues and self._last is not None else block.origin.container
        before = self._last.columns["granted"][-1] if continues and self._last is not None else 0
        columns = (block.columns["at"], block.columns["used"], block.columns["granted"])
        for at, used, granted in zip(*columns, strict=True):
            passed = max(0, (at or 0) - (last or 0))
            self._totals.measured_millis += passed
            self._totals.granted_millis += passed * max(before or 0, granted or 0) / 1000
            last, before = at, granted
            if used is not None:
                self._millis_by_use[used] += max(1, min(passed, LONGEST_WEIGHT_MILLIS))

    def _find_highest(self, block: Block) -> None:
        columns = [block.columns[name] for name in ("at", "anonymous", "kernel", "shared", "cache")]
        for at, anonymous, kernel, shared, cache in zip(*columns, strict=True):
            if at is None or anonymous is None or kernel is None or shared is None or cache is None:
                continue
            total = anonymous + kernel + shared
            if self._totals.highest is None or total > self._totals.highest.total:
                self._totals.highest = MemoryParts(
                    at=at, total=total, anonymous=anonymous, kernel=kernel, shared=shared, cache=cache
                )

    def _end_container(self, last: Block) -> None:
        """Add the counters of a container at its end."""
        totals, columns = self._totals, last.columns
        totals.cpu_millis = _sum(totals.cpu_millis, _last_known(columns["cpu"]))
        totals.periods = _sum(totals.periods, _last_known(columns["periods"]))
        totals.throttled_periods = _sum(totals.throttled_periods, _last_known(columns["throttled_periods"]))
        totals.throttled_millis = _sum(totals.throttled_millis, _last_known(columns["throttled"]))
        totals.oom_kills = _sum(totals.oom_kills, _last_known(columns["oom_kills"]))
        for name, values in last.cpu_by_name.items():
            totals.by_name.setdefault(name, NameUse()).cpu_millis += _last_known(values) or 0


def _percentile(millis_by_value: Mapping[int, int]) -> int | None:
    """Return the value that is not exceeded in PERCENTILE of the time, from the time of each value."""
    left = PERCENTILE * sum(millis_by_value.values())
    for value in sorted(millis_by_value):
        left -= millis_by_value[value]
        if left <= 0:
            return value
    return None


def _highest(values: Values) -> int | None:
    return max((value for value in values if value is not None), default=None)


def _higher(one: int | None, other: int | None) -> int | None:
    return _highest([one, other])


def _last_known(values: Values) -> int | None:
    return next((value for value in reversed(values) if value is not None), None)


def _sum(one: int | None, other: int | None) -> int | None:
    return (one or 0) + other if other is not None else one
