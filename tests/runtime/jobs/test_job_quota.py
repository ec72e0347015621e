from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from runtime.base.errors import Forbidden, LimitReached
from runtime.base.lifecycle import JobStatus
from runtime.base.records import BuildOptions
from runtime.database import Database
from runtime.jobs.job_quota import JobQuota
from tests.fakes.records import a_build, a_run, options
from tests.fakes.stage import Stage


def a_quota(
    database: Database,
    cap_mbytes: int = 16_384,
    max_jobs: int = 100,
    check_usage: Callable[[str], None] = lambda user_id: None,
) -> JobQuota:
    return JobQuota(database, cap_mbytes=cap_mbytes, max_jobs=max_jobs, check_usage=check_usage)


def with_memory(mbytes: int) -> dict[str, object]:
    return {"options": options(memory_mbytes=mbytes)}


async def test_the_live_runs_and_builds_of_the_user_count_towards_the_quota(stage: Stage) -> None:
    database = stage.orchestrator.database
    job_quota = a_quota(database, cap_mbytes=16_384)
    await database.runs.insert(a_run(id="ready", status=JobStatus.READY, **with_memory(128)))
    await database.runs.insert(a_run(id="running", status=JobStatus.RUNNING, **with_memory(256)))
    await database.runs.insert(a_run(id="stopping", status=JobStatus.TIMING_OUT, **with_memory(512)))
    await database.runs.insert(a_run(id="aborting", status=JobStatus.ABORTING, **with_memory(1024)))
    await database.runs.insert(a_run(id="ended", status=JobStatus.SUCCEEDED, **with_memory(2048)))
    await database.runs.insert(a_run(id="foreign", user_id="other", **with_memory(8192)))
    building = a_build(status=JobStatus.RUNNING, options=BuildOptions(tag="latest", memory_mbytes=4096))
    await database.builds.insert(building)
    await database.builds.insert(replace(building, id="build2", number="0.0.2", status=JobStatus.FAILED))
    assert job_quota.used("user1") == (5, 128 + 256 + 512 + 1024 + 4096)
    assert job_quota.used("other") == (1, 8192)


async def test_a_job_can_use_exactly_the_remaining_memory(stage: Stage) -> None:
    await stage.orchestrator.database.runs.insert(a_run(**with_memory(1024)))
    job_quota = a_quota(stage.orchestrator.database, cap_mbytes=2048)
    async with job_quota.reserve("user1", 1024):
        pass
    with pytest.raises(LimitReached):
        async with job_quota.reserve("user1", 1025):
            pytest.fail("more memory than the quota was reserved")


async def test_concurrent_starts_cannot_reserve_the_same_memory(stage: Stage) -> None:
    database = stage.orchestrator.database
    job_quota = a_quota(database, cap_mbytes=1024)

    async def start(id: str) -> None:
        async with job_quota.reserve("user1", 1024):
            await asyncio.sleep(0)
            await database.runs.insert(a_run(id=id, **with_memory(1024)))

    results = await asyncio.gather(*[start(str(number)) for number in range(5)], return_exceptions=True)
    assert [type(result) for result in results].count(LimitReached) == 4
    assert len(database.runs.all()) == 1


async def test_a_failed_start_releases_its_reservation(stage: Stage) -> None:
    job_quota = a_quota(stage.orchestrator.database, cap_mbytes=1024)
    with pytest.raises(RuntimeError):
        async with job_quota.reserve("user1", 1024):
            raise RuntimeError
    async with job_quota.reserve("user1", 1024):
        pass


async def test_no_more_jobs_than_the_limit_are_live_at_a_time(stage: Stage) -> None:
    database = stage.orchestrator.database
    await database.runs.insert(a_run())
    await database.builds.insert(a_build(status=JobStatus.RUNNING))
    job_quota = a_quota(database, max_jobs=2)
    with pytest.raises(LimitReached, match="your limit of 2 concurrent") as raised:
        async with job_quota.reserve("user1", 128):
            pytest.fail("one more job than the limit was reserved")
    assert raised.value.slug == "concurrent-runs-limit-exceeded"
    await database.runs.update("run1", lambda now: replace(now, status=JobStatus.ABORTED))
    async with job_quota.reserve("user1", 128):
        pass


async def test_a_user_without_usage_left_starts_no_job(stage: Stage) -> None:
    def check(user_id: str) -> None:
        raise Forbidden("platform-feature-disabled", f"{user_id} has used everything")

    with pytest.raises(Forbidden, match="user1 has used everything"):
        async with a_quota(stage.orchestrator.database, check_usage=check).reserve("user1", 128):
            pytest.fail("a job was reserved")
