from __future__ import annotations

import asyncio
from datetime import datetime

from runtime.base.records import Run, RunStats
from runtime.runs.orders import MIGRATION_MILLIS
from runtime.runs.restarts import ABORT_GRACE_MILLIS
from runtime.runs.system_events import BACKLOG, Event, SystemEvents, pending, system_info
from tests.fakes.stage import Stage


async def collect(events: SystemEvents, run_id: str) -> list[Event]:
    return [event async for event in events.listen(run_id)]


def numbered(number: int) -> Event:
    return {"name": "test", "data": number}


async def test_every_listener_gets_every_event_of_its_run_until_the_run_ends() -> None:
    events = SystemEvents()
    events.open("run1")
    events.open("run2")
    listeners = [asyncio.create_task(collect(events, run)) for run in ("run1", "run1", "run2")]
    await asyncio.sleep(0)
    events.emit("run1", numbered(1))
    events.emit("run2", numbered(2))
    events.emit("run1", numbered(3))
    events.close("run1")
    events.close("run2")
    first, second, other = await asyncio.gather(*listeners)
    assert first == second == [numbered(1), numbered(3)]
    assert other == [numbered(2)]


async def test_the_events_of_a_run_are_open_while_it_lives() -> None:
    events = SystemEvents()
    assert not events.is_open("run1")
    events.open("run1")
    assert events.is_open("run1")
    events.close("run1")
    assert not events.is_open("run1")


async def test_events_without_listeners_and_events_of_ended_runs_are_dropped() -> None:
    events = SystemEvents()
    events.open("run1")
    events.emit("run1", numbered(1))
    events.close("run1")
    events.emit("run1", numbered(2))
    events.close("run1")


async def test_a_listener_that_does_not_read_loses_the_oldest_events_and_still_gets_the_end() -> None:
    events = SystemEvents()
    events.open("run1")
    listener = events.listen("run1")
    first = asyncio.ensure_future(anext(listener))
    await asyncio.sleep(0)
    events.emit("run1", numbered(-1))
    assert await first == numbered(-1)
    for number in range(BACKLOG * 2):
        events.emit("run1", numbered(number))
    events.close("run1")
    received = [event["data"] async for event in listener]
    assert received == list(range(BACKLOG + 1, BACKLOG * 2))


async def test_a_listener_can_leave_before_and_after_the_end() -> None:
    events = SystemEvents()
    events.open("run1")
    early, late = events.listen("run1"), events.listen("run1")
    waiting = [asyncio.ensure_future(anext(listener)) for listener in (early, late)]
    await asyncio.sleep(0)
    events.emit("run1", numbered(1))
    await asyncio.gather(*waiting)
    await early.aclose()
    events.close("run1")
    await late.aclose()


def test_system_info_has_the_eight_fields_that_the_python_sdk_requires() -> None:
    now = "2023-11-14T22:13:20.000Z"
    used = RunStats(
        mem_avg_bytes=1.5,
        mem_max_bytes=3,
        mem_current_bytes=2,
        cpu_avg_usage=10,
        cpu_max_usage=30,
        cpu_current_usage=25,
    )
    event = system_info(used, granted_cpus=0.25, now=now)
    assert event == {
        "name": "systemInfo",
        "createdAt": now,
        "data": {
            "memAvgBytes": 1.5,
            "memCurrentBytes": 2,
            "memMaxBytes": 3,
            "cpuAvgUsage": 10,
            "cpuMaxUsage": 30,
            "cpuCurrentUsage": 25,
            "isCpuOverloaded": True,
            "createdAt": now,
        },
    }
    assert len(event["data"]) == 8
    assert datetime.fromisoformat(event["data"]["createdAt"]).tzinfo is not None


def pending_names(stage: Stage, run: Run) -> list[str]:
    return [event["name"] for event in pending(stage.current(run), stage.clock.now())]


async def test_a_new_listener_gets_the_pending_orders_again_after_a_restart_of_the_server(stage: Stage) -> None:
    """The server may have crashed before it sent them."""
    grace, migration = ABORT_GRACE_MILLIS / 1000, MIGRATION_MILLIS / 1000
    aborted, moved, untouched = [await stage.start() for _ in range(3)]
    await stage.orchestrator.orders.abort(aborted, gracefully=True)
    await stage.orchestrator.orders.migrate(moved)
    await stage.restart_server(5)
    assert pending_names(stage, aborted) == ["aborting", "persistState"]
    assert pending_names(stage, moved) == ["migrating"]
    assert pending_names(stage, untouched) == []
    listener = stage.orchestrator.system_events.listen(moved.id, pending(stage.current(moved), stage.clock.now()))
    assert (await anext(listener))["data"] == {"timeRemainingSecs": migration - 5}
    await stage.clock.advance(grace)
    assert pending_names(stage, aborted) == pending_names(stage, moved) == []
