"""A run that goes on: graceful ends, new containers in the same run, and runs that rise again."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from runtime.base.errors import Invalid, LimitReached
from runtime.base.lifecycle import JobStatus
from runtime.base.records import EnvVar, Run
from runtime.inputs.inputs import Input
from runtime.jobs import stats
from runtime.runs import messages
from runtime.runs.options import StartOptions
from runtime.runs.orders import MIGRATION_MILLIS
from runtime.runs.restarts import ABORT_GRACE_MILLIS
from runtime.runs.system_events import Event, pending
from tests.fakes.stage import Stage

S = JobStatus
SECOND = 1_000_000_000
GRACE = ABORT_GRACE_MILLIS / 1000
MIGRATION = MIGRATION_MILLIS / 1000


def told(stage: Stage, run: Run) -> tuple[list[str], asyncio.Task[None]]:
    """The names of events that the run's Actor is told from now on, statistics apart."""
    names: list[str] = []
    events = stage.orchestrator.system_events.listen(run.id)

    async def note() -> None:
        event: Event
        async for event in events:
            if event["name"] != "systemInfo":
                names.append(event["name"])

    return names, asyncio.create_task(note())


async def restarted_server(stage: Stage, secs: float = 0) -> None:
    await stage.close()
    await stage.clock.advance(secs)
    await stage.open()


# Graceful abort


async def test_a_gracefully_aborted_actor_is_told_and_killed_when_its_time_is_over(stage: Stage) -> None:
    run = await stage.start()
    names, listening = told(stage, run)
    aborting = await stage.orchestrator.orders.abort(run, gracefully=True)
    assert aborting.status is S.ABORTING
    await stage.clock.advance(GRACE - 1)
    assert names == ["aborting", "persistState"]
    assert stage.now(run).status is S.ABORTING
    await stage.clock.advance(1)
    assert (stage.now(run).status, stage.container_of(run).signals) == (S.ABORTED, ["SIGKILL"])
    await listening


async def test_a_gracefully_aborted_actor_may_end_sooner_and_is_aborted_all_the_same(stage: Stage) -> None:
    run = await stage.start()
    await stage.orchestrator.orders.abort(run, gracefully=True)
    ended = await stage.ended(run, 0)
    assert (ended.status, ended.exit_code) == (S.ABORTED, 0)


async def test_a_second_graceful_abort_joins_the_first_and_a_hard_one_cuts_it_short(stage: Stage) -> None:
    run = await stage.start()
    names, _ = told(stage, run)
    orders = stage.orchestrator.orders
    await orders.abort(run, gracefully=True)
    await stage.clock.advance(GRACE - 10)
    await orders.abort(run, gracefully=True)
    await stage.clock.advance(5)
    assert (stage.now(run).status, names) == (S.ABORTING, ["aborting", "persistState"])
    await orders.abort(run)
    await stage.clock.settle()
    assert stage.now(run).status is S.ABORTED


@pytest.mark.parametrize("status", [S.READY, S.TIMING_OUT])
async def test_a_run_that_is_not_running_is_aborted_at_once(stage: Stage, status: JobStatus) -> None:
    if status is S.READY:
        _, go_on = stage.held("create")
        run = await stage.start()
    else:
        go_on = asyncio.Event()
        run = await stage.start(timeout_secs=5)
        stage.container_of(run).ignores_sigterm = True
        await stage.clock.advance(6)
    assert stage.now(run).status is status
    await stage.orchestrator.orders.abort(run, gracefully=True)
    go_on.set()
    await stage.clock.settle()
    assert stage.now(run).status is S.ABORTED


async def test_the_grace_of_an_abort_goes_on_across_a_restart_of_the_server(stage: Stage) -> None:
    run = await stage.start()
    await stage.orchestrator.orders.abort(run, gracefully=True)
    await stage.clock.advance(10)
    await restarted_server(stage, 5)
    await stage.clock.advance(GRACE - 16)
    assert stage.now(run).status is S.ABORTING
    await stage.clock.advance(1)
    assert stage.now(run).status is S.ABORTED


