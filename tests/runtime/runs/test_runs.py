"""The queries on runs and the changes of their records."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from runtime.base.errors import NotFound
from runtime.base.lifecycle import JobStatus
from runtime.base.paging import Paging
from runtime.base.records import Meta, Origin, RunFilter
from tests.fakes.clock import START
from tests.fakes.records import a_run
from tests.fakes.stage import Stage, insert_run

S = JobStatus


# Changes


async def test_a_change_of_the_record_never_changes_the_status(stage: Stage) -> None:
    run = await insert_run(stage, S.RUNNING)
    await stage.orchestrator.runs.change(run.id, lambda now: replace(now, status=S.SUCCEEDED, exit_code=3))
    assert (stage.current(run).status, stage.current(run).exit_code) == (S.RUNNING, 3)


async def test_changing_an_unknown_run_raises_not_found(stage: Stage) -> None:
    with pytest.raises(NotFound):
        await stage.orchestrator.runs.change("nobody", lambda run: run)


# Waiting


async def test_waiting_for_a_finished_run_or_for_0_seconds_returns_immediately(stage: Stage) -> None:
    finished, live = await insert_run(stage, S.SUCCEEDED, "one"), await insert_run(stage, S.RUNNING, "two")
    assert await stage.orchestrator.runs.wait(finished.id, 60) == finished
    assert await stage.orchestrator.runs.wait(live.id, 0) == live
    with pytest.raises(NotFound):
        await stage.orchestrator.runs.wait("nobody", 60)


async def test_a_wait_that_times_out_returns_the_current_record(stage: Stage) -> None:
    run = await stage.start()
    waiting = asyncio.create_task(stage.orchestrator.runs.wait(run.id, 60))
    await stage.clock.advance(60)
    assert (await waiting).status is S.RUNNING


# Lists


async def insert_some_runs(stage: Stage) -> None:
    for number, (status, origin) in enumerate(
        [(S.SUCCEEDED, Origin.API), (S.FAILED, Origin.CLI), (S.SUCCEEDED, Origin.CLI), (S.RUNNING, Origin.API)]
    ):
        await stage.orchestrator.database.runs.insert(
            a_run(
                id=str(number),
                status=status,
                user_id=stage.user.id,
                actor_id=stage.user.id,
                started_at=START + number * 1000,
                meta=Meta(origin=origin),
            )
        )


@pytest.mark.parametrize(
    ("filter", "ids"),
    [
        (RunFilter(), "0123"),
        (RunFilter(statuses=("SUCCEEDED",)), "02"),
        (RunFilter(statuses=("FAILED", "RUNNING")), "13"),
        (RunFilter(statuses=("NONSENSE",)), ""),
        (RunFilter(origin="CLI"), "12"),
        (RunFilter(statuses=("SUCCEEDED",), origin="CLI"), "2"),
        (RunFilter(started_after=START + 1000), "123"),
        (RunFilter(started_before=START + 1000), "01"),
        (RunFilter(started_after=START + 1000, started_before=START + 2000), "12"),
    ],
)
async def test_a_list_contains_only_the_runs_that_pass_the_filter(stage: Stage, filter: RunFilter, ids: str) -> None:
    await insert_some_runs(stage)
    page = stage.orchestrator.runs.page(stage.user, None, filter, Paging(offset=0, limit=10))
    assert "".join(run.id for run in page.items) == ids
    assert page.total == len(ids)


@pytest.mark.parametrize(
    ("filter", "id"),
    [
        (RunFilter(), "3"),
        (RunFilter(statuses=("SUCCEEDED",)), "2"),
        (RunFilter(statuses=("SUCCEEDED",), origin="API"), "0"),
        (RunFilter(origin="CLI"), "2"),
    ],
)
async def test_the_last_run_is_the_newest_one_that_passes_the_filter(stage: Stage, filter: RunFilter, id: str) -> None:
    actor = await stage.create_actor()
    await insert_some_runs(stage)
    fake = replace(actor, id=stage.user.id)
    assert stage.orchestrator.runs.last(stage.user, fake, filter).id == id
    with pytest.raises(NotFound):
        stage.orchestrator.runs.last(stage.user, fake, RunFilter(statuses=("ABORTED",)))
    with pytest.raises(NotFound):
        stage.orchestrator.runs.last(stage.user, actor, filter)
