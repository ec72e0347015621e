"""One run from READY to its end, and what a restarted server makes of it, on a scripted engine in virtual time."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from runtime.base.lifecycle import JobStatus
from runtime.base.records import EnvVar, Run
from runtime.containers import DiskEnforcement, EngineUnavailable, ImageMissing, StartFailed
from runtime.runs import messages
from runtime.runs.options import StartOptions
from runtime.runs.run_containers import RUN_LABEL
from runtime.runs.start_plan import StartRequest
from runtime.runs.system_events import Event
from tests.fakes.clock import START
from tests.fakes.containers import FakeContainer
from tests.fakes.records import a_spec
from tests.fakes.stage import META, Stage

S = JobStatus
MBYTE = 1024 * 1024
SECOND = 1_000_000_000
HOUR = 3600


def watched(stage: Stage) -> list[tuple[str, JobStatus]]:
    """Every status that any run gets from now on, in order."""
    moves: list[tuple[str, JobStatus]] = []
    move = stage.orchestrator.runs.move

    async def noted(id: str, to: JobStatus, *change: Any) -> bool:
        moved = await move(id, to, *change)
        if moved:
            moves.append((id, to))
        return moved

    stage.orchestrator.runs.move = noted  # type: ignore[method-assign]
    return moves


async def restarted(stage: Stage, secs: float = 0) -> None:
    """The server dies, time goes by, it starts again."""
    await stage.close()
    await stage.clock.advance(secs)
    await stage.open()


# From start to end


async def test_a_run_is_ready_then_running_then_succeeded(stage: Stage) -> None:
    moves = watched(stage)
    run = await stage.start()
    assert run.status is S.RUNNING
    await stage.clock.advance(2.5)
    run = await stage.ended(run, 0)
    assert moves == [(run.id, S.RUNNING), (run.id, S.SUCCEEDED)]
    assert (run.exit_code, run.finished_at) == (0, START + 2500)
    assert run.status_message == "Actor finished with exit code 0."


@pytest.mark.parametrize("code", [1, 91, 137, 143, 255])
async def test_a_run_that_exits_with_another_code_has_failed(stage: Stage, code: int) -> None:
    run = await stage.ended(await stage.start(), code)
    assert (run.status, run.exit_code) == (S.FAILED, code)
    assert run.status_message == f"Actor finished with exit code {code}."


async def test_a_container_is_born_with_what_the_run_was_granted(stage: Stage) -> None:
    actor = await stage.an_actor()
    await stage.a_build(actor, "latest", EnvVar(name="MY_KEY", value="mine"))
    run = await stage.start(stage.orchestrator.actors.get(actor.id), memory_mbytes=512, timeout_secs=60)
    spec = stage.container_of(run).spec
    assert spec.image == stage.orchestrator.builds.get(run.build_id).image
    assert spec.labels[RUN_LABEL] == run.id
    assert (spec.memory_bytes, spec.disk_bytes, spec.shm_bytes) == (512 * MBYTE, 1024 * MBYTE, 256 * MBYTE)
    assert spec.environment["MY_KEY"] == "mine"
    assert spec.environment["APIFY_TOKEN"] == run.token
    assert spec.hosts == {"host.greenroom.internal": stage.engine.engine.gateway}
    assert (run.container_id, run.container_started_at) == (stage.container_of(run).id, START)


async def test_the_container_of_an_ended_run_is_removed(stage: Stage) -> None:
    run = await stage.ended(await stage.start())
    assert stage.container_of(run).is_removed
    assert len(stage.orchestrator.supervisors.live_run_ids) == 0


async def test_the_log_is_complete_before_the_status_is_terminal(stage: Stage) -> None:
    run = await stage.start()
    container = stage.container_of(run)
    seen: list[list[str]] = []
    notify = stage.orchestrator.completion.notify_finished

    def notify_later(id: str) -> None:
        seen.append(stage.orchestrator.database.logs.read(id, 0, 1 << 20).decode().splitlines())
        notify(id)

    stage.orchestrator.completion.notify_finished = notify_later  # type: ignore[method-assign]
    container.prints("working")
    await stage.clock.settle()
    container.prints("last words")
    await stage.ended(run)
    assert len(seen) == 1
    assert seen[0][-1].endswith(" o last words")


async def test_the_log_tells_the_steps_the_limits_and_what_the_actor_said(stage: Stage) -> None:
    run = await stage.start(memory_mbytes=300)
    stage.container_of(run).prints("hello")
    await stage.ended(run)
    lines = await stage.log_of(run.id)
    assert lines[0].startswith("ACTOR: The requested memory of 300 MB was rounded to 512 MB")
    assert lines[1].startswith("ACTOR: Limits: 512 MB memory, 0.125 CPU cores (1 for the first 10 s), 1024 MB disk")
    assert [line for line in lines[2:]] == [
        f"ACTOR: Pulling Docker image of build {run.build_id} from registry.",
        "ACTOR: Creating Docker container.",
        "ACTOR: Starting Docker container.",
        "hello",
    ]


async def test_the_runs_token_and_secret_variables_do_not_get_into_its_log(stage: Stage) -> None:
    actor = await stage.an_actor()
    await stage.a_build(actor, "latest", EnvVar(name="PASSWORD", value="hunter2", is_secret=True))
    run = await stage.start(stage.orchestrator.actors.get(actor.id))
    stage.container_of(run).prints(f"token={run.token} password=hunter2")
    await stage.ended(run)
    assert (await stage.log_of(run.id))[-1] == "token=[REDACTED] password=[REDACTED]"


@pytest.mark.parametrize(
    ("is_terminal", "message"),
    [(True, "All done!"), (False, "Actor finished with exit code 0."), (None, "Actor finished with exit code 0.")],
)
async def test_a_status_message_that_the_actor_called_terminal_stays(
    stage: Stage, is_terminal: bool | None, message: str
) -> None:
    run = await stage.start()
    await stage.orchestrator.runs.set_status_message(run.id, "All done!", is_terminal)
    assert (await stage.ended(run)).status_message == message


async def test_who_waits_for_a_run_is_woken_by_its_end_with_no_time_passing(stage: Stage) -> None:
    run = await stage.start()
    waiting = asyncio.create_task(stage.orchestrator.runs.wait(run.id, 60))
    await stage.clock.advance(59)
    assert not waiting.done()
    await stage.ended(run)
    assert (await waiting).status is S.SUCCEEDED
    assert stage.clock.now() == START + 59_000


async def test_followers_of_the_log_and_of_events_are_released_by_the_end(stage: Stage) -> None:
    run = await stage.start()
    following = asyncio.create_task(anext_all(stage.orchestrator.logs.follow(run.id)))
    listening = asyncio.create_task(anext_all(stage.orchestrator.system_events.listen(run.id)))
    await stage.clock.settle()
    assert not following.done() and not listening.done()
    await stage.ended(run)
    assert following.done() and listening.done()
    assert not stage.orchestrator.system_events.is_open(run.id)


async def anext_all(source: Any) -> list[Any]:
    return [each async for each in source]


# Memory


async def test_an_end_by_oom_is_named_and_its_peak_is_the_limit(stage: Stage) -> None:
    run = await stage.start(memory_mbytes=256)
    stage.container_of(run).uses(memory_bytes=200 * MBYTE)
    await stage.clock.settle()
    run = await stage.ended(run, 137, oom_killed=True)
    assert (run.status, run.exit_code) == (S.FAILED, 137)
    assert run.status_message is not None
    assert "exceeded its memory limit of 256 MB" in run.status_message
    assert "for example 512 MB" in run.status_message
    assert run.stats.mem_max_bytes == 256 * MBYTE


async def test_an_oom_kill_of_a_child_is_a_warning_in_the_log_and_no_failure(stage: Stage) -> None:
    run = await stage.ended(await stage.start(), 0, oom_killed=True)
    assert run.status is S.SUCCEEDED
    assert (await stage.log_of(run.id))[-1] == messages.OOM_IN_CHILD
    assert run.stats.mem_max_bytes < run.options.memory_mbytes * MBYTE


# Timeout


async def test_at_its_deadline_a_run_is_timing_out_then_timed_out(stage: Stage) -> None:
    moves = watched(stage)
    stage.engine.on_create = set_disk(None)
    run = await stage.start(timeout_secs=HOUR)
    await stage.clock.advance(HOUR - 0.001)
    assert stage.now(run).status is S.RUNNING
    await stage.clock.advance(0.001)
    assert moves == [(run.id, S.RUNNING), (run.id, S.TIMING_OUT), (run.id, S.TIMED_OUT)]
    assert stage.container_of(run).signals == ["SIGTERM"]
    run = stage.now(run)
    assert (run.exit_code, run.finished_at) == (143, START + HOUR * 1000)
    assert run.status_message == f"Actor timed out after {HOUR} seconds. Set a longer timeout, or 0 for no timeout."


async def test_an_actor_that_ignores_the_signal_is_killed_after_the_grace(stage: Stage) -> None:
    run = await stage.start(timeout_secs=60)
    stage.container_of(run).ignores_sigterm = True
    await stage.clock.advance(64.9)
    assert stage.now(run).status is S.TIMING_OUT
    await stage.clock.advance(0.1)
    assert stage.container_of(run).signals == ["SIGTERM", "SIGKILL"]
    assert (stage.now(run).status, stage.now(run).exit_code) == (S.TIMED_OUT, 137)


async def test_an_actor_that_exits_with_zero_while_timing_out_has_timed_out(stage: Stage) -> None:
    run = await stage.start(timeout_secs=60)
    stage.container_of(run).ignores_sigterm = True
    await stage.clock.advance(61)
    run = await stage.ended(run, 0)
    assert (run.status, run.exit_code) == (S.TIMED_OUT, 0)
    assert any("has reached the timeout of 60 seconds" in line for line in await stage.log_of(run.id))


async def test_without_a_timeout_a_run_goes_on(stage: Stage) -> None:
    stage.engine.on_create = set_disk(None)
    run = await stage.start(timeout_secs=0)
    await stage.clock.advance(HOUR)
    assert stage.now(run).status is S.RUNNING


def set_disk(used: int | None) -> Callable[[FakeContainer], None]:
    def on_create(container: FakeContainer) -> None:
        container.disk = used

    return on_create


# Abort


async def test_a_running_actor_is_killed_at_once(stage: Stage) -> None:
    moves = watched(stage)
    run = await stage.start()
    assert (await stage.abort(run)).status in (S.ABORTING, S.ABORTED)
    assert moves == [(run.id, S.RUNNING), (run.id, S.ABORTING), (run.id, S.ABORTED)]
    assert stage.container_of(run).signals == ["SIGKILL"]
    run = stage.now(run)
    assert (run.exit_code, run.status_message) == (137, "Actor was aborted.")
    assert stage.clock.now() == START


async def test_a_run_that_is_timing_out_can_be_aborted(stage: Stage) -> None:
    run = await stage.start(timeout_secs=60)
    stage.container_of(run).ignores_sigterm = True
    await stage.clock.advance(61)
    await stage.abort(run)
    assert stage.now(run).status is S.ABORTED


async def test_an_ended_run_stays_as_it_is(stage: Stage) -> None:
    ended = await stage.ended(await stage.start())
    assert await stage.abort(ended) == ended


async def test_a_run_aborted_before_its_container_exists_never_starts_one(stage: Stage) -> None:
    reached, go_on = stage.held("create")
    run = await stage.start()
    await reached.wait()
    assert (await stage.abort(run)).status is S.ABORTING
    go_on.set()
    await stage.clock.settle()
    run = stage.now(run)
    assert (run.status, run.exit_code, run.container_started_at) == (S.ABORTED, None, None)
    assert stage.engine.containers == []


async def test_a_run_aborted_while_its_container_starts_is_killed_when_it_has_started(stage: Stage) -> None:
    reached, go_on = stage.held("start")
    run = await stage.start()
    await reached.wait()
    assert (await stage.abort(run)).status is S.ABORTING
    go_on.set()
    await stage.clock.settle()
    assert (stage.now(run).status, stage.now(run).exit_code) == (S.ABORTED, 137)
    assert stage.engine.containers == []


@pytest.mark.parametrize("aborts_first", [True, False])
async def test_an_abort_and_an_exit_at_the_same_moment_leave_one_legal_end(stage: Stage, aborts_first: bool) -> None:
    moves = watched(stage)
    run = await stage.start()
    if aborts_first:
        aborting = asyncio.create_task(stage.orchestrator.orders.abort(run))
        await asyncio.sleep(0)
        stage.container_of(run).exits(0)
    else:
        stage.container_of(run).exits(0)
        aborting = asyncio.create_task(stage.orchestrator.orders.abort(run))
    await aborting
    await stage.clock.settle()
    ways = ([S.RUNNING, S.ABORTING, S.ABORTED], [S.RUNNING, S.SUCCEEDED])
    assert [status for _, status in moves] in ways
    if aborts_first:
        assert stage.now(run).status is S.ABORTED
    assert stage.engine.containers == []


@pytest.mark.parametrize("turns", range(0, 30, 2))
async def test_an_abort_at_any_moment_of_a_runs_life_leaves_a_legal_end(stage: Stage, turns: int) -> None:
    moves = watched(stage)
    stage.engine.on_create = lambda container: container.exits(0) if turns % 4 else None
    actor = await stage.an_actor()
    run = await stage.orchestrator.starting.start(
        StartRequest(user=stage.user, actor=actor, input=None, options=StartOptions(), meta=META)
    )
    for _ in range(turns):
        await asyncio.sleep(0)
    await stage.orchestrator.orders.abort(run)
    await stage.clock.settle()
    statuses = [status for _, status in moves]
    assert statuses[-1] in (S.ABORTED, S.SUCCEEDED)
    assert statuses.count(S.ABORTED) == statuses.count(S.ABORTING)
    assert stage.engine.containers == []


# Failures to start


@pytest.mark.parametrize(
    "problem", [StartFailed("no space left on device"), ImageMissing("No such image: x"), EngineUnavailable("gone")]
)
async def test_a_container_that_cannot_be_made_fails_the_run_with_the_engines_words(
    stage: Stage, problem: Exception
) -> None:
    stage.engine.create_error = problem  # type: ignore[assignment]
    run = await stage.start()
    assert (run.status, run.exit_code, run.finished_at) == (S.FAILED, None, START)
    assert run.status_message is not None
    assert run.status_message.startswith(f"The Actor's container could not be started: {problem}")
    assert ("build the Actor again" in run.status_message) == isinstance(problem, ImageMissing)
    assert len(stage.orchestrator.supervisors.live_run_ids) == 0


async def test_a_container_that_cannot_be_started_fails_the_run_and_is_removed(stage: Stage) -> None:
    def on_create(container: FakeContainer) -> None:
        container.start_error = 'exec: "run.sh": not found'

    stage.engine.on_create = on_create
    run = await stage.start()
    assert run.status is S.FAILED
    assert run.status_message is not None and "run.sh" in run.status_message
    assert stage.engine.containers == []


async def test_an_image_that_is_gone_fails_the_run(stage: Stage) -> None:
    actor = await stage.an_actor()
    stage.engine.images_by_name.clear()
    run = await stage.start(actor)
    assert run.status is S.FAILED
    assert run.status_message is not None and "No such image" in run.status_message


async def test_a_fault_of_greenrooms_own_ends_the_run_and_says_whose_it_was(stage: Stage) -> None:
    run = await stage.start()

    async def fail() -> int:
        raise RuntimeError("odd")

    stage.container_of(run).disk_bytes = fail  # type: ignore[method-assign]
    await stage.clock.advance(1)
    run = stage.now(run)
    assert run.status is S.FAILED
    assert run.status_message is not None and run.status_message.startswith("Greenroom could not continue this run")
    assert stage.engine.containers == []


def goes_away(container: FakeContainer, method: str) -> list[str]:
    """Let the engine refuse a method of the container three times; the refusals so far."""
    ask, refusals = getattr(container, method), []

    async def away(*arguments: Any) -> Any:
        if len(refusals) < 3:
            refusals.append(method)
            raise EngineUnavailable("restarting")
        return await ask(*arguments)

    setattr(container, method, away)
    return refusals


@pytest.mark.parametrize("method", ["set_cpus", "disk_bytes", "web_server_address", "stop"])
async def test_an_engine_that_is_away_for_a_while_harms_no_run(stage: Stage, method: str) -> None:
    run = await stage.start(timeout_secs=30, memory_mbytes=1024)
    refusals = goes_away(stage.container_of(run), method)
    await stage.clock.advance(29)
    assert stage.now(run).status is S.RUNNING
    await stage.clock.advance(20)
    assert (stage.now(run).status, len(refusals)) == (S.TIMED_OUT, 3)
    assert stage.engine.containers == []


async def test_an_abort_is_carried_out_when_the_engine_is_there_again(stage: Stage) -> None:
    run = await stage.start()
    goes_away(stage.container_of(run), "kill")
    assert (await stage.abort(run)).status is S.ABORTING
    await stage.clock.advance(5)
    assert stage.now(run).status is S.ABORTED


async def test_a_container_that_vanishes_fails_the_run(stage: Stage) -> None:
    run = await stage.start()
    stage.container_of(run).vanishes()
    await stage.clock.settle()
    assert (stage.now(run).status, stage.now(run).exit_code) == (S.FAILED, None)


# CPU


async def test_a_small_actor_has_a_core_until_the_burst_is_over_then_its_share(stage: Stage) -> None:
    run = await stage.start(memory_mbytes=1024)
    await stage.clock.advance(9.999)
    assert stage.container_of(run).cpus == [1.0]
    await stage.clock.advance(0.001)
    assert stage.container_of(run).cpus == [1.0, 0.25]


async def test_without_a_burst_a_container_has_its_share_from_the_first_instant(tmp_path: Path) -> None:
    stage = Stage(tmp_path, cpu_burst_secs=0)
    await stage.open()
    run = await stage.start(memory_mbytes=1024)
    assert set(stage.container_of(run).cpus) == {0.25}
    await stage.close()


async def test_a_big_actor_keeps_its_cores(stage: Stage) -> None:
    run = await stage.start(memory_mbytes=8192)
    await stage.clock.advance(20)
    assert set(stage.container_of(run).cpus) == {2.0}


# Disk


@pytest.mark.parametrize("disk", list(DiskEnforcement))
async def test_a_run_over_its_disk_limit_is_stopped_only_where_nothing_else_holds_it(
    tmp_path: Path, disk: DiskEnforcement
) -> None:
    stage = Stage(tmp_path)
    stage.engine.engine = replace(stage.engine.engine, disk=disk)
    await stage.open()
    run = await stage.start(memory_mbytes=256)
    container = stage.container_of(run)
    container.disk = 512 * MBYTE
    await stage.clock.advance(2)
    assert stage.now(run).status is S.RUNNING
    container.disk = 600 * MBYTE
    await stage.clock.advance(2)
    now = stage.now(run)
    assert now.stats.disk_max_bytes == 600 * MBYTE
    assert now.disk_enforcement == disk
    if disk is DiskEnforcement.POLLED:
        assert (now.status, container.signals) == (S.FAILED, ["SIGKILL"])
        assert now.status_message is not None
        assert "exceeded its disk limit of 512 MB (it had written 600 MB)" in now.status_message
        assert any("exceeded its disk limit" in line for line in await stage.log_of(run.id))
    else:
        assert now.status is S.RUNNING
    await stage.close()


async def test_a_slow_measurement_of_the_disk_is_not_repeated_soon(stage: Stage) -> None:
    measured: list[int] = []

    def on_create(container: FakeContainer) -> None:
        async def slowly() -> int:
            measured.append(stage.clock.now())
            await stage.clock.sleep(3)
            return 0

        container.disk_bytes = slowly  # type: ignore[method-assign]

    stage.engine.on_create = on_create
    await stage.start()
    await stage.clock.advance(200)
    assert len(measured) > 2
    assert all(later - earlier >= 20 * 3000 for earlier, later in itertools.pairwise(measured))


async def test_a_layer_that_cannot_be_measured_is_left_alone(stage: Stage) -> None:
    stage.engine.on_create = set_disk(None)
    run = await stage.start()
    await stage.clock.advance(10)
    assert stage.now(run).status is S.RUNNING
    assert stage.now(run).stats.disk_max_bytes == 0


# Statistics and events


async def test_what_the_container_uses_is_counted_and_told_to_the_actor(stage: Stage) -> None:
    run = await stage.start(memory_mbytes=1024)
    container, told = stage.container_of(run), list[Event]()

    async def listen() -> None:
        async for event in stage.orchestrator.system_events.listen(run.id):
            told.append(event)

    listening = asyncio.create_task(listen())
    for secs, memory in ((1, 100), (2, 300), (3, 200)):
        await stage.clock.advance(1)
        container.uses(memory_bytes=memory * MBYTE, cpu_nanos=secs * SECOND // 2, net_rx_bytes=secs * 10)
        await stage.clock.settle()
    stats = stage.now(run).stats
    assert stats.mem_avg_bytes == pytest.approx(200 * MBYTE)
    assert (stats.mem_max_bytes, stats.mem_current_bytes) == (300 * MBYTE, 200 * MBYTE)
    assert (stats.cpu_avg_usage, stats.cpu_current_usage) == (pytest.approx(50), pytest.approx(50))
    assert stats.net_rx_bytes == 30
    assert [event["name"] for event in told] == ["systemInfo"] * 3
    assert {
        "memAvgBytes",
        "memCurrentBytes",
        "memMaxBytes",
        "cpuAvgUsage",
        "cpuMaxUsage",
        "cpuCurrentUsage",
        "isCpuOverloaded",
        "createdAt",
    } == told[-1]["data"].keys()
    run = await stage.ended(run)
    await listening
    assert (run.stats.mem_current_bytes, run.stats.cpu_current_usage) == (0, 0)
    assert run.stats.mem_max_bytes == 300 * MBYTE


async def test_cpu_is_overloaded_against_what_is_granted_at_the_moment(stage: Stage) -> None:
    run = await stage.start(memory_mbytes=1024)
    told: list[bool] = []
    emit = stage.orchestrator.system_events.emit

    def noted(run_id: str, event: Event) -> None:
        told.append(event["data"]["isCpuOverloaded"])
        emit(run_id, event)

    stage.orchestrator.system_events.emit = noted  # type: ignore[method-assign]
    for secs in (5, 15):
        await stage.clock.advance(5 if secs == 5 else 10)
        stage.container_of(run).uses(memory_bytes=0, cpu_nanos=secs * SECOND // 4)
        await stage.clock.settle()
    assert told == [False, True]


async def test_events_can_be_listened_to_before_the_container_starts(stage: Stage) -> None:
    open_at_create: list[bool] = []
    stage.engine.on_create = lambda container: open_at_create.append(
        stage.orchestrator.system_events.is_open(container.labels[RUN_LABEL])
    )
    await stage.start()
    assert open_at_create == [True]


# After the death of a server


async def test_a_closing_server_leaves_its_runs_to_the_next(stage: Stage) -> None:
    run = await stage.start()
    assert await stage.close() == 1
    container = stage.container_of(run)
    assert not container.signals and not container.is_removed
    await stage.open()
    assert stage.now(run).status is S.RUNNING
    assert (await stage.ended(run)).status is S.SUCCEEDED


async def test_a_server_that_is_told_so_ends_its_runs(stage: Stage) -> None:
    run = await stage.start()
    assert await stage.close(stop_runs=True) == 0
    assert stage.engine.containers == []
    await stage.open()
    assert stage.now(run).status is S.ABORTED


async def test_an_adopted_run_keeps_its_deadline(stage: Stage) -> None:
    run = await stage.start(timeout_secs=60)
    await restarted(stage, secs=30)
    await stage.clock.advance(29.9)
    assert stage.now(run).status is S.RUNNING
    await stage.clock.advance(0.1)
    assert stage.now(run).status is S.TIMED_OUT


async def test_a_run_whose_deadline_passed_while_no_server_watched_is_stopped_at_once(stage: Stage) -> None:
    run = await stage.start(timeout_secs=60)
    await restarted(stage, secs=100)
    assert stage.now(run).status is S.TIMED_OUT


@pytest.mark.parametrize(("down", "expected"), [(4, [1.0, 0.25]), (60, [1.0, 0.25])])
async def test_an_adopted_run_is_taken_down_to_its_share_when_its_burst_is_over(
    stage: Stage, down: float, expected: list[float]
) -> None:
    run = await stage.start(memory_mbytes=1024)
    container = stage.container_of(run)
    await restarted(stage, secs=down)
    if down < 10:
        await stage.clock.advance(9.9 - down)
        assert container.cpus == [1.0]
        await stage.clock.advance(0.1)
    assert container.cpus == expected


async def test_an_adopted_runs_log_has_neither_holes_nor_doubles(stage: Stage) -> None:
    run = await stage.start()
    container = stage.container_of(run)
    container.prints("one", "two")
    await stage.clock.settle()
    await stage.close()
    container.prints("three")
    await stage.open()
    container.prints("four")
    await stage.ended(run)
    assert (await stage.log_of(run.id))[-4:] == ["one", "two", "three", "four"]


async def test_an_adopted_runs_statistics_count_nothing_twice(stage: Stage) -> None:
    run = await stage.start()
    container = stage.container_of(run)
    container.uses(memory_bytes=0)
    await stage.clock.advance(2)
    container.uses(memory_bytes=100 * MBYTE, cpu_nanos=SECOND, net_rx_bytes=500)
    await stage.clock.settle()
    await restarted(stage, secs=2)
    container.uses(memory_bytes=300 * MBYTE, cpu_nanos=3 * SECOND, net_rx_bytes=700)
    await stage.clock.settle()
    stats = stage.now(run).stats
    assert stats.sampled_millis == 4000
    assert stats.mem_avg_bytes == pytest.approx(200 * MBYTE)
    assert stats.cpu_avg_usage == pytest.approx(75)
    assert stats.net_rx_bytes == 700


@pytest.mark.parametrize(
    ("code", "how", "expected"),
    [(0, {}, S.SUCCEEDED), (7, {}, S.FAILED), (137, {"oom_killed": True}, S.FAILED)],
)
async def test_a_run_that_ended_while_no_server_watched_is_settled_by_its_exit_code(
    stage: Stage, code: int, how: dict[str, Any], expected: JobStatus
) -> None:
    run = await stage.start(timeout_secs=60)
    await stage.close()
    await stage.clock.advance(5)
    stage.container_of(run).prints("last words")
    stage.container_of(run).exits(code, **how)
    await stage.clock.advance(HOUR)
    await stage.open()
    now = stage.now(run)
    assert (now.status, now.exit_code, now.finished_at) == (expected, code, START + 5000)
    assert (await stage.log_of(run.id))[-1] == "last words"
    assert stage.engine.containers == []


@pytest.mark.parametrize(
    ("status", "expected"), [(S.RUNNING, S.FAILED), (S.TIMING_OUT, S.TIMED_OUT), (S.ABORTING, S.ABORTED)]
)
async def test_a_run_without_a_container_is_ended_as_was_asked(
    stage: Stage, status: JobStatus, expected: JobStatus
) -> None:
    run = await stage.start()
    await stage.close()
    stage.container_of(run).vanishes()
    stage.engine.on_create = lambda container: pytest.fail("a run must not be started twice")
    await stage.open_as(run, status)
    now = stage.now(run)
    assert (now.status, now.exit_code) == (expected, None)
    assert (now.status_message == messages.VANISHED) == (expected is S.FAILED)


async def test_a_run_that_was_being_aborted_when_the_server_died_is_killed_by_the_next(stage: Stage) -> None:
    run = await stage.start()
    await stage.close()
    await stage.open_as(run, S.ABORTING)
    assert stage.now(run).status is S.ABORTED
    assert stage.engine.containers == []


async def test_a_run_that_was_timing_out_when_the_server_died_is_stopped_by_the_next(stage: Stage) -> None:
    run = await stage.start(timeout_secs=60)
    stage.container_of(run).ignores_sigterm = True
    await stage.clock.advance(61)
    await stage.close()
    stage.container_of(run).ignores_sigterm = False
    await stage.open()
    assert stage.now(run).status is S.TIMED_OUT


async def test_a_reason_to_stop_is_remembered_by_the_next_server(stage: Stage) -> None:
    run = await stage.start()
    await stage.orchestrator.runs.change(run.id, lambda now: replace(now, stopped_because="Too much."))
    await stage.close()
    stage.container_of(run).exits(137)
    await stage.open()
    assert (stage.now(run).status, stage.now(run).status_message) == (S.FAILED, "Too much.")


@pytest.mark.parametrize("was_created", [True, False])
async def test_a_run_that_had_not_started_is_started_by_the_next_server(stage: Stage, was_created: bool) -> None:
    method = "start" if was_created else "create"
    create = stage.engine.create
    reached, go_on = stage.held(method)
    run = await stage.start()
    await reached.wait()
    assert stage.now(run).status is (S.RUNNING if was_created else S.READY)
    await stage.close()
    stage.engine.create = create  # type: ignore[method-assign]
    stage.engine.on_create = lambda container: None
    await stage.open()
    assert stage.now(run).status is S.RUNNING
    assert len(stage.engine.containers) == 1
    go_on.set()


async def test_a_run_is_running_before_its_container_does_anything(stage: Stage) -> None:
    """Or else an Actor that reboots at once would be told that it does not run."""
    reached, go_on = stage.held("start")
    run = await stage.start()
    await reached.wait()
    await stage.orchestrator.orders.reboot(run)
    go_on.set()
    await stage.clock.settle()
    assert (stage.now(run).status, stage.now(run).stats.reboot_count) == (S.RUNNING, 1)
    assert len(stage.containers_of(run)) == 2


async def test_containers_that_no_live_run_knows_are_removed(stage: Stage) -> None:
    live = await stage.start()
    ended = await stage.ended(await stage.start())
    await stage.close()
    image = next(iter(stage.engine.images_by_name))
    for labels in ({RUN_LABEL: "nobody"}, {RUN_LABEL: ended.id}, {}):
        await stage.engine.create(a_spec(image=image, labels=labels))
    await stage.open()
    assert [container.labels[RUN_LABEL] for container in stage.engine.containers] == [live.id]


async def test_many_runs_in_every_state_are_all_taken_up(stage: Stage) -> None:
    runs: list[Run] = [await stage.start() for _ in range(5)]
    await stage.close()
    stage.container_of(runs[1]).exits(0)
    stage.container_of(runs[2]).exits(3)
    stage.container_of(runs[3]).vanishes()
    await stage.open()
    stage.container_of(runs[4]).exits(0)
    await stage.clock.settle()
    statuses = [stage.now(run).status for run in runs]
    assert statuses == [S.RUNNING, S.SUCCEEDED, S.FAILED, S.FAILED, S.SUCCEEDED]


async def test_a_run_that_cannot_be_taken_up_keeps_no_other_from_it(stage: Stage) -> None:
    broken, whole = await stage.start(), await stage.start()
    await stage.orchestrator.database.builds.delete(broken.build_id)
    await restarted(stage)
    assert (stage.now(broken).status, stage.now(whole).status) == (S.FAILED, S.RUNNING)
    assert stage.container_of(broken).is_removed


async def test_an_engine_that_went_away_while_a_container_was_started_knows_afterwards(stage: Stage) -> None:
    def startles(container: FakeContainer) -> None:
        start = container.start

        async def lost() -> None:
            await start()
            raise EngineUnavailable("restarting")

        container.start = lost  # type: ignore[method-assign]

    stage.engine.on_create = startles
    assert (await stage.start()).status is S.RUNNING
