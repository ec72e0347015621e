from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace

import pytest

from runtime.base.errors import GatewayTimeout, GreenroomError, Invalid, LimitReached, NotFound, Unavailable
from runtime.base.json_text import loads
from runtime.base.lifecycle import JobStatus
from runtime.base.records import Origin
from runtime.runs.options import StartOptions
from tests.runtime.standby.conftest import StandbyStage

RUNNING, SUCCEEDED, ABORTED, FAILED = JobStatus.RUNNING, JobStatus.SUCCEEDED, JobStatus.ABORTED, JobStatus.FAILED


async def test_parallel_requests_on_a_cold_start_share_one_run(stage: StandbyStage) -> None:
    actor = await stage.create_standby_actor(memoryMbytes=512, build="latest")
    slots = await stage.acquire(actor, 2)
    [run] = stage.live
    assert {slot.run_id for slot in slots} == {run.id}
    assert (run.meta.origin, run.options.timeout_secs, run.options.memory_mbytes) == (Origin.STANDBY, 0, 512)
    assert run.is_container_server_ready
    assert (await stage.acquire(actor))[0].run_id == run.id


async def test_more_requests_than_desired_start_one_run_ahead(stage: StandbyStage) -> None:
    actor = await stage.create_standby_actor()
    slots = await stage.acquire(actor, 3)
    assert len(stage.live) == 1
    slots += await stage.acquire(actor)
    assert len(stage.live) == 2
    assert len({slot.run_id for slot in slots}) == 1
    [fifth] = await stage.acquire(actor)
    assert fifth.run_id not in {slot.run_id for slot in slots}
    assert len(stage.live) == 2


async def test_the_least_loaded_run_gets_the_request(stage: StandbyStage) -> None:
    actor = await stage.create_standby_actor(desiredRequestsPerActorRun=2, maxRequestsPerActorRun=2)
    slots = await stage.acquire(actor, 4)
    assert sorted(Counter(slot.run_id for slot in slots).values()) == [2, 2]
    slots[0].release()
    assert (await stage.acquire(actor))[0].run_id == slots[0].run_id


async def test_a_ready_run_is_preferred_to_one_that_starts(stage: StandbyStage) -> None:
    actor = await stage.create_standby_actor(desiredRequestsPerActorRun=1, maxRequestsPerActorRun=4)
    [first] = await stage.acquire(actor)
    stage.all_answer = False
    second = await stage.acquire(actor)
    assert len(stage.live) == 2
    assert second[0].run_id == first.run_id


async def test_an_idle_run_ends_as_succeeded_whatever_its_exit_code_is(stage: StandbyStage) -> None:
    actor = await stage.create_standby_actor(idleTimeoutSecs=60)
    [slot] = await stage.acquire(actor)
    [run] = stage.live
    await stage.clock.advance(120)
    assert stage.current(run).status is RUNNING  # the request is still open
    slot.release()
    await stage.clock.advance(62)
    ending = stage.current(run)
    assert (ending.status, ending.stopped_because is not None) == (RUNNING, True)
    assert stage.container_of(run).signals == []
    await stage.clock.advance(15)
    assert stage.container_of(run).signals == ["SIGTERM"]
    ended = stage.current(run)
    assert (ended.status, ended.exit_code) == (SUCCEEDED, 143)
    assert ended.status_message == "The Actor run has served no Standby request for 60 seconds and is stopped."
    assert f"ACTOR: {ended.status_message}" in await stage.log_of(run.id)


async def test_a_run_that_ignores_sigterm_is_killed_and_succeeds(stage: StandbyStage) -> None:
    actor = await stage.create_standby_actor(idleTimeoutSecs=5)
    stage.engine.on_create = lambda container: setattr(container, "ignores_sigterm", True)
    (await stage.acquire(actor))[0].release()
    [run] = stage.live
    await stage.clock.advance(40)
    assert stage.container_of(run).signals == ["SIGTERM", "SIGKILL"]
    assert stage.current(run).status is SUCCEEDED


async def test_a_request_during_the_wind_down_gets_another_run(stage: StandbyStage) -> None:
    actor = await stage.create_standby_actor(idleTimeoutSecs=5)
    [slot] = await stage.acquire(actor)
    slot.release()
    await stage.clock.advance(8)
    [other] = await stage.acquire(actor)
    assert other.run_id != slot.run_id


