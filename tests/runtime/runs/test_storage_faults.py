"""Runs, builds, webhooks and retention while nothing can be stored, and after that."""

from __future__ import annotations

import asyncio
import errno
from pathlib import Path
from typing import Any

import pytest

from runtime.base.clock import DAY_MILLIS
from runtime.base.errors import StorageUnavailable
from runtime.base.lifecycle import JobStatus
from runtime.base.records import DispatchStatus
from runtime.base.retry import LONGEST_PAUSE_SECS
from runtime.outbound import OutboundResponse
from runtime.retention import NEWEST_RUNS, SWEEP_SECS
from tests.examples import some
from tests.fakes.builds import an_actor_with_version, finished, start_build
from tests.fakes.receiver import Receiver
from tests.fakes.stage import Stage
from tests.fakes.storage_faults import StorageFault
from tests.fakes.webhooks import dispatches, draft

S = JobStatus
OUTAGE_SECS = 120


FAULTS = {"full": errno.ENOSPC, "read-only": errno.EROFS, "faulty": errno.EIO}


@pytest.fixture(params=some(FAULTS.values()), ids=some(FAULTS))
def fault(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> StorageFault:
    return StorageFault(monkeypatch, request.param)


async def end_outage(stage: Stage, fault: StorageFault) -> None:
    await stage.clock.advance(OUTAGE_SECS)
    fault.end()
    await stage.clock.advance(2 * LONGEST_PAUSE_SECS)


@pytest.mark.parametrize(("code", "status"), [(0, S.SUCCEEDED), (7, S.FAILED)])
async def test_a_run_that_ends_during_an_outage_gets_its_status_and_its_whole_log(
    stage: Stage, fault: StorageFault, code: int, status: JobStatus
) -> None:
    run = await stage.start()
    waiting = asyncio.create_task(stage.orchestrator.runs.wait(run.id, 2 * OUTAGE_SECS))
    following = asyncio.create_task(_all(stage.orchestrator.logs.follow(run.id)))
    stage.container_of(run).prints("before")
    await stage.clock.settle()
    fault.begin()
    stage.container_of(run).prints("during")
    await stage.clock.advance(5)
    stage.container_of(run).prints("last")
    stage.container_of(run).used_until_its_end(memory_bytes=70_000_000)
    await stage.finish(run, code)
    assert stage.current(run).status is S.RUNNING
    await end_outage(stage, fault)
    ended = stage.current(run)
    assert (ended.status, ended.exit_code, (await waiting).status) == (status, code, status)
    assert ended.stats.mem_max_bytes == 70_000_000
    assert (await stage.log_of(run.id))[-3:] == ["before", "during", "last"]
    assert (await following).count(b"\n") == len(await stage.log_of(run.id))
    assert stage.engine.containers == []


async def test_a_run_is_stopped_at_its_deadline_during_an_outage(stage: Stage, fault: StorageFault) -> None:
    run = await stage.start(timeout_secs=60)
    fault.begin()
    await stage.clock.advance(59)
    assert stage.container_of(run).is_running
    await stage.clock.advance(10)
    assert not stage.container_of(run).is_running
    await end_outage(stage, fault)
    assert stage.current(run).status is S.TIMED_OUT


async def test_a_run_over_its_disk_limit_is_stopped_during_an_outage(stage: Stage, fault: StorageFault) -> None:
    run = await stage.start(memory_mbytes=128)
    fault.begin()
    stage.container_of(run).disk = 300 * 1024 * 1024
    await stage.clock.advance(10)
    assert not stage.container_of(run).is_running
    await end_outage(stage, fault)
    assert stage.current(run).status is S.FAILED
    assert "disk" in str(stage.current(run).status_message)


async def test_an_abort_during_an_outage_is_rejected_and_works_afterwards(stage: Stage, fault: StorageFault) -> None:
    run = await stage.start()
    fault.begin()
    with pytest.raises(StorageUnavailable):
        await stage.abort(run)
    await end_outage(stage, fault)
    assert stage.current(run).status is S.RUNNING
    await stage.abort(run)
    assert stage.current(run).status is S.ABORTED


@pytest.mark.parametrize("order", ["abort", "reboot", "migrate"])
async def test_an_accepted_order_is_carried_out_after_an_outage(stage: Stage, fault: StorageFault, order: str) -> None:
    run = await stage.start()
    await getattr(stage.orchestrator.orders, order)(run)
    fault.begin()
    await end_outage(stage, fault)
    current = stage.current(run)
    expected = {
        "abort": (S.ABORTED, 0, 0),
        "reboot": (S.RUNNING, 1, 0),
        "migrate": (S.RUNNING, 0, 1),
    }
    assert (current.status, current.stats.reboot_count, current.stats.migration_count) == expected[order]
    assert len(stage.engine.containers) == (0 if order == "abort" else 1)


async def test_no_run_starts_during_an_outage(stage: Stage, fault: StorageFault) -> None:
    actor = await stage.create_actor()
    fault.begin()
    with pytest.raises(StorageUnavailable):
        await stage.start(actor)
    fault.end()
    assert stage.orchestrator.runs.unfinished() == []
    assert stage.engine.created == []
    assert (await stage.start(actor)).status is S.RUNNING


@pytest.mark.parametrize("commits", range(12))
async def test_an_outage_at_any_moment_of_a_run_delays_it(stage: Stage, fault: StorageFault, commits: int) -> None:
    """The outage begins after each possible number of commits, between the start of a run and its end."""
    actor = await stage.create_actor()
    fault.begin(only=lambda number: number > commits)
    try:
        run = await stage.start(actor, timeout_secs=20)
    except StorageUnavailable:
        fault.end()
        assert stage.orchestrator.runs.unfinished() == []
        assert stage.engine.created == []
        return
    await end_outage(stage, fault)
    await stage.clock.advance(30)  # a container that starts after the outage has its whole timeout
    assert stage.current(run).status is S.TIMED_OUT
    assert len(stage.containers_of(run)) == 1
    assert stage.engine.containers == []


async def test_statistics_and_events_continue_during_an_outage(stage: Stage, fault: StorageFault) -> None:
    run = await stage.start()
    events = stage.orchestrator.system_events.listen(run.id)
    fault.begin()
    await stage.clock.advance(1)
    stage.container_of(run).uses(memory_bytes=50_000_000)
    await stage.clock.settle()
    event = await anext(events)
    assert (event["name"], event["data"]["memCurrentBytes"]) == ("systemInfo", 50_000_000)
    fault.end()
    await stage.clock.advance(1)
    stage.container_of(run).uses(memory_bytes=60_000_000)
    await stage.clock.settle()
    assert (stage.current(run).stats.mem_max_bytes or 0) >= 60_000_000


async def test_a_run_continues_under_a_new_server_after_an_outage(stage: Stage, fault: StorageFault) -> None:
    run = await stage.start()
    stage.container_of(run).prints("before")
    await stage.clock.settle()
    fault.begin()
    stage.container_of(run).prints("during")
    await stage.clock.advance(60)
    await stage.close()
    fault.end()
    await stage.open()
    stage.container_of(run).prints("after")
    assert (await stage.finish(run)).status is S.SUCCEEDED
    assert (await stage.log_of(run.id))[-3:] == ["before", "during", "after"]


# Webhooks


async def test_a_webhook_whose_result_cannot_be_stored_is_sent_once(
    stage: Stage, fault: StorageFault, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = await stage.start(webhooks=(draft(receiver),))
    post = stage.orchestrator.outbound.post

    async def post_and_begin_outage(*arguments: Any, **options: Any) -> OutboundResponse:
        response = await post(*arguments, **options)
        fault.begin()
        return response

    monkeypatch.setattr(stage.orchestrator.outbound, "post", post_and_begin_outage)
    await stage.finish(run)
    await end_outage(stage, fault)
    assert len(receiver.received) == 1
    [dispatch] = dispatches(stage)
    assert (dispatch.status, len(dispatch.calls)) == (DispatchStatus.SUCCEEDED, 1)


@pytest.mark.parametrize("commits", range(1, 6))
async def test_every_event_is_dispatched_once_after_an_outage(
    stage: Stage, fault: StorageFault, receiver: Receiver, commits: int
) -> None:
    """The outage begins after each number of commits, counted from the end of the container."""
    run = await stage.start(webhooks=(draft(receiver), draft(receiver)))
    fault.begin(only=lambda number: number > commits)
    await stage.finish(run)
    await end_outage(stage, fault)
    assert stage.current(run).status is S.SUCCEEDED
    assert stage.current(run).pending_events == {}
    assert sorted(receiver.dispatch_ids) == sorted({each.id for each in dispatches(stage)})
    assert [each.status for each in dispatches(stage)] == [DispatchStatus.SUCCEEDED] * 2


# Builds and retention


@pytest.mark.parametrize("commits", range(6))
async def test_an_outage_at_any_moment_of_a_build_does_not_leave_it_unfinished(
    stage: Stage, fault: StorageFault, commits: int
) -> None:
    stage.engine.build_may_end.clear()
    actor, version = await an_actor_with_version(stage)
    build = await start_build(stage, actor, version)
    await stage.clock.settle()
    fault.begin(only=lambda number: number > commits)
    stage.engine.build_may_end.set()
    await stage.clock.advance(60)
    fault.end()
    await stage.clock.advance(2 * LONGEST_PAUSE_SECS)
    assert (await finished(stage, build)).status is S.SUCCEEDED
    assert (await stage.log_of(build.id))[-1] == "ACTOR: Build finished."


async def test_a_failed_build_during_an_outage_ends_after_it(stage: Stage, fault: StorageFault) -> None:
    stage.engine.build_may_end.clear()
    stage.engine.build_error = "no such image"
    actor, version = await an_actor_with_version(stage)
    build = await start_build(stage, actor, version)
    await stage.clock.settle()
    fault.begin()
    stage.engine.build_may_end.set()
    await end_outage(stage, fault)
    assert (await finished(stage, build)).status is S.FAILED
    assert (await stage.log_of(build.id))[-1] == "ACTOR: Build failed: no such image"


async def test_retention_continues_after_an_outage(
    tmp_path: Path, fault: StorageFault, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = Stage(tmp_path, retention_days=1)
    await stage.open()
    actor = await stage.create_actor()
    runs = [await stage.finish(await stage.start(actor)) for _ in range(NEWEST_RUNS + 2)]
    await stage.clock.advance(DAY_MILLIS / 1000 - 1)
    fault.begin()
    await stage.clock.advance(SWEEP_SECS)
    fault.end()
    await stage.clock.advance(LONGEST_PAUSE_SECS)
    left = stage.orchestrator.database.runs.ids()
    assert left == {run.id for run in runs[-NEWEST_RUNS:]}
    await stage.close()


async def test_a_server_does_not_start_during_an_outage_and_continues_the_run_afterwards(
    stage: Stage, fault: StorageFault
) -> None:
    run = await stage.start()
    await stage.close()
    stage.container_of(run).exits(0)
    fault.begin()
    with pytest.raises(StorageUnavailable, match="data directory"):
        await stage.open()
    await stage.close()
    fault.end()
    await stage.open()
    assert stage.current(run).status is S.SUCCEEDED


async def test_a_server_that_cannot_abort_its_runs_stops_and_leaves_them(stage: Stage, fault: StorageFault) -> None:
    run = await stage.start()
    fault.begin()
    assert await stage.close(stop_runs=True) == 1
    fault.end()
    await stage.open()
    assert stage.current(run).status is S.RUNNING
    assert stage.container_of(run).is_running


async def _all(pieces: Any) -> bytes:
    return b"".join([piece async for piece in pieces])
