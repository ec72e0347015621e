from __future__ import annotations

import asyncio

import pytest

from runtime.base.errors import LimitReached
from runtime.base.lifecycle import JobStatus
from runtime.runs.options import StartOptions
from runtime.runs.start_plan import StartRequest
from tests.fakes.clock import START
from tests.fakes.engine_faults import pause_create
from tests.fakes.stage import META, Stage


async def test_the_actor_counts_its_starts(stage: Stage) -> None:
    actor = await stage.create_actor()
    await stage.start(actor)
    await stage.clock.advance(3)
    await stage.start(actor)
    counted = stage.orchestrator.actors.get(actor.id)
    assert (counted.total_runs, counted.last_run_started_at) == (2, START + 3000)


async def test_a_run_is_running_when_its_start_returns_and_before_its_container_exists(stage: Stage) -> None:
    """Clients read a new run once, and report an error if it has not been started."""
    pause_create(stage.engine)
    actor = await stage.create_actor()
    request = StartRequest(user=stage.user, actor=actor, input=None, options=StartOptions(), meta=META)
    started = await stage.orchestrator.starting.start(request)
    assert stage.current(started).status is JobStatus.RUNNING
    assert stage.engine.created == []
    assert stage.current(started).started_at == started.started_at == START


async def test_a_start_over_the_memory_quota_records_nothing_and_the_end_of_a_run_frees_its_memory(
    stage: Stage,
) -> None:
    actor = await stage.create_actor(memory_mbytes=8192)
    first = await stage.start(actor)
    await stage.start(actor)
    with pytest.raises(LimitReached):
        await stage.start(actor, memory_mbytes=128)
    assert len(stage.orchestrator.database.runs.all()) == 2
    await stage.finish(first)
    assert (await stage.start(actor)).status is JobStatus.RUNNING


@pytest.mark.parametrize("deletes_first", [True, False])
async def test_a_start_that_races_the_deletion_of_its_actor_leaves_no_run_without_a_supervisor(
    stage: Stage, deletes_first: bool
) -> None:
    actor = await stage.create_actor()
    runs, user = stage.orchestrator.runs, stage.user
    request = StartRequest(user=user, actor=actor, input=None, options=StartOptions(), meta=META)
    start = stage.orchestrator.starting.start(request)
    delete = stage.orchestrator.actor_deletion.delete(actor)
    await asyncio.gather(*((delete, start) if deletes_first else (start, delete)), return_exceptions=True)
    await stage.clock.settle()
    unfinished = runs.unfinished()
    assert len(unfinished) == len(stage.orchestrator.live_runs.live_run_ids)
    assert unfinished == [] if deletes_first else stage.orchestrator.actors.get(actor.id).total_runs == 1
