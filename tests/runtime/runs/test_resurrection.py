from __future__ import annotations

import asyncio
from typing import Any

import pytest

from runtime.base.errors import Invalid, LimitReached
from runtime.base.lifecycle import JobStatus
from runtime.base.records import Run
from runtime.jobs import stats
from runtime.runs.options import StartOptions
from tests.fakes.stage import Stage

S = JobStatus


async def resurrect(stage: Stage, run: Run, **options: Any) -> Run:
    await stage.orchestrator.resurrection.resurrect(run, StartOptions(**options))
    await stage.clock.settle()
    return stage.current(run)


@pytest.mark.parametrize("end", ["succeeded", "failed", "aborted", "timed out"])
async def test_every_finished_run_can_be_resurrected(stage: Stage, end: str) -> None:
    run = await stage.start(timeout_secs=100)
    stage.container_of(run).prints("first life")
    if end == "aborted":
        await stage.abort(run)
    elif end == "timed out":
        await stage.clock.advance(100)
    else:
        await stage.finish(run, 0 if end == "succeeded" else 1)
    assert stage.current(run).status.is_terminal
    resurrected = await resurrect(stage, run)
    assert (resurrected.status, resurrected.stats.resurrect_count) == (S.RUNNING, 1)
    assert (resurrected.finished_at, resurrected.exit_code, resurrected.status_message) == (None, None, None)
    assert resurrected.default_dataset_id == run.default_dataset_id
    assert (resurrected.stats.mem_current_bytes, resurrected.stats.cpu_current_usage) == (None, None)
    stage.container_of(run).prints("second life")
    await stage.finish(run)
    output = [line for line in await stage.log_of(run.id) if not line.startswith("ACTOR:")]
    assert output == ["first life", "second life"]


async def test_a_resurrected_run_starts_after_its_last_container_is_removed(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = await stage.start()
    first = stage.container_of(run)
    may_remove, remove = asyncio.Event(), first.remove

    async def remove_later() -> None:
        await may_remove.wait()
        await remove()

    monkeypatch.setattr(first, "remove", remove_later)
    assert (await stage.finish(run)).status is S.SUCCEEDED
    resurrecting = asyncio.create_task(stage.orchestrator.resurrection.resurrect(stage.current(run), StartOptions()))
    await stage.clock.settle()
    assert len(stage.containers_of(run)) == 1
    may_remove.set()
    await resurrecting
    await stage.clock.settle()
    assert (stage.current(run).status, len(stage.containers_of(run))) == (S.RUNNING, 2)
    await stage.abort(run)
    assert stage.current(run).status is S.ABORTED


async def test_a_live_run_cannot_be_resurrected(stage: Stage) -> None:
    run = await stage.start()
    with pytest.raises(Invalid, match="RUNNING"):
        await stage.orchestrator.resurrection.resurrect(run, StartOptions())


async def test_a_resurrected_run_uses_its_own_build_unless_another_one_is_requested(stage: Stage) -> None:
    actor = await stage.create_actor()
    run = await stage.finish(await stage.start(actor))
    newer = await stage.create_build(actor, "latest")
    assert (await resurrect(stage, run)).build_id == run.build_id
    await stage.finish(run)
    assert (await resurrect(stage, run, build="latest", memory_mbytes=300)).build_id == newer.id
    assert stage.current(run).options.memory_mbytes == 512


async def test_a_resurrected_run_has_its_full_timeout_and_no_compute_units_for_the_gap(stage: Stage) -> None:
    run = await stage.start(timeout_secs=60, memory_mbytes=1024)
    await stage.clock.advance(36)
    await stage.finish(run)
    await stage.clock.advance(3600)
    await resurrect(stage, run)
    await stage.clock.advance(59)
    assert stage.current(run).status is S.RUNNING
    await stage.clock.advance(1)
    assert stage.current(run).status is S.TIMED_OUT
    finished = stage.current(run)
    assert finished.finished_at is not None
    assert stats.duration_millis(finished, 0) == (36 + 3600 + 60) * 1000
    assert stats.run_compute_units(finished, 0) == pytest.approx((36 + 60) / 3600)


async def test_a_resurrection_is_rejected_if_the_memory_quota_is_used_up(stage: Stage) -> None:
    run = await stage.finish(await stage.start(memory_mbytes=16_384))
    await stage.start(memory_mbytes=8192)
    with pytest.raises(LimitReached):
        await stage.orchestrator.resurrection.resurrect(run, StartOptions())
    assert stage.current(run).status is S.SUCCEEDED