# New containers in the same run


async def rebooted(stage: Stage, run: Run) -> Run:
    await stage.orchestrator.orders.reboot(run)
    await stage.clock.settle()
    return stage.now(run)


async def test_a_rebooted_run_goes_on_in_a_new_container_and_never_leaves_running(stage: Stage) -> None:
    run = await stage.start()
    await stage.clock.advance(3)
    stage.container_of(run).prints("before")
    again = await rebooted(stage, run)
    assert (again.status, again.stats.reboot_count) == (S.RUNNING, 1)
    old, new = stage.containers_of(run)
    assert old.is_removed and not new.is_removed
    assert {k: v for k, v in new.spec.environment.items()} == dict(old.spec.environment)
    new.prints("after")
    ended = await stage.ended(run)
    assert (ended.status, ended.exit_code) == (S.SUCCEEDED, 0)
    words = [line for line in await stage.log_of(run.id) if not line.startswith("ACTOR:")]
    assert words == ["before", "after"]


async def test_only_a_running_run_can_be_rebooted_or_migrated(stage: Stage) -> None:
    run = await stage.ended(await stage.start())
    for order in (stage.orchestrator.orders.reboot, stage.orchestrator.orders.migrate):
        with pytest.raises(Invalid, match="SUCCEEDED"):
            await order(run)


async def test_restarts_share_one_time_budget(stage: Stage) -> None:
    run = await stage.start(timeout_secs=60)
    await stage.clock.advance(40)
    await rebooted(stage, run)
    await stage.clock.advance(19)
    assert stage.now(run).status is S.RUNNING
    await stage.clock.advance(1)
    assert stage.now(run).status is S.TIMED_OUT


async def test_every_container_of_a_run_has_its_own_burst(stage: Stage) -> None:
    run = await stage.start(memory_mbytes=1024)
    await stage.clock.advance(15)
    await rebooted(stage, run)
    assert stage.container_of(run).cpus == [1.0]
    await stage.clock.advance(10)
    assert stage.container_of(run).cpus == [1.0, 0.25]


async def test_statistics_add_up_over_containers(stage: Stage) -> None:
    run = await stage.start()
    await stage.clock.advance(2)
    stage.container_of(run).uses(cpu_nanos=SECOND, net_rx_bytes=100, memory_bytes=5)
    await stage.clock.settle()
    await rebooted(stage, run)
    await stage.clock.advance(2)
    stage.container_of(run).uses(cpu_nanos=2 * SECOND, net_rx_bytes=50, memory_bytes=3)
    await stage.clock.settle()
    total = stage.now(run).stats
    assert total.net_rx_bytes == 150
    assert total.cpu_avg_usage * total.sampled_millis == pytest.approx(3 * 1000 * 100)
    assert (total.mem_max_bytes, total.mem_current_bytes) == (5, 3)


async def test_a_migrating_actor_is_told_and_moved_when_its_time_is_over(stage: Stage) -> None:
    run = await stage.start()
    names, _ = told(stage, run)
    await stage.orchestrator.orders.migrate(run)
    await stage.clock.advance(MIGRATION - 1)
    assert (names, len(stage.containers_of(run))) == (["migrating"], 1)
    await stage.clock.advance(1)
    moved = stage.now(run)
    assert (moved.status, moved.stats.migration_count, len(stage.containers_of(run))) == (S.RUNNING, 1, 2)


async def test_a_reboot_takes_the_place_of_a_pending_migration(stage: Stage) -> None:
    run = await stage.start()
    await stage.orchestrator.orders.migrate(run)
    again = await rebooted(stage, run)
    await stage.clock.advance(2 * MIGRATION)
    assert (again.stats.reboot_count, stage.now(run).stats.migration_count) == (1, 0)
    assert len(stage.containers_of(run)) == 2


