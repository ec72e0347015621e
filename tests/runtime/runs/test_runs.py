"""The queries on runs, and the moves from one status to another."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runtime.base.errors import NotFound
from runtime.base.lifecycle import JobStatus, may_move
from runtime.base.paging import Paging
from runtime.base.records import Meta, Origin, Run, RunFilter
from tests.fakes.clock import START
from tests.fakes.records import a_run
from tests.fakes.stage import Stage

S = JobStatus


async def insert_run(stage: Stage, status: JobStatus, id: str = "run1") -> Run:
    """Store a run that has no supervisor. It replaces an earlier one with the same id."""
    await stage.orchestrator.database.runs.delete(id)
    return await stage.orchestrator.database.runs.insert(a_run(id=id, status=status))


# Moves


@pytest.mark.parametrize("to", list(S))
@pytest.mark.parametrize("status", list(S))
async def test_only_moves_that_the_lifecycle_allows_are_written(stage: Stage, status: S, to: S) -> None:
    run = await insert_run(stage, status)
    moved = await stage.orchestrator.runs.move(run.id, to, lambda run: replace(run, status_message="moved"))
    after = stage.current(run)
    assert moved == may_move(status, to)
    assert (after.status, after.status_message) == ((to, "moved") if moved else (status, None))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(list(S)), min_size=1, max_size=12), st.booleans())
async def test_no_sequence_of_moves_writes_an_illegal_one(stage: Stage, requested: list[S], concurrently: bool) -> None:
    run, written = await insert_run(stage, S.READY), list[tuple[S, S]]()

    async def move(to: S) -> bool:
        before: list[S] = []

        def record_status(current: Run) -> Run:
            before.append(current.status)
            return current

        moved = await stage.orchestrator.runs.move(run.id, to, record_status)
        if moved:
            written.append((before[0], to))
        return moved

    if concurrently:
        await asyncio.gather(*[move(to) for to in requested])
    else:
        for to in requested:
            await move(to)
    assert all(may_move(now, to) for now, to in written)
    assert [to for _, to in written][:-1] == [now for now, _ in written][1:]
    assert stage.current(run).status is (written[-1][1] if written else S.READY)


@pytest.mark.parametrize(
    ("order", "end"),
    [
        ((S.ABORTING, S.SUCCEEDED, S.ABORTED), S.ABORTED),
        ((S.SUCCEEDED, S.ABORTING, S.ABORTED), S.SUCCEEDED),
        ((S.ABORTING, S.TIMING_OUT, S.TIMED_OUT, S.ABORTED), S.ABORTED),
        ((S.TIMING_OUT, S.ABORTING, S.TIMED_OUT, S.ABORTED), S.ABORTED),
        ((S.TIMING_OUT, S.TIMED_OUT, S.ABORTING), S.TIMED_OUT),
        ((S.FAILED, S.SUCCEEDED), S.FAILED),
    ],
)
async def test_the_first_legal_move_wins_a_race_and_an_abort_is_never_overwritten(
    stage: Stage, order: tuple[S, ...], end: S
) -> None:
    run = await insert_run(stage, S.RUNNING)
    await asyncio.gather(*[stage.orchestrator.runs.move(run.id, to) for to in order])
    assert stage.current(run).status is end


async def test_a_change_of_the_record_never_changes_the_status(stage: Stage) -> None:
    run = await insert_run(stage, S.RUNNING)
    await stage.orchestrator.runs.change(run.id, lambda now: replace(now, status=S.SUCCEEDED, exit_code=3))
    assert (stage.current(run).status, stage.current(run).exit_code) == (S.RUNNING, 3)


async def test_moving_or_changing_an_unknown_run_raises_not_found(stage: Stage) -> None:
    with pytest.raises(NotFound):
        await stage.orchestrator.runs.move("nobody", S.RUNNING)
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
