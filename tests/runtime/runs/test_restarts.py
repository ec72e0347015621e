"""A run that continues in a new container: after a reboot, an error of the Actor, or a restart of server or engine."""

from __future__ import annotations

from dataclasses import replace

import pytest

from runtime.base.lifecycle import JobStatus
from runtime.base.records import Run
from runtime.base.retry import LONGEST_PAUSE_SECS
from runtime.runs import messages
from runtime.runs.orders import MIGRATION_MILLIS
from tests.fakes.stage import Stage

S = JobStatus
SECOND = 1_000_000_000
MIGRATION = MIGRATION_MILLIS / 1000


async def reboot(stage: Stage, run: Run) -> Run:
    await stage.orchestrator.orders.reboot(run)
    await stage.clock.settle()
    return stage.current(run)


async def restart_engine(stage: Stage, code: int = 143, secs: float = 60) -> None:
    """Stop the engine, whose containers exit with `code`, and start it again after `secs`."""
    stage.engine.stops(code)
    await stage.clock.advance(secs)
    stage.engine.starts()
    await stage.clock.advance(LONGEST_PAUSE_SECS)


# New containers in the same run


async def test_a_rebooted_run_continues_in_a_new_container_and_stays_running(stage: Stage) -> None:
    run = await stage.start()
    await stage.clock.advance(3)
    stage.container_of(run).prints("before")
    rebooted = await reboot(stage, run)
    assert (rebooted.status, rebooted.stats.reboot_count) == (S.RUNNING, 1)
    old, new = stage.containers_of(run)
    assert old.is_removed and not new.is_removed
    assert {k: v for k, v in new.spec.environment.items()} == dict(old.spec.environment)
    new.prints("after")
    finished = await stage.finish(run)
    assert (finished.status, finished.exit_code) == (S.SUCCEEDED, 0)
    output = [line for line in await stage.log_of(run.id) if not line.startswith("ACTOR:")]
    assert output == ["before", "after"]


async def test_all_containers_of_a_run_share_one_timeout(stage: Stage) -> None:
    run = await stage.start(timeout_secs=60)
    await stage.clock.advance(40)
    await reboot(stage, run)
    await stage.clock.advance(19)
    assert stage.current(run).status is S.RUNNING
    await stage.clock.advance(1)
    assert stage.current(run).status is S.TIMED_OUT


async def test_each_container_of_a_run_has_a_burst_of_its_own(stage: Stage) -> None:
    run = await stage.start(memory_mbytes=1024)
    await stage.clock.advance(15)
    await reboot(stage, run)
    assert stage.container_of(run).cpus == [1.0]
    await stage.clock.advance(10)
    assert stage.container_of(run).cpus == [1.0, 0.25]


async def test_the_statistics_of_all_containers_add_up(stage: Stage) -> None:
    run = await stage.start()
    await stage.clock.advance(2)
    stage.container_of(run).uses(cpu_nanos=SECOND, net_rx_bytes=100, memory_bytes=5)
    await stage.clock.settle()
    await reboot(stage, run)
    await stage.clock.advance(2)
    stage.container_of(run).uses(cpu_nanos=2 * SECOND, net_rx_bytes=50, memory_bytes=3)
    await stage.clock.settle()
    total = stage.current(run).stats
    assert total.net_rx_bytes == 150
    assert total.cpu_avg_usage is not None
    assert total.cpu_avg_usage * total.sampled_millis == pytest.approx(3 * 1000 * 100)
    assert (total.mem_max_bytes, total.mem_current_bytes) == (5, 3)


# Restart on error


async def test_a_failing_actor_is_restarted_until_it_fails_too_often(stage: Stage) -> None:
    run = await stage.start(restart_on_error=True)
    for _ in range(3):
        assert (await stage.finish(run, 1)).status is S.RUNNING
        await stage.clock.advance(1)
    failed = await stage.finish(run, 7)
    assert (failed.status, failed.exit_code, failed.stats.restart_count) == (S.FAILED, 7, 3)
    assert len(stage.containers_of(run)) == 4


async def test_failures_with_long_pauses_between_them_are_not_a_crash_loop(stage: Stage) -> None:
    run = await stage.start(restart_on_error=True, timeout_secs=0)
    for _ in range(6):
        await stage.clock.advance(30)
        assert (await stage.finish(run, 1)).status is S.RUNNING
    assert stage.current(run).stats.restart_count == 6


@pytest.mark.parametrize(("on_error", "code", "status"), [(True, 0, S.SUCCEEDED), (False, 1, S.FAILED)])
async def test_a_run_is_not_restarted_if_it_succeeds_or_has_no_restart_on_error(
    stage: Stage, on_error: bool, code: int, status: JobStatus
) -> None:
    run = await stage.start(restart_on_error=on_error)
    assert (await stage.finish(run, code)).status is status


# A server that crashes during a restart


@pytest.mark.parametrize("crashes", ["before the kill", "after the kill", "after the removal"])
async def test_a_restart_that_a_crash_of_the_server_interrupted_is_carried_out_once(stage: Stage, crashes: str) -> None:
    run = await stage.start()
    await stage.orchestrator.orders.migrate(run)
    await stage.close()
    container = stage.container_of(run)
    await stage.clock.advance(MIGRATION)
    if crashes != "before the kill":
        container.exits(137)
    if crashes == "after the removal":
        container.vanishes()
    await stage.open()
    current = stage.current(run)
    assert (current.status, current.stats.migration_count) == (S.RUNNING, 1)
    assert len([each for each in stage.containers_of(run) if not each.is_removed]) == 1
    assert len(stage.containers_of(run)) == 2


