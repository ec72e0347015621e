from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from runtime.base.errors import LimitReached
from runtime.base.lifecycle import JobStatus
from runtime.base.records import BuildOptions
from runtime.database import Database
from runtime.jobs.memory_quota import MemoryQuota
from tests.fakes.records import a_build, a_run, options
from tests.fakes.stage import Stage


def memory(mbytes: int) -> dict[str, object]:
    return {"options": options(memory_mbytes=mbytes)}


async def test_live_runs_and_builds_of_a_user_count_and_ended_ones_and_others_do_not(stage: Stage) -> None:
    database: Database = stage.orchestrator.database
    memory_quota = MemoryQuota(database, cap_mbytes=16_384)
    await database.runs.insert(a_run(id="ready", status=JobStatus.READY, **memory(128)))
    await database.runs.insert(a_run(id="running", status=JobStatus.RUNNING, **memory(256)))
    await database.runs.insert(a_run(id="stopping", status=JobStatus.TIMING_OUT, **memory(512)))
    await database.runs.insert(a_run(id="aborting", status=JobStatus.ABORTING, **memory(1024)))
    await database.runs.insert(a_run(id="ended", status=JobStatus.SUCCEEDED, **memory(2048)))
    await database.runs.insert(a_run(id="foreign", user_id="other", **memory(8192)))
    building = a_build(status=JobStatus.RUNNING, options=BuildOptions(tag="latest", memory_mbytes=4096))
    await database.builds.insert(building)
    await database.builds.insert(replace(building, id="build2", number="0.0.2", status=JobStatus.FAILED))
    assert memory_quota.used_mbytes("user1") == 128 + 256 + 512 + 1024 + 4096
    assert memory_quota.used_mbytes("other") == 8192


async def test_a_job_that_fits_exactly_may_start_and_one_more_megabyte_may_not(stage: Stage) -> None:
    await stage.orchestrator.database.runs.insert(a_run(**memory(1024)))
    memory_quota = MemoryQuota(stage.orchestrator.database, cap_mbytes=2048)
    async with memory_quota.reserve("user1", 1024):
        pass
    with pytest.raises(LimitReached):
        async with memory_quota.reserve("user1", 1025):
            pytest.fail("there is no room")


async def test_two_that_start_at_once_cannot_share_the_last_room(stage: Stage) -> None:
    database = stage.orchestrator.database
    memory_quota = MemoryQuota(database, cap_mbytes=1024)

    async def start(id: str) -> None:
        async with memory_quota.reserve("user1", 1024):
            await asyncio.sleep(0)
            await database.runs.insert(a_run(id=id, **memory(1024)))

    results = await asyncio.gather(*[start(str(number)) for number in range(5)], return_exceptions=True)
    assert [type(result) for result in results].count(LimitReached) == 4
    assert len(database.runs.all()) == 1


async def test_a_failed_start_leaves_the_door_open(stage: Stage) -> None:
    memory_quota = MemoryQuota(stage.orchestrator.database, cap_mbytes=1024)
    with pytest.raises(RuntimeError):
        async with memory_quota.reserve("user1", 1024):
            raise RuntimeError
    async with memory_quota.reserve("user1", 1024):
        pass