async def test_an_abort_cuts_the_wind_down_short(stage: StandbyStage) -> None:
    actor = await stage.create_standby_actor(idleTimeoutSecs=5)
    (await stage.acquire(actor))[0].release()
    [run] = stage.live
    await stage.clock.advance(8)
    await stage.abort(run)
    assert stage.current(run).status is ABORTED


async def test_a_new_build_drains_the_runs_of_the_old_one(stage: StandbyStage) -> None:
    actor = await stage.create_standby_actor(idleTimeoutSecs=600)
    [slot] = await stage.acquire(actor)
    await stage.create_build(actor, "latest")
    [other] = await stage.acquire(actor)
    assert other.run_id != slot.run_id
    await stage.clock.advance(60)
    old = stage.orchestrator.runs.get(slot.run_id)
    assert old.stopped_because is None
    slot.release()
    await stage.clock.advance(20)
    assert stage.current(old).status is SUCCEEDED
    assert "build 0.0.2 now serves" in str(stage.current(old).status_message)
    assert [run.id for run in stage.live] == [other.run_id]


async def test_runs_end_when_standby_is_disabled(stage: StandbyStage) -> None:
    actor = await stage.create_standby_actor()
    (await stage.acquire(actor))[0].release()
    await stage.change_settings(actor, isEnabled=False)
    with pytest.raises(Invalid, match="does not have Standby mode enabled"):
        stage.target(actor)
    await stage.clock.advance(20)
    assert stage.live == []


async def test_a_run_gets_no_input_unless_the_settings_pass_one(stage: StandbyStage) -> None:
    greeting = {"title": "Greeting", "type": "string", "description": "A text.", "default": "hi"}
    actor = await stage.create_actor_with_schema(greeting=greeting)
    await stage.change_settings(actor, isEnabled=True)
    await stage.acquire(actor)
    [run] = stage.live
    stores = stage.orchestrator.key_value_stores
    assert stores.get_record_uncounted(run.default_key_value_store_id, "INPUT") is None
    await stage.change_settings(actor, shouldPassActorInput=True)
    await stage.standby.stop(stage.target(actor))
    [slot] = await stage.acquire(actor)
    other = stage.orchestrator.runs.get(slot.run_id)
    record = stores.get_record_uncounted(other.default_key_value_store_id, "INPUT")
    assert record is not None and loads(await record.read()) == {"greeting": "hi"}


async def test_a_run_that_ends_before_it_is_ready_rejects_its_requests(stage: StandbyStage) -> None:
    actor = await stage.create_standby_actor()
    stage.all_answer = False
    requests = await stage.send(actor, 2)
    [run] = stage.live
    await stage.finish(run, 1)
    await stage.clock.advance(1)
    problems = await asyncio.gather(*requests, return_exceptions=True)
    assert [isinstance(each, Unavailable) and each.slug for each in problems] == ["standby-run-finished"] * 2
    stage.all_answer = True
    assert (await stage.acquire(actor))[0].run_id != run.id


@pytest.mark.parametrize("how", ["abort", "exit"])
async def test_a_run_that_has_ended_leaves_its_pool(stage: StandbyStage, how: str) -> None:
    actor = await stage.create_standby_actor()
    await stage.acquire(actor)
    [run] = stage.live
    await (stage.abort(run) if how == "abort" else stage.finish(run, 0))
    [slot] = await stage.acquire(actor)
    assert slot.run_id != run.id


async def test_a_request_waits_two_minutes_for_a_run(stage: StandbyStage) -> None:
    actor = await stage.create_standby_actor()
    stage.all_answer = False
    [request] = await stage.send(actor)
    await stage.clock.advance(118)
    assert not request.done()
    await stage.clock.advance(2)
    with pytest.raises(GatewayTimeout, match="has not answered for 120 seconds"):
        await request
    [pool] = stage.standby.pools_of(stage.user)
    assert (pool.waiting, pool.runs[0].open_requests) == (0, 0)
    assert pool.problem is not None
    assert "has not answered for 120 seconds" in pool.problem.message
    stage.all_answer = True
    await stage.clock.advance(1)
    assert pool.problem is None