async def test_an_actor_that_ends_before_it_is_moved_has_finished(stage: Stage) -> None:
    run = await stage.start()
    await stage.orchestrator.orders.migrate(run)
    await stage.clock.advance(1)
    assert (await stage.ended(run, 0)).status is S.SUCCEEDED
    assert len(stage.containers_of(run)) == 1


async def test_an_abort_beats_a_restart(stage: Stage) -> None:
    run = await stage.start()
    await stage.orchestrator.orders.migrate(run)
    await stage.orchestrator.orders.abort(run)
    await stage.clock.advance(2 * MIGRATION)
    assert (stage.now(run).status, len(stage.containers_of(run))) == (S.ABORTED, 1)


async def test_a_metamorphosed_run_is_another_actor_with_the_same_storages(stage: Stage) -> None:
    run = await stage.start(input=Input(body=b"{}", content_type="application/json"))
    target = await stage.an_actor("butterfly")
    await stage.a_build(
        target, "beta", EnvVar(name="WINGS", value="two"), EnvVar(name="PW", value="topsecret", is_secret=True)
    )
    target = stage.orchestrator.actors.get(target.id)
    order = Input(body=b'{"fly":1}', content_type="application/json")
    await stage.orchestrator.metamorphs.order(run, target, "beta", order)
    await stage.clock.settle()
    now, container = stage.now(run), stage.container_of(run)
    assert (now.status, now.actor_id, now.input_key) == (S.RUNNING, target.id, "INPUT-METAMORPH-1")
    assert [(each.actor_id, each.input_key) for each in now.metamorphs] == [(target.id, "INPUT-METAMORPH-1")]
    environment = container.spec.environment
    assert (environment["WINGS"], environment["ACTOR_ID"]) == ("two", target.id)
    assert environment["APIFY_INPUT_KEY"] == environment["ACTOR_INPUT_KEY"] == "INPUT-METAMORPH-1"
    assert environment["ACTOR_DEFAULT_DATASET_ID"] == run.default_dataset_id
    record = stage.orchestrator.key_value_stores.get_record(run.default_key_value_store_id, "INPUT-METAMORPH-1")
    assert record is not None and await record.read() == b'{"fly":1}'
    container.prints("it is topsecret")
    await stage.ended(run)
    assert "it is [REDACTED]" in await stage.log_of(run.id)


async def test_a_run_metamorphs_ten_times_at_most(stage: Stage) -> None:
    run, target = await stage.start(), await stage.an_actor("butterfly")
    for _ in range(10):
        await stage.orchestrator.metamorphs.order(stage.now(run), target, None, None)
        await stage.clock.advance(1)
    assert len(stage.now(run).metamorphs) == 10
    with pytest.raises(Invalid) as refusal:
        await stage.orchestrator.metamorphs.order(stage.now(run), target, None, None)
    assert refusal.value.slug == "max-metamorphs-exceeded"


# Restart on error


async def test_a_failing_actor_is_restarted_until_it_fails_too_often(stage: Stage) -> None:
    run = await stage.start(restart_on_error=True)
    for _ in range(3):
        assert (await stage.ended(run, 1)).status is S.RUNNING
        await stage.clock.advance(1)
    ended = await stage.ended(run, 7)
    assert (ended.status, ended.exit_code, ended.stats.restart_count) == (S.FAILED, 7, 3)
    assert len(stage.containers_of(run)) == 4


async def test_failures_far_apart_are_no_crash_loop(stage: Stage) -> None:
    run = await stage.start(restart_on_error=True, timeout_secs=0)
    for _ in range(6):
        await stage.clock.advance(30)
        assert (await stage.ended(run, 1)).status is S.RUNNING
    assert stage.now(run).stats.restart_count == 6


