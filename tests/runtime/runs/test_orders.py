"""Orders to live runs: immediate and graceful aborts, reboots, migrations."""

from __future__ import annotations

import asyncio

import pytest

from runtime.base.errors import Invalid
from runtime.base.lifecycle import JobStatus
from runtime.base.records import Run
from runtime.runs.options import StartOptions
from runtime.runs.orders import MIGRATION_MILLIS
from runtime.runs.restarts import ABORT_GRACE_MILLIS
from runtime.runs.start_plan import StartRequest
from tests.fakes.clock import START
from tests.fakes.engine_faults import pause_create, pause_start
from tests.fakes.stage import META, Stage, record_moves

S = JobStatus
GRACE = ABORT_GRACE_MILLIS / 1000
MIGRATION = MIGRATION_MILLIS / 1000


def record_events(stage: Stage, run: Run) -> tuple[list[str], asyncio.Task[None]]:
    """Record the names of the events that the run's Actor gets from now on, without statistics.

    The task ends with the run.
    """
    names: list[str] = []
    events = stage.orchestrator.system_events.listen(run.id)

    async def record() -> None:
        async for event in events:
            if event["name"] != "systemInfo":
                names.append(event["name"])

    return names, asyncio.create_task(record())


# Immediate abort


async def test_an_abort_kills_a_running_actor_immediately(stage: Stage) -> None:
    moves = record_moves(stage)
    run = await stage.start()
    assert (await stage.abort(run)).status in (S.ABORTING, S.ABORTED)
    assert moves == [(run.id, S.RUNNING), (run.id, S.ABORTING), (run.id, S.ABORTED)]
    assert stage.container_of(run).signals == ["SIGKILL"]
    run = stage.current(run)
    assert (run.exit_code, run.status_message) == (137, "Actor was aborted.")
    assert stage.clock.now() == START


async def test_a_run_that_is_timing_out_can_be_aborted(stage: Stage) -> None:
    run = await stage.start(timeout_secs=60)
    stage.container_of(run).ignores_sigterm = True
    await stage.clock.advance(61)
    await stage.abort(run)
    assert stage.current(run).status is S.ABORTED


async def test_the_abort_of_a_finished_run_changes_nothing(stage: Stage) -> None:
    finished = await stage.finish(await stage.start())
    assert await stage.abort(finished) == finished


async def test_a_run_that_is_aborted_before_its_container_exists_starts_no_container(stage: Stage) -> None:
    reached, resume = pause_create(stage.engine)
    run = await stage.start()
    await reached.wait()
    assert (await stage.abort(run)).status is S.ABORTING
    resume.set()
    await stage.clock.settle()
    run = stage.current(run)
    assert (run.status, run.exit_code, run.container_started_at) == (S.ABORTED, None, None)
    assert stage.engine.containers == []


async def test_a_run_that_is_aborted_while_its_container_starts_is_killed_after_the_start(stage: Stage) -> None:
    reached, resume = pause_start(stage.engine)
    run = await stage.start()
    await reached.wait()
    assert (await stage.abort(run)).status is S.ABORTING
    resume.set()
    await stage.clock.settle()
    assert (stage.current(run).status, stage.current(run).exit_code) == (S.ABORTED, 137)
    assert stage.engine.containers == []


@pytest.mark.parametrize("aborts_first", [True, False])
async def test_an_abort_that_races_an_exit_leads_to_one_legal_end(stage: Stage, aborts_first: bool) -> None:
    moves = record_moves(stage)
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
    legal = ([S.RUNNING, S.ABORTING, S.ABORTED], [S.RUNNING, S.SUCCEEDED])
    assert [status for _, status in moves] in legal
    if aborts_first:
        assert stage.current(run).status is S.ABORTED
    assert stage.engine.containers == []


@pytest.mark.parametrize("turns", range(0, 30, 2))
async def test_an_abort_at_any_moment_leads_to_a_legal_end(stage: Stage, turns: int) -> None:
    moves = record_moves(stage)
    stage.engine.on_create = lambda container: container.exits(0) if turns % 4 else None
    actor = await stage.create_actor()
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


# Graceful abort


async def test_a_gracefully_aborted_actor_is_notified_and_killed_after_the_grace_period(stage: Stage) -> None:
    run = await stage.start()
    names, recording = record_events(stage, run)
    aborting = await stage.orchestrator.orders.abort(run, gracefully=True)
    assert aborting.status is S.ABORTING
    await stage.clock.advance(GRACE - 1)
    assert names == ["aborting", "persistState"]
    assert stage.current(run).status is S.ABORTING
    await stage.clock.advance(1)
    assert (stage.current(run).status, stage.container_of(run).signals) == (S.ABORTED, ["SIGKILL"])
    await recording


async def test_a_gracefully_aborted_actor_that_exits_with_0_is_aborted(stage: Stage) -> None:
    run = await stage.start()
    await stage.orchestrator.orders.abort(run, gracefully=True)
    finished = await stage.finish(run, 0)
    assert (finished.status, finished.exit_code) == (S.ABORTED, 0)