async def test_the_problem_of_the_last_start_stays_until_a_run_is_ready(stage: StandbyStage) -> None:
    actor = await stage.create_standby_actor()
    stage.all_answer = False
    [request] = await stage.send(actor)
    await stage.finish(stage.live[0], 1)
    await stage.clock.advance(1)
    with pytest.raises(Unavailable, match="ended before its web server was ready"):
        await request
    await stage.clock.advance(120)
    [pool] = stage.standby.pools_of(stage.user)
    assert pool.problem is not None
    assert "FAILED" in pool.problem.message
    stage.all_answer = True
    await stage.acquire(actor)
    assert [each.problem for each in stage.standby.pools_of(stage.user)] == [None]


async def test_a_run_that_is_stopped_while_it_starts_is_no_problem(stage: StandbyStage) -> None:
    actor = await stage.create_standby_actor()
    stage.all_answer = False
    [request] = await stage.send(actor)
    await stage.standby.stop(stage.target(actor))
    await stage.clock.advance(40)
    with pytest.raises(Unavailable):
        await request
    assert [pool.problem for pool in stage.standby.pools_of(stage.user)] == [None]


async def test_the_last_requests_are_shown_when_no_run_is_left_and_then_forgotten(stage: StandbyStage) -> None:
    actor = await stage.create_standby_actor(idleTimeoutSecs=5)
    (await stage.acquire(actor))[0].release()
    await stage.clock.advance(25)
    assert stage.live == []
    [pool] = stage.standby.pools_of(stage.user)
    assert sum(pool.requests.history(stage.clock.now())) == 1
    await stage.clock.advance(60)
    assert sum(pool.requests.history(stage.clock.now())) == 0
    other = await stage.create_standby_actor("other")
    await stage.acquire(other)
    await stage.clock.advance(2)
    assert pool not in stage.standby.pools_of(stage.user)


async def test_a_client_that_leaves_frees_its_slot(stage: StandbyStage) -> None:
    actor = await stage.create_standby_actor()
    stage.all_answer = False
    gone, stays = await stage.send(actor, 2)
    gone.cancel()
    await stage.clock.settle()
    [pool] = stage.standby.pools_of(stage.user)
    assert (pool.waiting, pool.runs[0].open_requests) == (1, 1)
    stage.all_answer = True
    await stage.clock.advance(1)
    assert stays.done()


async def test_the_limit_on_memory_rejects_the_request(stage: StandbyStage) -> None:
    actor = await stage.create_standby_actor(memoryMbytes=16_384, desiredRequestsPerActorRun=1)
    first = await stage.acquire(actor)
    assert len(await stage.acquire(actor)) == 1  # the start ahead fails
    await stage.acquire(actor, 2)
    [request] = await stage.send(actor)
    with pytest.raises(LimitReached):
        await request
    first[0].release()
    assert len(await stage.acquire(actor)) == 1
    assert len(stage.live) == 1


async def test_runs_are_not_shared_between_users(tmp_path: object) -> None:
    stage = StandbyStage(tmp_path, users={"a": "alice", "b": "bob"})  # type: ignore[arg-type]
    await stage.open()
    alice, bob = (stage.orchestrator.users.by_username(name) for name in ("alice", "bob"))
    assert alice is not None and bob is not None
    actor = await stage.create_standby_actor("mine", alice)
    with pytest.raises(NotFound):
        stage.target(actor, bob)
    actor = await stage.orchestrator.actors.update(actor, lambda now: {"is_public": True})
    [hers], [his] = await stage.acquire(actor, user=alice), await stage.acquire(actor, user=bob)
    assert [stage.orchestrator.runs.get(each.run_id).user_id for each in (hers, his)] == [alice.id, bob.id]
    await stage.close()


async def test_runs_of_a_stopped_server_are_adopted(stage: StandbyStage) -> None:
    actor = await stage.create_standby_actor(idleTimeoutSecs=60)
    [slot] = await stage.acquire(actor)
    await stage.restart_server(300)
    [again] = await stage.acquire(actor)
    assert again.run_id == slot.run_id
    again.release()
    await stage.clock.advance(90)
    assert stage.orchestrator.runs.get(slot.run_id).status is SUCCEEDED


async def test_a_run_that_was_starting_at_a_crash_serves_the_next_request(stage: StandbyStage) -> None:
    actor = await stage.create_standby_actor()
    stage.all_answer = False
    requests = await stage.send(actor)
    [run] = stage.live
    await stage.close()
    await asyncio.gather(*requests, return_exceptions=True)
    stage.engine.containers[0].vanishes()
    await stage.open_with_run(run, lambda now: replace(now, status=JobStatus.READY, container_id=None))
    [request] = await stage.send(actor)
    stage.answering.add(run.id)
    await stage.clock.advance(1)
    assert (await request).run_id == run.id
    assert [each.id for each in stage.live] == [run.id]