@pytest.mark.parametrize(("on_error", "code", "status"), [(True, 0, S.SUCCEEDED), (False, 1, S.FAILED)])
async def test_what_succeeds_or_asks_for_no_restart_is_over(
    stage: Stage, on_error: bool, code: int, status: JobStatus
) -> None:
    run = await stage.start(restart_on_error=on_error)
    assert (await stage.ended(run, code)).status is status


# A server that dies in between


@pytest.mark.parametrize("dies", ["before the kill", "after the kill", "after the removal"])
async def test_a_restart_that_a_dying_server_left_is_carried_out_once(stage: Stage, dies: str) -> None:
    run = await stage.start()
    await stage.orchestrator.orders.migrate(run)
    await stage.close()
    container = stage.container_of(run)
    await stage.clock.advance(MIGRATION)
    if dies != "before the kill":
        container.exits(137)
    if dies == "after the removal":
        container.vanishes()
    await stage.open()
    now = stage.now(run)
    assert (now.status, now.stats.migration_count) == (S.RUNNING, 1)
    assert len([each for each in stage.containers_of(run) if not each.is_removed]) == 1
    assert len(stage.containers_of(run)) == 2


async def test_a_run_whose_next_container_was_not_made_yet_gets_it_from_the_next_server(stage: Stage) -> None:
    run = await stage.start(restart_on_error=True)
    await stage.close()
    container = stage.container_of(run)
    container.vanishes()
    await stage.open_with(run, lambda now: replace(now, container_id=None, container_started_at=None))
    assert (stage.now(run).status, len(stage.containers_of(run))) == (S.RUNNING, 2)


# An engine that is restarted


async def restarted_engine(stage: Stage, code: int = 143, secs: float = 60) -> None:
    stage.engine.stops(code)
    await stage.clock.advance(secs)
    stage.engine.starts()
    await stage.clock.advance(1)


@pytest.mark.parametrize("code", [0, 5, 137, 143])
async def test_a_run_whose_container_the_engine_stopped_goes_on_when_the_engine_is_back(
    stage: Stage, code: int
) -> None:
    run = await stage.start(restart_on_error=True)
    stage.container_of(run).prints("before")
    await restarted_engine(stage, code)
    now = stage.now(run)
    assert (now.status, now.stats.migration_count, now.stats.restart_count) == (S.RUNNING, 1, 0)
    stage.container_of(run).prints("after")
    assert (await stage.ended(run)).status is S.SUCCEEDED
    log = await stage.log_of(run.id)
    assert [line for line in log if not line.startswith("ACTOR:")] == ["before", "after"]
    assert log.count(messages.ENGINE_STOPPED) == 1


async def test_an_engine_that_was_not_restarted_did_not_end_the_run(stage: Stage) -> None:
    run = await stage.start()
    ended = await stage.ended(run, 137)
    assert (ended.status, ended.status_message) == (S.FAILED, "Actor finished with exit code 137.")


async def test_an_order_that_was_pending_is_carried_out_when_the_engine_is_back(stage: Stage) -> None:
    run, target = await stage.start(), await stage.an_actor("butterfly")
    await stage.orchestrator.orders.migrate(run)
    await restarted_engine(stage, secs=5)
    assert (stage.now(run).stats.migration_count, stage.now(run).stop_at) == (1, None)
    stage.engine.is_away = True
    await stage.orchestrator.metamorphs.order(stage.now(run), target, None, None)
    await restarted_engine(stage)
    now = stage.now(run)
    assert (now.status, now.actor_id, now.stats.migration_count) == (S.RUNNING, target.id, 1)
    assert len(stage.engine.containers) == 1


@pytest.mark.parametrize("gracefully", [True, False])
async def test_a_run_that_is_aborted_stays_aborted_when_the_engine_stops_it(stage: Stage, gracefully: bool) -> None:
    early, late = await stage.start(), await stage.start()
    if gracefully:
        await stage.orchestrator.orders.abort(early, gracefully=True)
    stage.engine.stops()
    await stage.clock.advance(5)
    await stage.orchestrator.orders.abort(late, gracefully=gracefully)
    await stage.clock.advance(40)
    stage.engine.starts()
    await stage.clock.advance(1)
    assert stage.now(late).status is S.ABORTED
    assert stage.now(early).status is (S.ABORTED if gracefully else S.RUNNING)