async def test_a_second_graceful_abort_joins_the_first_and_an_immediate_abort_cuts_it_short(stage: Stage) -> None:
    run = await stage.start()
    names, _ = record_events(stage, run)
    orders = stage.orchestrator.orders
    await orders.abort(run, gracefully=True)
    await stage.clock.advance(GRACE - 10)
    await orders.abort(run, gracefully=True)
    await stage.clock.advance(5)
    assert (stage.current(run).status, names) == (S.ABORTING, ["aborting", "persistState"])
    await orders.abort(run)
    await stage.clock.settle()
    assert stage.current(run).status is S.ABORTED


async def test_a_graceful_abort_is_immediate_if_the_run_is_timing_out(stage: Stage) -> None:
    run = await stage.start(timeout_secs=5)
    stage.container_of(run).ignores_sigterm = True
    await stage.clock.advance(6)
    assert stage.current(run).status is S.TIMING_OUT
    await stage.orchestrator.orders.abort(run, gracefully=True)
    await stage.clock.settle()
    assert stage.current(run).status is S.ABORTED


@pytest.mark.parametrize("gracefully", [True, False])
@pytest.mark.parametrize("restarts_server", [True, False])
async def test_an_abort_before_the_container_exists_ends_the_run_immediately(
    stage: Stage, gracefully: bool, restarts_server: bool
) -> None:
    """There is no Actor yet that could save its state."""
    create = stage.engine.create
    reached, resume = pause_create(stage.engine)
    run = await stage.start()
    await reached.wait()
    await stage.orchestrator.orders.abort(run, gracefully=gracefully)
    if restarts_server:
        await stage.close()
        stage.engine.create = create  # type: ignore[method-assign]  # the next server's requests do not hang
        await stage.open()
    resume.set()
    await stage.clock.settle()
    run = stage.current(run)
    assert (run.status, run.container_started_at, run.finished_at) == (S.ABORTED, None, START)
    assert stage.engine.containers == []


@pytest.mark.parametrize("order", ["reboot", "migrate"])
async def test_an_order_before_the_container_exists_is_carried_out_after_its_start(stage: Stage, order: str) -> None:
    reached, resume = pause_create(stage.engine)
    run = await stage.start()
    await reached.wait()
    await getattr(stage.orchestrator.orders, order)(run)
    resume.set()
    await stage.clock.advance(MIGRATION)
    moved = stage.current(run)
    assert (moved.status, moved.stats.reboot_count + moved.stats.migration_count) == (S.RUNNING, 1)
    assert (await stage.finish(run)).status is S.SUCCEEDED


async def test_the_grace_period_of_an_abort_continues_after_a_restart_of_the_server(stage: Stage) -> None:
    run = await stage.start()
    await stage.orchestrator.orders.abort(run, gracefully=True)
    await stage.clock.advance(10)
    await stage.restart_server(5)
    await stage.clock.advance(GRACE - 16)
    assert stage.current(run).status is S.ABORTING
    await stage.clock.advance(1)
    assert stage.current(run).status is S.ABORTED


# Reboot and migration


async def test_only_a_running_run_can_be_rebooted_or_migrated(stage: Stage) -> None:
    run = await stage.finish(await stage.start())
    for order in (stage.orchestrator.orders.reboot, stage.orchestrator.orders.migrate):
        with pytest.raises(Invalid, match="SUCCEEDED"):
            await order(run)


async def test_a_migrating_actor_is_notified_and_moved_to_a_new_container(stage: Stage) -> None:
    run = await stage.start()
    names, _ = record_events(stage, run)
    await stage.orchestrator.orders.migrate(run)
    await stage.clock.advance(MIGRATION - 1)
    assert (names, len(stage.containers_of(run))) == (["migrating"], 1)
    await stage.clock.advance(1)
    moved = stage.current(run)
    assert (moved.status, moved.stats.migration_count, len(stage.containers_of(run))) == (S.RUNNING, 1, 2)


async def test_a_reboot_replaces_a_pending_migration(stage: Stage) -> None:
    run = await stage.start()
    await stage.orchestrator.orders.migrate(run)
    await stage.orchestrator.orders.reboot(run)
    await stage.clock.settle()
    rebooted = stage.current(run)
    await stage.clock.advance(2 * MIGRATION)
    assert (rebooted.stats.reboot_count, stage.current(run).stats.migration_count) == (1, 0)
    assert len(stage.containers_of(run)) == 2


async def test_a_run_whose_actor_exits_before_the_migration_ends_without_it(stage: Stage) -> None:
    run = await stage.start()
    await stage.orchestrator.orders.migrate(run)
    await stage.clock.advance(1)
    assert (await stage.finish(run, 0)).status is S.SUCCEEDED
    assert len(stage.containers_of(run)) == 1


async def test_an_abort_cancels_a_pending_migration(stage: Stage) -> None:
    run = await stage.start()
    await stage.orchestrator.orders.migrate(run)
    await stage.orchestrator.orders.abort(run)
    await stage.clock.advance(2 * MIGRATION)
    assert (stage.current(run).status, len(stage.containers_of(run))) == (S.ABORTED, 1)
