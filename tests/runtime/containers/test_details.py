"""The details of a container's use, from scripted control groups and from statistics of the engine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from runtime.containers import cgroups
from runtime.containers.details import DetailReader, detail_from_engine
from tests.runtime.containers.test_cgroups import create_v1, create_v2, write

V1 = "total_rss 800\ntotal_cache 300\ntotal_shmem 100\ntotal_inactive_file 50\n"
V2 = "anon 800\nfile 300\nshmem 100\ninactive_file 50\n"


def test_both_versions_show_the_same_parts(tmp_path: Path) -> None:
    create_v1(tmp_path, "c")
    write(tmp_path / "memory/c", memory__stat=V1, memory__kmem__usage_in_bytes="70\n")
    create_v2(tmp_path, "d")
    write(tmp_path / "d", memory__stat=f"{V2}kernel 70\n")
    for cgroup in (cgroups.v1(tmp_path, {"memory": "c", "cpuacct": "c"}), cgroups.v2(tmp_path / "d")):
        detail = DetailReader(cgroup).read(1200, [])
        assert detail.source == f"cgroup v{cgroup.version}"
        assert (detail.anonymous_bytes, detail.shared_bytes, detail.cache_bytes) == (800, 100, 200)
        assert (detail.kernel_bytes, detail.is_kernel_estimated, detail.processes) == (70, False, 0)
        assert (detail.periods, detail.threads) == (None, None)


def test_kernel_memory_that_is_not_counted_is_the_rest(tmp_path: Path) -> None:
    create_v2(tmp_path, "d")
    write(tmp_path / "d", memory__stat=V2)
    detail = DetailReader(cgroups.v2(tmp_path / "d")).read(1200, [])
    assert (detail.kernel_bytes, detail.is_kernel_estimated) == (100, True)


@pytest.mark.parametrize("parts", [V1, V2])
def test_the_engines_statistics_have_the_parts_of_both_versions(parts: str) -> None:
    stats: dict[str, Any] = {
        "memory_stats": {"usage": 1200, "stats": cgroups.parse_values(parts)},
        "cpu_stats": {"throttling_data": {"periods": 5, "throttled_periods": 4, "throttled_time": 3}},
        "pids_stats": {"current": 7},
    }
    detail = detail_from_engine(stats)
    assert detail and (detail.anonymous_bytes, detail.shared_bytes, detail.cache_bytes) == (800, 100, 200)
    assert (detail.kernel_bytes, detail.is_kernel_estimated, detail.threads) == (100, True, 7)
    assert (detail.periods, detail.throttled_periods, detail.throttled_nanos) == (5, 4, 3)


def test_statistics_without_parts_have_no_details() -> None:
    assert detail_from_engine({"memory_stats": {"usage": 1}, "cpu_stats": {}}) is None
    assert detail_from_engine({"memory_stats": {}, "cpu_stats": {}}) is None
