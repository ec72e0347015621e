"""The details of a container's use: the parts of its memory, throttling, threads and processes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from runtime.containers import Detail
from runtime.containers.cgroups import Cgroup, Read, read_file
from runtime.containers.processes import ContainerProcesses

ENGINE = "engine"
"""The source of details that this host cannot read itself."""


class DetailReader:
    """Reads the details of one container."""

    def __init__(self, cgroup: Cgroup, read: Read = read_file) -> None:
        self._cgroup = cgroup
        self._read_file = read
        self._processes = ContainerProcesses()

    def read(self, usage_bytes: int, pids: Collection[int]) -> Detail:
        """Read the details of a container that uses this much memory, and has these processes.

        Raises OSError, ValueError and LookupError.
        """
        memory = self._cgroup.read_memory(self._read_file)
        kernel_bytes = self._cgroup.kernel_bytes(memory, self._read_file)
        count, by_name = self._processes.read(pids)
        threads = self._cgroup.count_threads(self._read_file)
        detail = _of_memory(f"cgroup v{self._cgroup.version}", memory, usage_bytes, kernel_bytes)
        return self.with_throttling(replace(detail, threads=threads, processes=count, by_name=by_name))

    def with_throttling(self, detail: Detail) -> Detail:
        """Return the details with the current counts of throttling, which outlive the processes for a moment."""
        with suppress(OSError):
            if (counted := self._cgroup.read_throttling(self._read_file)) is not None:
                return replace(
                    detail,
                    periods=counted.periods,
                    throttled_periods=counted.throttled_periods,
                    throttled_nanos=counted.throttled_nanos,
                )
        return detail


def detail_from_engine(stats: Mapping[str, Any]) -> Detail | None:
    """Convert one message of the engine's stats stream. None without the parts of the memory (Windows)."""
    memory = stats["memory_stats"]
    throttling = stats["cpu_stats"].get("throttling_data", {})
    try:
        detail = _of_memory(ENGINE, memory["stats"], memory["usage"], None)
    except LookupError:
        return None
    return replace(
        detail,
        periods=throttling.get("periods"),
        throttled_periods=throttling.get("throttled_periods"),
        throttled_nanos=throttling.get("throttled_time"),
        threads=stats.get("pids_stats", {}).get("current"),
    )


def _of_memory(source: str, memory: Mapping[str, int], usage_bytes: int, kernel_bytes: int | None) -> Detail:
    """Return the parts of the memory, by the names of cgroup v1, which count whole trees, or else of v2."""
    anonymous = memory["total_rss"] if "total_rss" in memory else memory["anon"]
    files = memory["total_cache"] if "total_cache" in memory else memory["file"]
    shared = memory.get("total_shmem", memory.get("shmem", 0))
    return Detail(
        source=source,
        anonymous_bytes=anonymous,
        kernel_bytes=max(0, usage_bytes - anonymous - files) if kernel_bytes is None else kernel_bytes,
        is_kernel_estimated=kernel_bytes is None,
        shared_bytes=shared,
        cache_bytes=max(0, files - shared),
    )