async def test_a_run_between_two_containers_gets_the_second_one_from_the_next_server(stage: Stage) -> None:
    run = await stage.start(restart_on_error=True)
    await stage.close()
    container = stage.container_of(run)
    container.vanishes()
    await stage.open_with_run(run, lambda now: replace(now, container_id=None, container_started_at=None))
    assert (stage.current(run).status, len(stage.containers_of(run))) == (S.RUNNING, 2)


# A restart of the engine


@pytest.mark.parametrize("code", [0, 5, 137, 143])
async def test_a_run_whose_container_stopped_with_the_engine_continues_in_a_new_container(
    stage: Stage, code: int
) -> None:
    run = await stage.start(restart_on_error=True)
    stage.container_of(run).prints("before")
    await restart_engine(stage, code)
    current = stage.current(run)
    assert (current.status, current.stats.migration_count, current.stats.restart_count) == (S.RUNNING, 1, 0)
    stage.container_of(run).prints("after")
    assert (await stage.finish(run)).status is S.SUCCEEDED
    log = await stage.log_of(run.id)
    assert [line for line in log if not line.startswith("ACTOR:")] == ["before", "after"]
    assert log.count(messages.ENGINE_STOPPED) == 1


async def test_a_container_that_exits_while_the_engine_runs_ends_the_run(stage: Stage) -> None:
    run = await stage.start()
    failed = await stage.finish(run, 137)
    assert (failed.status, failed.status_message) == (S.FAILED, "Actor finished with exit code 137.")


async def test_pending_orders_are_carried_out_after_a_restart_of_the_engine(stage: Stage) -> None:
    run, target = await stage.start(), await stage.create_actor("butterfly")
    await stage.orchestrator.orders.migrate(run)
    await restart_engine(stage, secs=5)
    assert (stage.current(run).stats.migration_count, stage.current(run).stop_at) == (1, None)
    stage.engine.is_away = True
    await stage.orchestrator.metamorphs.order(stage.current(run), target, None, None)
    await restart_engine(stage)
    current = stage.current(run)
    assert (current.status, current.current_actor_id, current.stats.migration_count) == (S.RUNNING, target.id, 1)
    assert len(stage.engine.containers) == 1


@pytest.mark.parametrize("gracefully", [True, False])
async def test_an_aborted_run_is_not_continued_after_a_restart_of_the_engine(stage: Stage, gracefully: bool) -> None:
    early, late = await stage.start(), await stage.start()
    if gracefully:
        await stage.orchestrator.orders.abort(early, gracefully=True)
    stage.engine.stops()
    await stage.clock.advance(5)
    await stage.orchestrator.orders.abort(late, gracefully=gracefully)
    await stage.clock.advance(40)
    stage.engine.starts()
    await stage.clock.advance(LONGEST_PAUSE_SECS)
    assert stage.current(late).status is S.ABORTED
    assert stage.current(early).status is (S.ABORTED if gracefully else S.RUNNING)


async def test_the_timeout_continues_while_the_engine_is_down(stage: Stage) -> None:
    run, short = await stage.start(timeout_secs=60), await stage.start(timeout_secs=20)
    await restart_engine(stage, secs=30)
    assert (stage.current(short).status, stage.current(run).status) == (S.TIMED_OUT, S.RUNNING)
    await stage.clock.advance(29)
    assert stage.current(run).status is S.TIMED_OUT


@pytest.mark.parametrize(
    ("code", "secs", "status"),
    [
        (143, 36_000, S.RUNNING),
        (137, 36_000, S.RUNNING),
        (255, 0, S.RUNNING),
        (0, 15, S.RUNNING),
        (0, 36_000, S.SUCCEEDED),
        (5, 36_000, S.FAILED),
    ],
)
async def test_exit_code_and_time_decide_whether_the_engine_stopped_a_container_while_the_server_was_down(
    stage: Stage, code: int, secs: float, status: JobStatus
) -> None:
    run = await stage.start(timeout_secs=0)
    await stage.close()
    await restart_engine(stage, code, secs)
    await stage.open()
    current = stage.current(run)
    assert (current.status, current.stats.migration_count) == (status, int(status is S.RUNNING))


async def test_a_container_that_exits_while_an_engine_with_live_restore_is_down_ends_the_run(stage: Stage) -> None:
    stage.engine.live_restore = True
    run = await stage.start()
    await restart_engine(stage, 7)
    assert (stage.current(run).status, stage.current(run).exit_code) == (S.FAILED, 7)


@pytest.mark.parametrize("limit", ["memory", "disk"])
async def test_a_run_that_exceeded_a_limit_fails_even_if_the_engine_restarted(stage: Stage, limit: str) -> None:
    run = await stage.start()
    await stage.close()
    stage.container_of(run).exits(137, oom_killed=limit == "memory")
    stage.engine.starts()
    reason = "The Actor exceeded its disk limit." if limit == "disk" else None
    await stage.open_with_run(run, lambda now: replace(now, stopped_because=reason))
    failed = stage.current(run)
    assert failed.status is S.FAILED
    assert failed.status_message is not None and f"exceeded its {limit} limit" in failed.status_message


async def test_a_run_that_needs_a_new_container_waits_for_the_engine(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = await stage.start()
    first = stage.container_of(run)
    remove = first.remove

    async def remove_and_stop_engine() -> None:
        await remove()
        stage.engine.stops()

    monkeypatch.setattr(first, "remove", remove_and_stop_engine)
    await stage.orchestrator.orders.reboot(run)
    await stage.clock.advance(5)
    assert (stage.current(run).status, stage.containers_of(run)) == (S.RUNNING, [first])
    stage.engine.starts()
    await stage.clock.advance(LONGEST_PAUSE_SECS)
    assert (stage.current(run).stats.reboot_count, len(stage.engine.containers)) == (1, 1)
    assert (await stage.finish(run)).status is S.SUCCEEDED
