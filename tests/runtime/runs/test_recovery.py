"""Stopping the server, and how the next server recovers the runs that the last one left."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from runtime.base.lifecycle import JobStatus
from runtime.base.records import Run
from runtime.runs import messages
from runtime.runs.run_containers import RUN_LABEL
from tests.fakes.clock import START
from tests.fakes.engine_faults import pause_create, pause_start
from tests.fakes.records import a_spec
from tests.fakes.stage import Stage

S = JobStatus
MBYTE = 1024 * 1024
SECOND = 1_000_000_000
HOUR = 3600


# Closing


async def test_a_server_that_stops_leaves_its_runs_to_the_next_start(stage: Stage) -> None:
    run = await stage.start()
    assert await stage.close() == 1
    container = stage.container_of(run)
    assert not container.signals and not container.is_removed
    await stage.open()
    assert stage.current(run).status is S.RUNNING
    assert (await stage.finish(run)).status is S.SUCCEEDED


async def test_a_server_that_stops_with_stop_runs_aborts_its_runs(stage: Stage) -> None:
    run = await stage.start()
    assert await stage.close(stop_runs=True) == 0
    assert stage.engine.containers == []
    await stage.open()
    assert stage.current(run).status is S.ABORTED


# Adopting a live container


async def test_an_adopted_run_has_its_original_deadline(stage: Stage) -> None:
    run = await stage.start(timeout_secs=60)
    await stage.restart_server(30)
    await stage.clock.advance(29.9)
    assert stage.current(run).status is S.RUNNING
    await stage.clock.advance(0.1)
    assert stage.current(run).status is S.TIMED_OUT


async def test_a_run_whose_deadline_passed_while_the_server_was_down_is_stopped_immediately(stage: Stage) -> None:
    run = await stage.start(timeout_secs=60)
    await stage.restart_server(100)
    assert stage.current(run).status is S.TIMED_OUT


@pytest.mark.parametrize(("down", "expected"), [(4, [1.0, 0.25]), (60, [1.0, 0.25])])
async def test_the_burst_of_an_adopted_run_ends_on_time(stage: Stage, down: float, expected: list[float]) -> None:
    run = await stage.start(memory_mbytes=1024)
    container = stage.container_of(run)
    await stage.restart_server(down)
    if down < 10:
        await stage.clock.advance(9.9 - down)
        assert container.cpus == [1.0]
        await stage.clock.advance(0.1)
    assert container.cpus == expected


async def test_the_log_of_an_adopted_run_has_every_line_once(stage: Stage) -> None:
    run = await stage.start()
    container = stage.container_of(run)
    container.prints("one", "two")
    await stage.clock.settle()
    await stage.close()
    container.prints("three")
    await stage.open()
    container.prints("four")
    await stage.finish(run)
    assert (await stage.log_of(run.id))[-4:] == ["one", "two", "three", "four"]


async def test_the_statistics_of_an_adopted_run_count_nothing_twice(stage: Stage) -> None:
    run = await stage.start()
    container = stage.container_of(run)
    container.uses(memory_bytes=0)
    await stage.clock.advance(2)
    container.uses(memory_bytes=100 * MBYTE, cpu_nanos=SECOND, net_rx_bytes=500)
    await stage.clock.settle()
    await stage.restart_server(2)
    container.uses(memory_bytes=300 * MBYTE, cpu_nanos=3 * SECOND, net_rx_bytes=700)
    await stage.clock.settle()
    stats = stage.current(run).stats
    assert stats.sampled_millis == 4000
    assert stats.mem_avg_bytes == pytest.approx(200 * MBYTE)
    assert stats.cpu_avg_usage == pytest.approx(75)
    assert stats.net_rx_bytes == 700


# Runs whose container has ended or vanished


@pytest.mark.parametrize(
    ("code", "state", "expected"),
    [(0, {}, S.SUCCEEDED), (7, {}, S.FAILED), (137, {"oom_killed": True}, S.FAILED)],
)
async def test_a_run_that_ended_while_the_server_was_down_gets_its_status_from_its_exit_code(
    stage: Stage, code: int, state: dict[str, Any], expected: JobStatus
) -> None:
    run = await stage.start(timeout_secs=60)
    await stage.close()
    await stage.clock.advance(5)
    stage.container_of(run).prints("last words")
    stage.container_of(run).exits(code, **state)
    await stage.clock.advance(HOUR)
    await stage.open()
    current = stage.current(run)
    assert (current.status, current.exit_code, current.finished_at) == (expected, code, START + 5000)
    assert (await stage.log_of(run.id))[-1] == "last words"
    assert stage.engine.containers == []


@pytest.mark.parametrize(
    ("status", "expected"), [(S.RUNNING, S.FAILED), (S.TIMING_OUT, S.TIMED_OUT), (S.ABORTING, S.ABORTED)]
)
async def test_a_run_whose_container_has_vanished_ends_according_to_its_status(
    stage: Stage, status: JobStatus, expected: JobStatus
) -> None:
    run = await stage.start()
    await stage.close()
    stage.container_of(run).vanishes()
    stage.engine.on_create = lambda container: pytest.fail("a run must not be started twice")
    await stage.open_with_run(run, lambda now: replace(now, status=status))
    current = stage.current(run)
    assert (current.status, current.exit_code) == (expected, None)
    assert (current.status_message == messages.VANISHED) == (expected is S.FAILED)


# Orders and reasons that the last server had recorded


async def test_a_run_that_was_aborting_when_the_server_crashed_is_aborted_by_the_next_start(stage: Stage) -> None:
    run = await stage.start()
    await stage.close()
    await stage.open_with_run(run, lambda now: replace(now, status=S.ABORTING))
    assert stage.current(run).status is S.ABORTED
    assert stage.engine.containers == []


async def test_a_run_that_was_timing_out_when_the_server_crashed_is_stopped_by_the_next_start(stage: Stage) -> None:
    run = await stage.start(timeout_secs=60)
    stage.container_of(run).ignores_sigterm = True
    await stage.clock.advance(61)
    await stage.close()
    stage.container_of(run).ignores_sigterm = False
    await stage.open()
    assert stage.current(run).status is S.TIMED_OUT


async def test_the_recorded_reason_for_a_stop_survives_a_restart_of_the_server(stage: Stage) -> None:
    run = await stage.start()
    await stage.orchestrator.runs.change(run.id, lambda now: replace(now, stopped_because="Too much."))
    await stage.close()
    stage.container_of(run).exits(137)
    await stage.open()
    assert (stage.current(run).status, stage.current(run).status_message) == (S.FAILED, "Too much.")


# Runs without a container, and containers without a run


@pytest.mark.parametrize("was_created", [True, False])
async def test_a_run_whose_container_had_not_started_is_started_by_the_next_server(
    stage: Stage, was_created: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = stage.engine.create
    reached, resume = (pause_start if was_created else pause_create)(stage.engine)
    run = await stage.start()
    await reached.wait()
    await stage.close()
    monkeypatch.setattr(stage.engine, "create", create)
    stage.engine.on_create = lambda container: None
    await stage.open()
    assert stage.current(run).status is S.RUNNING
    assert len(stage.engine.containers) == 1
    resume.set()


async def test_a_run_that_the_last_server_did_not_admit_is_admitted_by_the_next_one(
    stage: Stage,
) -> None:
    reached, resume = pause_create(stage.engine)
    run = await stage.start()
    await reached.wait()
    await stage.close()
    moves: list[JobStatus] = []
    stage.engine.on_create = lambda container: moves.append(stage.current(run).status)
    resume.set()
    await stage.open_with_run(run, lambda now: replace(now, status=S.READY))
    assert (moves, stage.current(run).status) == ([S.RUNNING], S.RUNNING)
    assert (await stage.finish(run)).status is S.SUCCEEDED


async def test_containers_without_a_live_run_are_removed(stage: Stage) -> None:
    live = await stage.start()
    finished = await stage.finish(await stage.start())
    await stage.close()
    image = next(iter(stage.engine.images_by_name))
    for labels in ({RUN_LABEL: "nobody"}, {RUN_LABEL: finished.id}, {}):
        await stage.engine.create(a_spec(image=image, labels=labels))
    await stage.open()
    assert [container.labels[RUN_LABEL] for container in stage.engine.containers] == [live.id]


async def test_runs_in_every_state_are_recovered(stage: Stage) -> None:
    runs: list[Run] = [await stage.start() for _ in range(5)]
    await stage.close()
    stage.container_of(runs[1]).exits(0)
    stage.container_of(runs[2]).exits(3)
    stage.container_of(runs[3]).vanishes()
    await stage.open()
    stage.container_of(runs[4]).exits(0)
    await stage.clock.settle()
    statuses = [stage.current(run).status for run in runs]
    assert statuses == [S.RUNNING, S.SUCCEEDED, S.FAILED, S.FAILED, S.SUCCEEDED]


async def test_a_run_that_cannot_be_recovered_does_not_prevent_the_recovery_of_others(stage: Stage) -> None:
    broken, intact = await stage.start(), await stage.start()
    await stage.orchestrator.database.builds.delete(broken.build_id)
    await stage.restart_server()
    assert (stage.current(broken).status, stage.current(intact).status) == (S.FAILED, S.RUNNING)
    assert stage.container_of(broken).is_removed


async def test_the_log_and_the_events_of_a_run_that_cannot_be_recovered_are_closed(stage: Stage) -> None:
    broken = await stage.start()
    await stage.orchestrator.database.builds.delete(broken.build_id)
    await stage.restart_server()
    assert not stage.orchestrator.system_events.is_open(broken.id)
    async with asyncio.timeout(5):
        assert [piece async for piece in stage.orchestrator.logs.follow(broken.id)]