async def test_a_crash_during_the_wind_down_still_ends_as_succeeded(stage: StandbyStage) -> None:
    actor = await stage.create_standby_actor(idleTimeoutSecs=5)
    (await stage.acquire(actor))[0].release()
    [run] = stage.live
    await stage.clock.advance(8)
    assert stage.current(run).stopped_because
    await stage.restart_server()
    [other] = await stage.acquire(actor)
    assert other.run_id != run.id
    await stage.clock.advance(40)
    assert stage.current(run).status is SUCCEEDED


async def test_a_run_that_exited_while_no_server_watched_is_not_adopted(stage: StandbyStage) -> None:
    actor = await stage.create_standby_actor()
    [slot] = await stage.acquire(actor)
    run = stage.orchestrator.runs.get(slot.run_id)
    await stage.close()
    stage.container_of(run).exits(1)
    await stage.open()
    [other] = await stage.acquire(actor)
    assert (other.run_id != run.id, stage.current(run).status) == (True, FAILED)


async def test_a_server_that_stops_rejects_the_requests_that_wait(stage: StandbyStage) -> None:
    actor = await stage.create_standby_actor()
    stage.all_answer = False
    [request] = await stage.send(actor)
    stage.orchestrator.release_waiters()
    await stage.clock.settle()
    with pytest.raises(Unavailable, match="The server stops"):
        await request


async def test_requests_wait_while_a_run_reboots(stage: StandbyStage) -> None:
    actor = await stage.create_standby_actor()
    await stage.acquire(actor)
    [run] = stage.live
    stage.all_answer = False
    await stage.orchestrator.orders.reboot(run)
    await stage.clock.advance(2)
    [request] = await stage.send(actor)
    assert not request.done()
    stage.all_answer = True
    await stage.clock.advance(1)
    assert (await request).run_id == run.id


async def test_a_run_that_listens_no_more_is_replaced_when_it_ends(stage: StandbyStage) -> None:
    actor = await stage.create_standby_actor()
    [slot] = await stage.acquire(actor)
    slot.release()
    [run] = stage.live
    stage.all_answer = False
    stage.standby.doubt(run.id)
    [request] = await stage.send(actor)
    assert not request.done()
    stage.all_answer = True
    stage.container_of(run).exits(1)
    await stage.clock.advance(1)
    assert (await request).run_id != run.id
    assert stage.current(run).status is FAILED


async def test_a_resurrected_run_gets_no_more_requests(stage: StandbyStage) -> None:
    actor = await stage.create_standby_actor()
    await stage.acquire(actor)
    [run] = stage.live
    await stage.abort(run)
    await stage.orchestrator.resurrection.resurrect(stage.current(run), StartOptions())
    await stage.clock.settle()
    [slot] = await stage.acquire(actor)
    assert (slot.run_id != run.id, stage.current(run).status) == (True, RUNNING)
    await stage.clock.advance(400)
    assert stage.current(run).status is RUNNING


async def test_warming_up_and_stopping(stage: StandbyStage) -> None:
    actor = await stage.create_standby_actor()
    warm = asyncio.create_task(stage.standby.warm_up(stage.target(actor)))
    await stage.clock.advance(1)
    run_id = await warm
    [pool] = stage.standby.pools_of(stage.user)
    assert ([run.run_id for run in pool.runs], pool.requests.total) == ([run_id], 0)
    assert await stage.standby.stop(stage.target(actor)) == [run_id]
    await stage.clock.advance(20)
    ended = stage.orchestrator.runs.get(run_id)
    assert (ended.status, stage.standby.pools_of(stage.user)[0].runs) == (SUCCEEDED, [])


async def test_an_actor_without_a_build_has_no_runs(stage: StandbyStage) -> None:
    actor = await stage.create_standby_actor(build="beta")
    with pytest.raises(NotFound, match="Build 'beta'") as raised:
        await stage.standby.acquire(stage.target(actor))
    assert isinstance(raised.value, GreenroomError) and stage.live == []
    build = stage.orchestrator.builds.resolve(actor, "latest")
    await stage.change_settings(actor, build=build.number)
    assert stage.orchestrator.runs.get((await stage.acquire(actor))[0].run_id).build_id == build.id
