from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.base.errors import Invalid, LimitReached
from runtime.base.plans import LOCAL, PLANS, PlanName
from runtime.base.records import Metamorph, RunStats
from runtime.jobs import resource_limits
from tests.fakes.clock import START
from tests.fakes.records import a_run, options

MBYTE = 1024 * 1024
STEPS = [128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768]


@pytest.mark.parametrize(
    ("requested", "granted"),
    [
        (1, 128),
        (127, 128),
        (128, 128),
        (128.5, 256),
        (129, 256),
        (256, 256),
        (300, 512),
        (512, 512),
        (1025, 2048),
        (20_000, 32_768),
        (32_768, 32_768),
        (32_769, 32_768),
        (40_000, 32_768),
        (1e12, 32_768),
    ],
)
def test_memory_is_rounded_up_to_a_power_of_two_within_the_platforms_bounds(requested: float, granted: int) -> None:
    assert resource_limits.memory_mbytes(requested, strict=False) == granted


@pytest.mark.parametrize("requested", [1, 127, 129, 300, 128.5, 32_769, 40_000])
def test_strict_memory_rejects_the_sizes_that_the_platform_rejects_and_names_a_valid_one(requested: float) -> None:
    with pytest.raises(Invalid) as error:
        resource_limits.memory_mbytes(requested, strict=True)
    assert error.value.slug == "invalid-input"
    assert f"Request {resource_limits.memory_mbytes(requested, strict=False)}" in error.value.message


@pytest.mark.parametrize("size", STEPS)
def test_strict_memory_accepts_every_size_of_the_platform(size: int) -> None:
    assert resource_limits.memory_mbytes(size, strict=True) == size


@given(st.floats(min_value=0.1, max_value=32_768))
def test_a_run_gets_the_smallest_size_that_is_at_least_the_requested_one(requested: float) -> None:
    granted = resource_limits.memory_mbytes(requested, strict=False)
    assert granted == min(step for step in STEPS if step >= requested)


@pytest.mark.parametrize(
    ("memory", "cores", "burst", "disk", "shm"),
    [
        (128, 0.03125, 1.0, 256, 64 * MBYTE),
        (1024, 0.25, 1.0, 2048, 512 * MBYTE),
        (4096, 1.0, 1.0, 8192, 2048 * MBYTE),
        (32_768, 8.0, 8.0, 65_536, 16_384 * MBYTE),
    ],
)
def test_cpu_disk_and_shared_memory_depend_on_the_memory(
    memory: int, cores: float, burst: float, disk: int, shm: int
) -> None:
    assert resource_limits.cpus(memory) == cores
    assert resource_limits.burst_cpus(memory, burst_secs=10) == burst
    assert resource_limits.burst_cpus(memory, burst_secs=0) == cores
    assert resource_limits.disk_mbytes(memory) == disk
    assert resource_limits.shm_bytes(memory) == shm


def test_the_burst_starts_with_the_container() -> None:
    run = a_run(started_at=START, container_started_at=START + 3000)
    assert resource_limits.burst_end(run, 10) == START + 13_000
    assert resource_limits.granted_cpus(run, 10, START + 12_999) == 1.0
    assert resource_limits.granted_cpus(run, 10, START + 13_000) == 0.25


def test_the_burst_starts_with_the_run_until_the_container_has_started() -> None:
    assert resource_limits.burst_end(a_run(started_at=START), 10) == START + 10_000


def test_the_timeout_counts_from_the_first_container_and_0_means_no_timeout() -> None:
    run = a_run(options=options(timeout_secs=60), first_container_at=START + 500, container_started_at=START + 900)
    assert resource_limits.deadline(run) == START + 60_500
    assert resource_limits.deadline(a_run(options=options(timeout_secs=0))) is None


@pytest.mark.parametrize(
    ("host_mbytes", "quota"),
    [(2048, 8192), (8191, 8192), (8192, 8192), (9000, 8192), (15_900, 15_360), (64_000, 63_488)],
)
def test_the_default_quota_is_the_memory_of_the_host_in_whole_gigabytes_and_at_least_8_gb(
    monkeypatch: pytest.MonkeyPatch, host_mbytes: int, quota: int
) -> None:
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(total=host_mbytes * MBYTE))
    assert resource_limits.default_user_memory_mbytes() == quota


def test_the_memory_of_a_user_comes_from_the_setting_or_the_plan_or_the_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(total=8192 * MBYTE))
    free = PLANS[PlanName.FREE]
    assert resource_limits.of_user(free, 4096) == (4096, 25)
    assert resource_limits.of_user(free, None) == (16_384, 25)
    assert resource_limits.of_user(LOCAL, None) == (8192, 64)
    assert resource_limits.of_user(LOCAL, 200) == (200, 1)


def test_the_last_megabyte_of_the_quota_can_be_used() -> None:
    resource_limits.check_user_memory(used=7168, requested=1024, cap=8192)


def test_a_job_over_the_quota_is_rejected_with_the_platforms_message() -> None:
    with pytest.raises(LimitReached) as error:
        resource_limits.check_user_memory(used=7168, requested=2048, cap=8192)
    assert error.value.slug == "actor-memory-limit-exceeded"
    assert error.value.message.startswith(
        "By launching this job you would exceed the memory limit of 8192MB for all your Actor runs and builds "
        "(currently used: 7168MB, requested: 2048MB)."
    )
    assert "Wait for a job to end" in error.value.message


def test_a_job_over_the_whole_quota_has_nothing_to_wait_for() -> None:
    with pytest.raises(LimitReached, match="Request less memory") as error:
        resource_limits.check_user_memory(used=0, requested=16_384, cap=8192)
    assert "Wait" not in error.value.message


def test_each_container_adds_a_burst_to_the_average_grant_also_that_of_a_metamorph() -> None:
    run = a_run(options=options(memory_mbytes=1024), stats=RunStats(sampled_millis=100_000, reboot_count=1))
    assert resource_limits.average_granted_cpus(run, 10) == pytest.approx(0.2 * 1 + 0.8 * 0.25)
    metamorph = Metamorph(
        created_at=START, actor_id="a", build_id="b", build_number="0.0.1", input_key="INPUT", web_server_port=4321
    )
    turned = replace(run, metamorphs=(metamorph,))
    assert resource_limits.average_granted_cpus(turned, 10) == pytest.approx(0.3 * 1 + 0.7 * 0.25)
    assert resource_limits.average_granted_cpus(replace(run, debug_port=9229), 10) == 1
    assert resource_limits.average_granted_cpus(replace(run, stats=RunStats()), 10) is None
