"""A run's statistics from the counters of its container: bytes, and CPU in percent of one core."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, TypeVar

from runtime.base.clock import Millis
from runtime.base.records import ProxyUse, Run, RunStats
from runtime.containers import Sample

N = TypeVar("N", int, float)

OVERLOADED = 0.95
"""The share of the granted CPU above which the platform reports an overload."""

SHORTEST_WINDOW_MILLIS = 250
"""The shortest time over which CPU usage is meaningful: quotas are granted in periods of 100 ms."""


def after_sample(stats: RunStats, sample: Sample, started_at: Millis) -> RunStats:
    """The statistics with a new sample of a container that started at `started_at`."""
    return replace(
        stats,
        mem_current_bytes=sample.memory_bytes,
        mem_max_bytes=_higher(stats.mem_max_bytes, sample.memory_peak_bytes),
        net_rx_bytes=_higher(stats.net_rx_bytes, _total(stats.earlier_rx_bytes, sample.net_rx_bytes)),
        net_tx_bytes=_higher(stats.net_tx_bytes, _total(stats.earlier_tx_bytes, sample.net_tx_bytes)),
        oom_kills=_higher(stats.oom_kills, sample.oom_kills),
        **_means(stats, sample, started_at),
    )


def _means(stats: RunStats, sample: Sample, started_at: Millis) -> dict[str, Any]:
    """The fields that depend on the time since the last sample. Empty if it was too short."""
    began = started_at if sample.counted_from is None else sample.counted_from
    millis = sample.at - (began + stats.sampled_millis - stats.earlier_millis)
    if millis < (1 if sample.is_final else SHORTEST_WINDOW_MILLIS):
        return {}
    counted_nanos = _total_cpu_nanos(stats) - stats.earlier_cpu_nanos
    cpu = max(0, sample.cpu_nanos - counted_nanos) / (millis * 1_000_000) * 100
    average = _mean(stats.cpu_avg_usage, stats.sampled_millis, cpu, millis)
    used_bytes = sample.memory_bytes if sample.memory_mean_bytes is None else sample.memory_mean_bytes
    return {
        "mem_avg_bytes": _mean(stats.mem_avg_bytes, stats.sampled_millis, used_bytes, millis),
        "cpu_current_usage": cpu,
        "cpu_max_usage": _higher(stats.cpu_max_usage, cpu if millis >= SHORTEST_WINDOW_MILLIS else average),
        "cpu_avg_usage": average,
        "sampled_millis": stats.sampled_millis + millis,
    }


def with_api_bytes(stats: RunStats, transferred: int) -> RunStats:
    return replace(stats, api_bytes=stats.api_bytes + transferred) if transferred else stats


def with_proxy_use(stats: RunStats, used: Mapping[str, ProxyUse]) -> RunStats:
    """The statistics with what the run has used of the proxy since the last report, by group."""
    return replace(stats, proxy=added(stats.proxy, used))


def added(before: Mapping[str, ProxyUse], used: Mapping[str, ProxyUse]) -> dict[str, ProxyUse]:
    """The sum of what was used, by group."""
    none = ProxyUse()
    return {
        group: ProxyUse(
            **{
                each.name: getattr(before.get(group, none), each.name) + getattr(used.get(group, none), each.name)
                for each in fields(ProxyUse)
            }
        )
        for group in sorted({*before, *used})
    }


def with_disk(stats: RunStats, used_bytes: int) -> RunStats:
    return replace(stats, disk_max_bytes=_higher(stats.disk_max_bytes, used_bytes))


def in_new_container(stats: RunStats) -> RunStats:
    """The statistics of a run whose next container counts from zero, and has not been measured yet."""
    return replace(
        stats,
        mem_current_bytes=None,
        cpu_current_usage=None,
        oom_kills=None,
        earlier_millis=stats.sampled_millis,
        earlier_cpu_nanos=_total_cpu_nanos(stats),
        earlier_rx_bytes=stats.net_rx_bytes or 0,
        earlier_tx_bytes=stats.net_tx_bytes or 0,
    )


def at_rest(stats: RunStats, known_peak_bytes: int | None) -> RunStats:
    """The statistics of a run that has ended: its current usage is zero.

    `known_peak_bytes` is the memory limit of a run that exceeded it, perhaps between two samples; None for other runs.
    """
    peak = _higher(stats.mem_max_bytes, known_peak_bytes)
    return replace(stats, mem_current_bytes=0, cpu_current_usage=0.0, mem_max_bytes=peak)


def duration_millis(run: Run, now: Millis) -> int:
    """The time from the run's start to its end. It includes the time between an end and a resurrection."""
    return max(0, (run.finished_at or now) - run.started_at)


def compute_units(memory_mbytes: int, millis: int) -> float:
    """Gigabytes times hours (platform documentation, "Usage and resources")."""
    return memory_mbytes / 1024 * millis / 3_600_000


def run_compute_units(run: Run, now: Millis) -> float:
    """Compute units of the time in which a run was active; the time before a resurrection does not count."""
    active = max(0, (run.finished_at or now) - (run.resumed_at or run.started_at))
    return run.earlier_compute_units + compute_units(run.options.memory_mbytes, active)


def is_cpu_overloaded(stats: RunStats, granted_cpus: float) -> bool:
    return (stats.cpu_current_usage or 0) > OVERLOADED * granted_cpus * 100


def _mean(mean: float | None, weight: int, value: float, added: int) -> float:
    return value if mean is None else (mean * weight + value * added) / (weight + added)


def _higher(one: N | None, other: N | None) -> N | None:
    return other if one is None else one if other is None else max(one, other)


def _total(earlier: int, current: int | None) -> int | None:
    return None if current is None else earlier + current


def _total_cpu_nanos(stats: RunStats) -> int:
    return round((stats.cpu_avg_usage or 0) / 100 * stats.sampled_millis * 1_000_000)
