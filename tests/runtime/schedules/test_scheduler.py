"""The scheduler of a whole instance in virtual time: which runs it starts, also after a crash."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import pairwise
from typing import Any, TypeVar

import pytest

from runtime.base.clock import Millis
from runtime.base.errors import Invalid, NotFound, StorageUnavailable
from runtime.base.lifecycle import JobStatus
from runtime.base.paging import Paging
from runtime.base.records import (
    LogLevel,
    Run,
    RunFilter,
    Schedule,
    ScheduleAction,
    ScheduledInput,
    ScheduleLogEntry,
    TaskOptions,
    User,
)
from runtime.schedules.scheduler import LATE_MILLIS, MAX_TICKS_OF_ADVANCE
from runtime.schedules.schedules import MIN_INTERVAL_MILLIS
from tests.examples import some
from tests.fakes.clock import START
from tests.fakes.stage import Stage

T = TypeVar("T")

HOUR, DAY = 3600, 86_400
FIRST_TICK: Millis = START + (46 * 60 + 40) * 1000
"""The first full hour, 23:00 UTC."""
UNTIL_FIRST_TICK = (FIRST_TICK - START) / 1000
WRITES_OF_A_TICK = 14
"""At least as many as the database gets from a tick until its run is RUNNING."""


async def hourly(stage: Stage, *actions: ScheduleAction, user: User | None = None, **fields: Any) -> Schedule:
    """Create an enabled schedule that ticks at every full hour, unless `fields` changes that."""
    given = {"cron_expression": "0 * * * *", "name": None, "is_enabled": True, "actions": actions, **fields}
    schedule = await stage.orchestrator.schedules.create(user or stage.user, **given)
    await stage.clock.settle()
    return schedule


async def hourly_run(stage: Stage, **fields: Any) -> Schedule:
    """Create such a schedule with one action: a run of a new Actor that is stopped soon."""
    actor = await stage.create_actor(timeout_secs=5)
    return await hourly(stage, ScheduleAction(id="a", actor_id=actor.id), **fields)


def runs(stage: Stage) -> list[Run]:
    """The runs that schedules have started, oldest first."""
    page = stage.orchestrator.runs.page(stage.user, None, RunFilter(origin="SCHEDULER"), Paging(0, 1000))
    return page.items


def current(stage: Stage, schedule: Schedule) -> Schedule:
    return stage.orchestrator.schedules.find(stage.user, schedule.id)


def log(stage: Stage, schedule: Schedule) -> list[str]:
    return [f"{entry.level} {entry.message}" for entry in stage.orchestrator.schedules.log(schedule)]


async def carried_out(stage: Stage) -> None:
    """Wait for starts whose input is validated in another thread, which virtual time does not wait for."""
    await asyncio.gather(*stage.orchestrator.scheduler._tasks.values())


async def test_a_schedule_starts_its_runs_at_the_time_of_its_ticks(stage: Stage) -> None:
    schedule = await hourly_run(stage)
    assert (schedule.last_run_at, schedule.next_run_at) == (None, FIRST_TICK)
    await stage.clock.advance(UNTIL_FIRST_TICK - 1)
    assert runs(stage) == []
    await stage.clock.advance(1)
    [run] = runs(stage)
    assert (run.status, run.started_at, run.user_id) == (JobStatus.RUNNING, FIRST_TICK, stage.user.id)
    assert (run.meta.schedule_id, run.meta.scheduled_at) == (schedule.id, FIRST_TICK)
    after = current(stage, schedule)
    assert (after.last_run_at, after.next_run_at, after.pending) == (FIRST_TICK, FIRST_TICK + HOUR * 1000, ())
    await stage.clock.advance(2 * HOUR)
    assert [run.meta.scheduled_at for run in runs(stage)] == [FIRST_TICK + hour * HOUR * 1000 for hour in range(3)]
    assert log(stage, schedule) == ["INFO Schedule invoked"] * 3


async def test_actions_pass_input_and_options_to_actors_and_tasks(stage: Stage) -> None:
    actor = await stage.create_actor()
    task = await stage.orchestrator.tasks.create(
        stage.user, actor.id, "daily", input={"a": 1, "b": 2}, options=TaskOptions(memory_mbytes=512)
    )
    text = ScheduledInput(body="<x/>", content_type="application/xml")
    options = TaskOptions(memory_mbytes=256, timeout_secs=7, max_items=3)
    await hourly(
        stage,
        ScheduleAction(id="1", actor_id="~hello", run_input=text, run_options=options),
        ScheduleAction(id="2", actor_task_id=task.id, input={"b": 3}),
    )
    await stage.clock.advance(UNTIL_FIRST_TICK)
    of_actor, of_task = runs(stage)
    assert (of_actor.actor_id, of_actor.task_id, of_task.task_id) == (actor.id, None, task.id)
    assert (of_actor.options.memory_mbytes, of_actor.options.timeout_secs, of_actor.options.max_items) == (256, 7, 3)
    assert of_task.options.memory_mbytes == 512
    stores = stage.orchestrator.key_value_stores
    records = [stores.get_record(run.default_key_value_store_id, "INPUT") for run in (of_actor, of_task)]
    assert [record.info.content_type for record in records if record] == ["application/xml", "application/json"]
    assert [run.stats.input_body_len for run in (of_actor, of_task)] == [len("<x/>"), len('{"a":1,"b":3}')]


async def test_a_start_that_fails_is_logged_and_does_not_stop_the_schedule(stage: Stage) -> None:
    unbuilt = await stage.orchestrator.actors.create(stage.user, "unbuilt", ())
    picky = await stage.create_actor_with_schema(
        n={"title": "N", "type": "integer", "description": "N", "nullable": True}
    )
    deleted = await stage.create_actor("deleted")
    task = await stage.orchestrator.tasks.create(stage.user, picky.id, "deleted-task")
    big = await stage.create_actor("big")
    schedule = await hourly(
        stage,
        ScheduleAction(id="1", actor_id=unbuilt.id),
        ScheduleAction(id="2", actor_id=picky.id, run_input=ScheduledInput(body='{"n": "x"}')),
        ScheduleAction(id="3", actor_id=deleted.id),
        ScheduleAction(id="4", actor_task_id=task.id),
        ScheduleAction(id="5", actor_id=big.id, run_options=TaskOptions(memory_mbytes=32_768)),
        ScheduleAction(id="6", actor_id=picky.id),
    )
    await stage.orchestrator.actor_deletion.delete(deleted)
    await stage.orchestrator.tasks.delete(task)
    await stage.clock.advance(UNTIL_FIRST_TICK)
    await carried_out(stage)
    [run] = runs(stage)
    assert run.actor_id == picky.id
    lines = log(stage, schedule)
    assert lines[0] == "INFO Schedule invoked"
    assert [line.partition(": ")[0] for line in lines[1:]] == [
        f'ERROR Cannot start Actor "{unbuilt.id}"',
        f'ERROR Cannot start Actor "{picky.id}"',
        f'ERROR Cannot start Actor "{deleted.id}"',
        f'ERROR Cannot start Actor task "{task.id}"',
        f'ERROR Cannot start Actor "{big.id}"',
    ]
    assert "was not found" in lines[3]
    await stage.clock.advance(HOUR)
    await carried_out(stage)
    assert len(runs(stage)) == 2


async def test_an_internal_error_does_not_stop_the_other_actions(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    actor, starting = await stage.create_actor(), stage.orchestrator.starting
    start, failures = starting.start, [ZeroDivisionError()]

    async def fail_once(request: Any) -> Run:
        if failures:
            raise failures.pop()
        return await start(request)

    monkeypatch.setattr(starting, "start", fail_once)
    schedule = await hourly(stage, *(ScheduleAction(id=id, actor_id=actor.id) for id in "ab"))
    await stage.clock.advance(UNTIL_FIRST_TICK)
    assert len(runs(stage)) == 1
    assert "internal error" in log(stage, schedule)[1]


async def test_an_exclusive_schedule_waits_for_its_previous_run(stage: Stage) -> None:
    actor = await stage.create_actor()
    action = ScheduleAction(id="a", actor_id=actor.id)
    schedule = await hourly(stage, action, cron_expression="* * * * *", is_exclusive=True)
    await stage.start(actor)  # a run that the schedule has not started does not count
    await stage.clock.advance(60)
    [run] = runs(stage)
    await stage.clock.advance(60)
    assert len(runs(stage)) == 1
    after, first = current(stage, schedule), run.meta.scheduled_at or 0
    assert (after.last_run_at, after.next_run_at) == (first, first + 2 * 60_000)
    still_running = "was not started, because its previous run has not finished"
    assert log(stage, schedule) == ["INFO Schedule invoked", f'INFO Actor "{actor.id}" {still_running}']
    await stage.finish(run)
    await stage.clock.advance(60)
    assert len(runs(stage)) == 2


async def test_ticks_closer_than_ten_seconds_are_skipped(stage: Stage) -> None:
    await hourly_run(stage, cron_expression="*/4 * * * * *")
    await stage.clock.advance(60)
    at = [run.meta.scheduled_at or 0 for run in runs(stage)]
    gaps = {later - earlier for earlier, later in pairwise(at)}
    assert gaps == {12_000}
    assert min(gaps) >= MIN_INTERVAL_MILLIS


async def test_changes_take_effect_at_once(stage: Stage) -> None:
    schedules, schedule = stage.orchestrator.schedules, await hourly_run(stage, is_enabled=False)
    assert schedule.next_run_at is None
    await stage.clock.advance(HOUR)
    assert runs(stage) == []
    changed = await schedules.update(stage.user, schedule, is_enabled=True, cron_expression="30 * * * *")
    assert changed.next_run_at == FIRST_TICK + HOUR * 1000 // 2
    await stage.clock.advance(HOUR / 2)
    assert len(runs(stage)) == 1
    await schedules.update(stage.user, schedule, is_enabled=False)
    await stage.clock.advance(HOUR)
    await schedules.delete(schedule)
    assert schedules.log(schedule) == []
    await stage.clock.advance(DAY)
    assert len(runs(stage)) == 1


async def test_ticks_that_were_missed_are_skipped_with_one_entry(stage: Stage) -> None:
    schedule = await hourly_run(stage)
    await stage.restart_server(UNTIL_FIRST_TICK + 5 * HOUR)
    await stage.clock.settle()
    assert runs(stage) == []
    assert log(stage, schedule) == [
        "INFO The runs from 2023-11-14T23:00:00.000Z to 2023-11-15T04:00:00.000Z were skipped, because the server was "
        "not running"
    ]
    await stage.clock.advance(HOUR)
    [run] = runs(stage)
    assert run.meta.scheduled_at == FIRST_TICK + 6 * HOUR * 1000


async def test_ticks_while_the_machine_slept_are_skipped(stage: Stage) -> None:
    """Timers stand still while a machine sleeps, but its clock moves."""
    schedule = await hourly_run(stage)
    stage.clock._now += 5 * HOUR * 1000
    await stage.clock.advance(2 * LATE_MILLIS / 1000)
    assert runs(stage) == []
    [entry] = log(stage, schedule)
    assert "were skipped, because the server could not start runs then" in entry


async def test_a_full_disk_delays_a_start_but_does_not_lose_or_double_it(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    schedule, starting = await hourly_run(stage), stage.orchestrator.starting
    start, problems = starting.start, ["before", "after"]

    async def fail(request: Any) -> Run:
        match problems.pop(0) if problems else None:
            case "before":
                raise StorageUnavailable("insufficient-storage", "full")
            case "after":
                await start(request)
                raise StorageUnavailable("insufficient-storage", "full")
        return await start(request)

    monkeypatch.setattr(starting, "start", fail)
    await stage.clock.advance(UNTIL_FIRST_TICK + 60)
    assert len(runs(stage)) == 1
    assert not problems
    assert log(stage, schedule) == ["INFO Schedule invoked"]


def crash_after(stage: Stage, writes: int) -> Callable[[], None]:
    """Make the database ignore all writes after these, as if the server had been killed. Returns how to undo it."""
    connection = stage.orchestrator.database.connection
    write, count = connection.write, 0

    async def write_or_hang(change: Callable[..., T], *, may_use_reserve: bool = False) -> T:
        nonlocal count
        count += 1
        if count > writes:
            await asyncio.Future()
        return await write(change, may_use_reserve=may_use_reserve)

    connection.write = write_or_hang  # type: ignore[method-assign]  # it wraps the real method

    def undo() -> None:
        connection.write = write  # type: ignore[method-assign]

    return undo


@pytest.mark.parametrize("writes", some(range(WRITES_OF_A_TICK)))
async def test_a_crash_at_any_step_neither_loses_nor_doubles_a_run(stage: Stage, writes: int) -> None:
    schedule = await hourly_run(stage)
    undo = crash_after(stage, writes)
    await stage.clock.advance(UNTIL_FIRST_TICK)
    await stage.orchestrator.scheduler.close()
    undo()
    await stage.restart_server()
    await stage.clock.advance(1)
    is_stored = writes > 0
    assert [(run.status, run.meta.scheduled_at) for run in runs(stage)] == (
        [(JobStatus.RUNNING, FIRST_TICK)] if is_stored else []
    )
    [entry] = log(stage, schedule)
    assert ("invoked" if is_stored else "skipped") in entry
    assert current(stage, schedule).pending == ()
    assert current(stage, schedule).next_run_at == FIRST_TICK + HOUR * 1000


async def test_an_advance_starts_the_runs_of_all_ticks_in_order(stage: Stage) -> None:
    daily = await hourly_run(stage, cron_expression="0 8 * * *", timezone="Europe/Prague")
    actor = stage.orchestrator.actors.find(stage.user, "~hello")
    half_daily = await hourly(stage, ScheduleAction(id="b", actor_id=actor.id), cron_expression="0 */12 * * *")
    advanced = await stage.orchestrator.clock_advance.advance(2 * DAY * 1000)
    await stage.clock.settle()
    assert (advanced.ticks, advanced.now, advanced.ahead_millis) == (6, START + 2 * DAY * 1000, 2 * DAY * 1000)
    started = runs(stage)
    at = [run.meta.scheduled_at or 0 for run in started]
    assert len(at) == 6
    assert at == sorted(at)
    assert [run.meta.schedule_id for run in started] == [half_daily.id, daily.id, half_daily.id] * 2
    assert {run.started_at for run in started} == {START}
    assert [entry.created_at for entry in stage.orchestrator.schedules.log(daily)] == [at[1], at[4]]


async def test_after_an_advance_the_clock_continues(stage: Stage) -> None:
    schedule = await hourly_run(stage)
    await stage.orchestrator.clock_advance.advance(HOUR * 1000 // 2)
    await stage.clock.advance(UNTIL_FIRST_TICK - HOUR / 2 - 1)
    assert runs(stage) == []
    await stage.clock.advance(1)
    [run] = runs(stage)
    assert (run.meta.scheduled_at, run.started_at) == (FIRST_TICK, FIRST_TICK - HOUR * 1000 // 2)
    assert run.meta.schedule_id == schedule.id


async def test_an_advance_does_not_move_live_runs(stage: Stage) -> None:
    run = await stage.start(timeout_secs=60)
    await stage.orchestrator.clock_advance.advance(DAY * 1000)
    await stage.clock.settle()
    assert stage.current(run).status is JobStatus.RUNNING
    await stage.clock.advance(60)
    assert stage.current(run).status is JobStatus.TIMED_OUT


async def test_a_new_server_returns_to_the_time_of_the_machine(stage: Stage) -> None:
    schedule = await hourly_run(stage)
    await stage.orchestrator.clock_advance.advance(10 * HOUR * 1000)
    assert len(runs(stage)) == 10
    await stage.restart_server()
    await stage.clock.settle()
    assert current(stage, schedule).next_run_at == FIRST_TICK
    await stage.clock.advance(UNTIL_FIRST_TICK)
    assert len(runs(stage)) == 11
    assert current(stage, schedule).last_run_at == FIRST_TICK


async def test_an_advance_with_too_many_ticks_changes_nothing(stage: Stage) -> None:
    await hourly_run(stage)
    with pytest.raises(Invalid, match=f"more than {MAX_TICKS_OF_ADVANCE} times"):
        await stage.orchestrator.clock_advance.advance((MAX_TICKS_OF_ADVANCE + 1) * HOUR * 1000)
    for millis in (0, -1, 400 * DAY * 1000):
        with pytest.raises(Invalid, match="up to"):
            await stage.orchestrator.clock_advance.advance(millis)
    assert stage.orchestrator.advanceable_clock.offset == 0
    assert runs(stage) == []


async def test_the_log_has_the_newest_thousand_entries(stage: Stage) -> None:
    schedule = await hourly(stage)
    earlier = [ScheduleLogEntry(created_at=at, message="Schedule invoked") for at in range(999)]
    await stage.orchestrator.database.schedules.change_and_log(schedule.id, lambda current: current, *earlier)
    await stage.orchestrator.clock_advance.advance(3 * HOUR * 1000)
    entries = stage.orchestrator.schedules.log(schedule)
    assert len(entries) == 1000
    assert (entries[0].created_at, entries[-1].created_at) == (2, current(stage, schedule).last_run_at)
    assert {entry.level for entry in entries} == {LogLevel.INFO}


async def test_a_schedule_can_be_fired_at_any_time(stage: Stage) -> None:
    schedule = await hourly_run(stage, is_enabled=False)
    fired = await stage.orchestrator.scheduler.fire(schedule)
    [run] = runs(stage)
    assert (fired.run_ids, fired.problems) == ((run.id,), ())
    assert run.meta.schedule_id == schedule.id and run.meta.scheduled_at == START
    current = stage.orchestrator.schedules.find(stage.user, schedule.id)
    assert (current.next_run_at, current.pending) == (schedule.next_run_at, ())
    assert [entry.message for entry in stage.orchestrator.schedules.log(schedule)] == ["Schedule invoked"]


async def test_an_exclusive_schedule_is_fired_only_if_its_previous_run_has_finished(stage: Stage) -> None:
    schedule = await hourly_run(stage, is_exclusive=True)
    await stage.orchestrator.scheduler.fire(schedule)
    again = await stage.orchestrator.scheduler.fire(schedule)
    assert (again.run_ids, len(again.problems), len(runs(stage))) == ((), 1, 1)
    await stage.orchestrator.schedules.delete(schedule)
    with pytest.raises(NotFound):
        await stage.orchestrator.scheduler.fire(schedule)
