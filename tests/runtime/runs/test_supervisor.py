"""One run from its start to its end, on a scripted engine in virtual time."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from runtime.base.json_text import loads
from runtime.base.lifecycle import JobStatus
from runtime.base.records import EnvVar, QueueClient, Restart
from runtime.containers import ContainerState, EngineUnavailable, ImageMissing, StartFailed
from runtime.runs import messages, restarts
from runtime.runs.options import StartOptions
from runtime.runs.run_containers import RUN_LABEL
from tests.fakes.clock import START
from tests.fakes.containers import FakeContainer
from tests.fakes.engine_faults import pause_start
from tests.fakes.stage import Stage, record_moves

S = JobStatus
MBYTE = 1024 * 1024


async def collect(source: Any) -> list[Any]:
    return [each async for each in source]


# From the start to the end


async def test_a_run_is_running_then_succeeded(stage: Stage) -> None:
    moves = record_moves(stage)
    run = await stage.start()
    assert run.status is S.RUNNING
    await stage.clock.advance(2.5)
    run = await stage.finish(run, 0)
    assert moves == [(run.id, S.RUNNING), (run.id, S.SUCCEEDED)]
    assert (run.exit_code, run.finished_at) == (0, START + 2500)
    assert run.status_message == "Actor finished with exit code 0."


async def test_an_error_of_the_proxy_at_the_end_neither_changes_the_end_nor_holds_the_series(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[str] = []

    async def fail(run_id: str) -> None:
        raise RuntimeError("odd")

    async def end(run_id: str) -> None:
        ended.append(run_id)

    monkeypatch.setattr(stage.orchestrator.proxy, "flush", fail)
    monkeypatch.setattr(stage.orchestrator.history.metrics, "end", end)
    run = await stage.start()
    assert (await stage.finish(run, 0)).status is S.SUCCEEDED
    assert ended == [run.id]


@pytest.mark.parametrize("code", [1, 91, 137, 143, 255])
async def test_a_run_fails_if_the_exit_code_is_not_0(stage: Stage, code: int) -> None:
    run = await stage.finish(await stage.start(), code)
    assert (run.status, run.exit_code) == (S.FAILED, code)
    assert run.status_message == f"Actor finished with exit code {code}."


async def test_a_run_is_running_before_its_container_starts(stage: Stage) -> None:
    """Otherwise the reboot of an Actor that reboots immediately would be rejected."""
    reached, resume = pause_start(stage.engine)
    run = await stage.start()
    await reached.wait()
    await stage.orchestrator.orders.reboot(run)
    resume.set()
    await stage.clock.settle()
    assert (stage.current(run).status, stage.current(run).stats.reboot_count) == (S.RUNNING, 1)
    assert len(stage.containers_of(run)) == 2


async def test_the_container_of_a_finished_run_is_removed(stage: Stage) -> None:
    run = await stage.finish(await stage.start())
    assert stage.container_of(run).is_removed
    assert len(stage.orchestrator.live_runs.live_run_ids) == 0


async def test_the_first_lines_do_not_wait_until_the_start_is_recorded(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    inspect, may_inspect = FakeContainer.inspect, asyncio.Event()

    async def inspect_later(self: FakeContainer) -> ContainerState | None:
        await may_inspect.wait()
        return await inspect(self)

    monkeypatch.setattr(FakeContainer, "inspect", inspect_later)
    run = await stage.start()
    stage.container_of(run).prints("first")
    await stage.clock.settle()
    assert stage.current(run).container_id is None
    assert (await stage.log_of(run.id))[-1] == "first"
    may_inspect.set()
    assert (await stage.finish(run)).status is S.SUCCEEDED
    assert (await stage.log_of(run.id)).count("first") == 1


async def test_a_container_that_vanishes_fails_the_run(stage: Stage) -> None:
    run = await stage.start()
    stage.container_of(run).vanishes()
    await stage.clock.settle()
    assert (stage.current(run).status, stage.current(run).exit_code) == (S.FAILED, None)


@pytest.mark.parametrize("is_terminal", [True, False, None])
@pytest.mark.parametrize("end", ["exit 0", "exit 3", "abort", "graceful abort"])
async def test_the_actors_own_status_message_stays_at_an_end_that_needs_no_explanation(
    stage: Stage, end: str, is_terminal: bool | None
) -> None:
    run = await stage.start()
    await stage.orchestrator.runs.set_status_message(run.id, "Half way", is_terminal, by_actor=True)
    if end.endswith("abort"):
        await stage.orchestrator.orders.abort(run, gracefully=end.startswith("graceful"))
    await stage.finish(run, 3 if end == "exit 3" else 0)
    current = stage.current(run)
    assert (current.status_message, current.is_status_message_terminal) == ("Half way", is_terminal)


@pytest.mark.parametrize("is_terminal", [True, False, None])
@pytest.mark.parametrize("end", ["memory", "timeout", "vanished", "disk", "heap"])
async def test_only_a_terminal_message_of_the_actor_replaces_the_explanation_of_an_end(
    stage: Stage, end: str, is_terminal: bool | None
) -> None:
    run = await stage.start(timeout_secs=60)
    container = stage.container_of(run)
    await stage.orchestrator.runs.set_status_message(run.id, "Half way", is_terminal, by_actor=True)
    match end:
        case "memory":
            container.exits(137, oom_killed=True)
        case "timeout":
            await stage.clock.advance(60)
        case "vanished":
            container.vanishes()
        case "disk":
            container.disk = run.options.disk_mbytes * MBYTE * 2
            await stage.clock.advance(2)
        case "heap":
            container.prints("FATAL ERROR: x JavaScript heap out of memory", stream="stderr")
            container.exits(134)
    await stage.clock.settle()
    current = stage.current(run)
    assert current.status in (S.FAILED, S.TIMED_OUT)
    assert (current.status_message == "Half way") == bool(is_terminal), current.status_message


async def test_an_empty_status_message_is_replaced_by_the_default(stage: Stage) -> None:
    run = await stage.start()
    await stage.orchestrator.runs.set_status_message(run.id, "", None, by_actor=True)
    assert (await stage.finish(run)).status_message == "Actor finished with exit code 0."


# Waiters, followers and listeners


async def test_the_end_of_a_run_wakes_its_waiters_immediately(stage: Stage) -> None:
    run = await stage.start()
    waiting = asyncio.create_task(stage.orchestrator.runs.wait(run.id, 60))
    await stage.clock.advance(59)
    assert not waiting.done()
    await stage.finish(run)
    assert (await waiting).status is S.SUCCEEDED
    assert stage.clock.now() == START + 59_000


async def test_the_end_of_a_run_releases_followers_of_its_log_and_listeners_to_its_events(stage: Stage) -> None:
    run = await stage.start()
    following = asyncio.create_task(collect(stage.orchestrator.logs.follow(run.id)))
    listening = asyncio.create_task(collect(stage.orchestrator.system_events.listen(run.id)))
    await stage.clock.settle()
    assert not following.done() and not listening.done()
    await stage.finish(run)
    assert following.done() and listening.done()
    assert not stage.orchestrator.system_events.is_open(run.id)


async def test_clients_can_listen_to_events_before_the_container_starts(stage: Stage) -> None:
    open_at_create: list[bool] = []
    stage.engine.on_create = lambda container: open_at_create.append(
        stage.orchestrator.system_events.is_open(container.labels[RUN_LABEL])
    )
    await stage.start()
    assert open_at_create == [True]


# The log


async def test_the_log_is_complete_before_the_status_is_terminal(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    run = await stage.start()
    container = stage.container_of(run)
    logs_at_end: list[list[str]] = []
    notify = stage.orchestrator.completion.notify_finished

    def read_log_and_notify(id: str) -> None:
        logs_at_end.append(stage.orchestrator.database.logs.read(id, 0, 1 << 20).decode().splitlines())
        notify(id)

    monkeypatch.setattr(stage.orchestrator.completion, "notify_finished", read_log_and_notify)
    container.prints("working")
    await stage.clock.settle()
    container.prints("last words")
    await stage.finish(run)
    assert len(logs_at_end) == 1
    assert logs_at_end[0][-1].endswith(" o last words")


async def test_the_log_has_the_limits_the_steps_of_the_start_and_the_actors_output(stage: Stage) -> None:
    run = await stage.start(memory_mbytes=300)
    stage.container_of(run).prints("hello")
    await stage.finish(run)
    lines = await stage.log_of(run.id)
    assert lines[0].startswith("ACTOR: The requested memory of 300 MB was rounded to 512 MB")
    assert lines[1].startswith("ACTOR: Limits: 512 MB memory, 0.125 CPU cores (1 for the first 10 s), 1024 MB disk")
    assert [line for line in lines[2:]] == [
        f"ACTOR: Pulling Docker image of build {run.build_id} from registry.",
        "ACTOR: Creating Docker container.",
        "ACTOR: Starting Docker container.",
        "hello",
    ]


async def test_the_log_does_not_contain_the_runs_token_or_secret_variables(stage: Stage) -> None:
    actor = await stage.create_actor()
    await stage.create_build(actor, "latest", EnvVar(name="PASSWORD", value="hunter2", is_secret=True))
    run = await stage.start(stage.orchestrator.actors.get(actor.id))
    stage.container_of(run).prints(f"token={run.token} password=hunter2")
    await stage.finish(run)
    assert (await stage.log_of(run.id))[-1] == "token=[REDACTED] password=[REDACTED]"


# Memory


async def test_a_run_that_is_killed_for_its_memory_has_a_clear_message_and_its_limit_as_peak(stage: Stage) -> None:
    run = await stage.start(memory_mbytes=256)
    stage.container_of(run).uses(memory_bytes=200 * MBYTE)
    await stage.clock.settle()
    run = await stage.finish(run, 137, oom_killed=True)
    assert (run.status, run.exit_code) == (S.FAILED, 137)
    assert run.status_message is not None
    assert "exceeded its memory limit of 256 MB" in run.status_message
    assert "for example 512 MB" in run.status_message
    assert run.stats.mem_max_bytes == 256 * MBYTE


async def test_the_oom_kill_of_a_child_process_is_logged_and_does_not_fail_the_run(stage: Stage) -> None:
    run = await stage.finish(await stage.start(), 0, oom_killed=True)
    assert run.status is S.SUCCEEDED
    assert (await stage.log_of(run.id))[-1] == messages.OOM_IN_CHILD
    assert run.stats.mem_max_bytes == run.options.memory_mbytes * MBYTE


@pytest.mark.parametrize("code", [1, 91, 143])
async def test_an_actor_that_fails_after_the_oom_kill_of_a_child_process_has_a_message_that_names_it(
    stage: Stage, code: int
) -> None:
    run = await stage.finish(await stage.start(memory_mbytes=256), code, oom_killed=True)
    assert run.status is S.FAILED and run.status_message is not None
    assert run.status_message.startswith(f"Actor finished with exit code {code} after a process")
    assert "exceeded the memory limit of 256 MB" in run.status_message
    assert "for example 512 MB" in run.status_message


async def test_an_actor_that_waits_for_a_killed_child_until_its_timeout_has_a_message_that_names_it(
    stage: Stage,
) -> None:
    run = await stage.start(memory_mbytes=256, timeout_secs=10)
    stage.container_of(run).ignores_sigterm = True
    await stage.clock.advance(11)
    run = await stage.finish(run, 137, oom_killed=True)
    assert run.status is S.TIMED_OUT and run.status_message is not None
    assert run.status_message.startswith("Actor timed out after 10 seconds, after a process")
    assert "for example 512 MB" in run.status_message


async def test_the_usage_of_a_run_that_ends_between_two_samples_is_measured_at_its_end(stage: Stage) -> None:
    run = await stage.start()
    await stage.clock.advance(0.2)
    stage.container_of(run).used_until_its_end(5 * MBYTE, cpu_nanos=100_000_000, net_rx_bytes=7)
    stats = (await stage.finish(run)).stats
    assert (stats.mem_max_bytes, stats.mem_current_bytes, stats.net_rx_bytes) == (5 * MBYTE, 0, 7)
    assert stats.cpu_avg_usage == stats.cpu_max_usage == pytest.approx(50)


async def test_the_usage_of_a_run_without_any_measurement_is_unknown(stage: Stage) -> None:
    stats = (await stage.finish(await stage.start())).stats
    assert (stats.mem_max_bytes, stats.cpu_avg_usage, stats.net_rx_bytes) == (None, None, None)


# Failures to start, and failures of Greenroom itself


@pytest.mark.parametrize(
    "problem", [StartFailed("no space left on device"), ImageMissing("No such image: x"), EngineUnavailable("gone")]
)
async def test_a_container_that_cannot_be_created_fails_the_run_with_the_engines_message(
    stage: Stage, problem: Exception
) -> None:
    stage.engine.create_error = problem
    run = await stage.start()
    assert (run.status, run.exit_code, run.finished_at) == (S.FAILED, None, START)
    assert run.status_message is not None
    assert run.status_message.startswith(f"The Actor's container could not be started: {problem}")
    assert ("build the Actor again" in run.status_message) == isinstance(problem, ImageMissing)
    assert len(stage.orchestrator.live_runs.live_run_ids) == 0


async def test_a_container_that_cannot_be_started_fails_the_run_and_is_removed(stage: Stage) -> None:
    def on_create(container: FakeContainer) -> None:
        container.start_error = 'exec: "run.sh": not found'

    stage.engine.on_create = on_create
    run = await stage.start()
    assert run.status is S.FAILED
    assert run.status_message is not None and "run.sh" in run.status_message
    assert stage.engine.containers == []


async def test_a_missing_image_fails_the_run(stage: Stage) -> None:
    actor = await stage.create_actor()
    stage.engine.images_by_name.clear()
    run = await stage.start(actor)
    assert run.status is S.FAILED
    assert run.status_message is not None and "No such image" in run.status_message


async def test_an_internal_error_fails_the_run_with_a_message_that_names_greenroom(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = await stage.start()

    def fail(*_: object) -> int:
        raise RuntimeError("odd")

    monkeypatch.setattr(restarts, "next_restart", fail)
    run = await stage.finish(run)
    assert run.status is S.FAILED
    assert run.status_message is not None and run.status_message.startswith("Greenroom could not continue this run")
    assert stage.engine.containers == []


# Locks of the previous container


@pytest.mark.parametrize("transition", ["migrate", "reboot", "error", "resurrect", "abort and resurrect", "crash"])
async def test_the_next_container_gets_the_requests_that_the_previous_one_had_locked(
    stage: Stage, transition: str
) -> None:
    run = await stage.start(restart_on_error=transition == "error")
    queues, client, orders = stage.orchestrator.request_queues, QueueClient("first", run.id), stage.orchestrator.orders
    named, _ = await queues.get_or_create(run.user_id, "shared")
    for id in (run.default_request_queue_id, named.id):
        await queues.add_requests(id, [{"uniqueKey": key, "url": "u"} for key in "abc"], forefront=False)
        await queues.lock_head(id, client, limit=2, lock_secs=3600)
        await queues.lock_head(id, QueueClient("another client"), limit=1, lock_secs=3600)
    match transition:
        case "migrate":
            await orders.migrate(run)
        case "reboot":
            await orders.reboot(run)
        case "error":
            await stage.finish(run, 1)
        case "crash":  # of the server, during the reboot
            await stage.close()
            await stage.open_with_run(run, lambda now: replace(now, restart=Restart.REBOOT, stop_at=1))
        case _:
            await (stage.abort(run) if transition.startswith("abort") else stage.finish(run, 1))
            await stage.orchestrator.resurrection.resurrect(stage.current(run), StartOptions())
    await stage.clock.advance(60)
    assert stage.current(run).status is S.RUNNING and len(stage.containers_of(run)) == 2
    queues = stage.orchestrator.request_queues
    for id in (run.default_request_queue_id, named.id):
        head = await queues.lock_head(id, QueueClient("second", run.id), limit=25, lock_secs=3600)
        assert [loads(item.unique_key) for item in head.items] == ["a", "b"]


async def test_the_locks_of_an_adopted_container_remain(stage: Stage) -> None:
    run = await stage.start()
    queue_id = run.default_request_queue_id
    queues = stage.orchestrator.request_queues
    await queues.add_requests(queue_id, [{"uniqueKey": "a", "url": "u"}], forefront=False)
    await queues.lock_head(queue_id, QueueClient(None, run.id), limit=1, lock_secs=3600)
    await stage.restart_server()
    head = await stage.orchestrator.request_queues.lock_head(queue_id, QueueClient("b"), limit=1, lock_secs=1)
    assert (head.items, head.has_locked_requests) == ([], True)
