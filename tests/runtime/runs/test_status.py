"""The moves of runs from one status to another."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runtime.base.errors import NotFound
from runtime.base.lifecycle import JobStatus, may_move
from runtime.base.records import Run
from tests.examples import examples
from tests.fakes.stage import Stage, insert_run

S = JobStatus


@pytest.mark.parametrize("status", list(S))
async def test_only_moves_that_the_lifecycle_allows_are_written(stage: Stage, status: S) -> None:
    for to in S:
        run = await insert_run(stage, status)
        moved = await stage.orchestrator.statuses.move(run.id, to, lambda run: replace(run, status_message="moved"))
        after = stage.current(run)
        assert moved == may_move(status, to)
        assert (after.status, after.status_message) == ((to, "moved") if moved else (status, None))


@settings(max_examples=examples(40), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(list(S)), min_size=1, max_size=12), st.booleans())
async def test_no_sequence_of_moves_writes_an_illegal_one(stage: Stage, requested: list[S], concurrently: bool) -> None:
    run, written = await insert_run(stage, S.READY), list[tuple[S, S]]()

    async def move(to: S) -> bool:
        before: list[S] = []

        def record_status(current: Run) -> Run:
            before.append(current.status)
            return current

        moved = await stage.orchestrator.statuses.move(run.id, to, record_status)
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
    await asyncio.gather(*[stage.orchestrator.statuses.move(run.id, to) for to in order])
    assert stage.current(run).status is end


async def test_moving_an_unknown_run_raises_not_found(stage: Stage) -> None:
    with pytest.raises(NotFound):
        await stage.orchestrator.statuses.move("nobody", S.RUNNING)