async def test_the_time_of_an_engine_that_is_away_counts_against_the_timeout(stage: Stage) -> None:
    run, short = await stage.start(timeout_secs=60), await stage.start(timeout_secs=20)
    await restarted_engine(stage, secs=30)
    assert (stage.now(short).status, stage.now(run).status) == (S.TIMED_OUT, S.RUNNING)
    await stage.clock.advance(29)
    assert stage.now(run).status is S.TIMED_OUT


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
async def test_what_an_engine_did_while_no_server_watched_is_told_by_the_exit(
    stage: Stage, code: int, secs: float, status: JobStatus
) -> None:
    run = await stage.start(timeout_secs=0)
    await stage.close()
    await restarted_engine(stage, code, secs)
    await stage.open()
    assert (stage.now(run).status, stage.now(run).stats.migration_count) == (status, int(status is S.RUNNING))


async def test_what_ended_while_an_engine_with_live_restore_was_away_has_ended_by_itself(stage: Stage) -> None:
    stage.engine.live_restore = True
    run = await stage.start()
    await restarted_engine(stage, 7)
    assert (stage.now(run).status, stage.now(run).exit_code) == (S.FAILED, 7)


@pytest.mark.parametrize("why", ["memory", "disk"])
async def test_a_limit_that_ended_a_run_is_not_mistaken_for_the_engine(stage: Stage, why: str) -> None:
    run = await stage.start()
    await stage.close()
    stage.container_of(run).exits(137, oom_killed=why == "memory")
    stage.engine.starts()
    reason = "The Actor exceeded its disk limit." if why == "disk" else None
    await stage.open_with(run, lambda now: replace(now, stopped_because=reason))
    ended = stage.now(run)
    assert ended.status is S.FAILED
    assert ended.status_message is not None and f"exceeded its {why} limit" in ended.status_message


async def test_a_run_on_its_way_to_a_new_container_waits_for_the_engine(stage: Stage) -> None:
    run = await stage.start()
    first = stage.container_of(run)
    remove = first.remove

    async def removed_at_last() -> None:
        await remove()
        stage.engine.stops()

    first.remove = removed_at_last  # type: ignore[method-assign]
    await stage.orchestrator.orders.reboot(run)
    await stage.clock.advance(5)
    assert (stage.now(run).status, stage.containers_of(run)) == (S.RUNNING, [first])
    stage.engine.starts()
    await stage.clock.advance(1)
    assert (stage.now(run).stats.reboot_count, len(stage.engine.containers)) == (1, 1)
    assert (await stage.ended(run)).status is S.SUCCEEDED


# Resurrection


async def risen(stage: Stage, run: Run, **options: Any) -> Run:
    await stage.orchestrator.resurrection.resurrect(run, StartOptions(**options))
    await stage.clock.settle()
    return stage.now(run)


@pytest.mark.parametrize("how", ["succeeded", "failed", "aborted", "timed out"])
async def test_any_run_that_has_ended_can_rise_again(stage: Stage, how: str) -> None:
    run = await stage.start(timeout_secs=100)
    stage.container_of(run).prints("first life")
    if how == "aborted":
        await stage.abort(run)
    elif how == "timed out":
        await stage.clock.advance(100)
    else:
        await stage.ended(run, 0 if how == "succeeded" else 1)
    assert stage.now(run).status.is_terminal
    again = await risen(stage, run)
    assert (again.status, again.stats.resurrect_count) == (S.RUNNING, 1)
    assert (again.finished_at, again.exit_code, again.status_message) == (None, None, None)
    assert again.default_dataset_id == run.default_dataset_id
    stage.container_of(run).prints("second life")
    await stage.ended(run)
    words = [line for line in await stage.log_of(run.id) if not line.startswith("ACTOR:")]
    assert words == ["first life", "second life"]


async def test_a_run_rises_when_what_was_left_of_it_is_out_of_the_way(stage: Stage) -> None:
    run = await stage.start()
    first = stage.container_of(run)
    removal, remove = asyncio.Event(), first.remove

    async def removed_late() -> None:
        await removal.wait()
        await remove()

    first.remove = removed_late  # type: ignore[method-assign]
    assert (await stage.ended(run)).status is S.SUCCEEDED
    rising = asyncio.create_task(stage.orchestrator.resurrection.resurrect(stage.now(run), StartOptions()))
    await stage.clock.settle()
    assert len(stage.containers_of(run)) == 1
    removal.set()
    await rising
    await stage.clock.settle()
    assert (stage.now(run).status, len(stage.containers_of(run))) == (S.RUNNING, 2)
    await stage.abort(run)
    assert stage.now(run).status is S.ABORTED


async def test_a_live_run_cannot_be_resurrected(stage: Stage) -> None:
    run = await stage.start()
    with pytest.raises(Invalid, match="RUNNING"):
        await stage.orchestrator.resurrection.resurrect(run, StartOptions())


async def test_a_resurrected_run_keeps_the_build_it_had_unless_another_is_asked_for(stage: Stage) -> None:
    actor = await stage.an_actor()
    run = await stage.ended(await stage.start(actor))
    newer = await stage.a_build(actor, "latest")
    assert (await risen(stage, run)).build_id == run.build_id
    await stage.ended(run)
    assert (await risen(stage, run, build="latest", memory_mbytes=300)).build_id == newer.id
    assert stage.now(run).options.memory_mbytes == 512


async def test_a_resurrected_run_has_its_whole_timeout_again_and_no_compute_units_for_the_gap(stage: Stage) -> None:
    run = await stage.start(timeout_secs=60, memory_mbytes=1024)
    await stage.clock.advance(36)
    await stage.ended(run)
    await stage.clock.advance(3600)
    await risen(stage, run)
    await stage.clock.advance(59)
    assert stage.now(run).status is S.RUNNING
    await stage.clock.advance(1)
    assert stage.now(run).status is S.TIMED_OUT
    shown = stage.now(run)
    assert shown.finished_at is not None
    assert stats.duration_millis(shown, 0) == (36 + 3600 + 60) * 1000
    assert stats.run_compute_units(shown, 0) == pytest.approx((36 + 60) / 3600)


async def test_a_resurrection_needs_room_like_a_start(stage: Stage) -> None:
    run = await stage.ended(await stage.start(memory_mbytes=16_384))
    await stage.start(memory_mbytes=8192)
    with pytest.raises(LimitReached):
        await stage.orchestrator.resurrection.resurrect(run, StartOptions())
    assert stage.now(run).status is S.SUCCEEDED


# What a later socket is told


def pending_of(stage: Stage, run: Run) -> list[str]:
    return [event["name"] for event in pending(stage.now(run), stage.clock.now())]


async def test_orders_that_a_dying_server_may_not_have_told_are_told_to_later_sockets(stage: Stage) -> None:
    aborted, moved, stopped = [await stage.start() for _ in range(3)]
    await stage.orchestrator.orders.abort(aborted, gracefully=True)
    await stage.orchestrator.orders.migrate(moved)
    await restarted_server(stage, 5)
    assert pending_of(stage, aborted) == ["aborting", "persistState"]
    assert pending_of(stage, moved) == ["migrating"]
    assert pending_of(stage, stopped) == []
    told_again = stage.orchestrator.system_events.listen(moved.id, pending(stage.now(moved), stage.clock.now()))
    assert (await anext(told_again))["data"] == {"timeRemainingSecs": MIGRATION - 5}
    await stage.clock.advance(GRACE)
    assert pending_of(stage, aborted) == pending_of(stage, moved) == []
