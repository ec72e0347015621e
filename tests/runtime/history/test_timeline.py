"""The time lines of runs: what is stored when, who ordered it, and what a crash leaves."""

from __future__ import annotations

from dataclasses import replace

from runtime.base.lifecycle import JobStatus
from runtime.base.records import Aborter, Run, TimelineEntry, TimelineKind
from runtime.database.run_timeline import FIRST_ENTRIES, MAX_ENTRIES
from runtime.history.sentences import sentence_of
from runtime.history.timeline import marked_events
from runtime.runs.options import StartOptions
from tests.fakes.clock import START
from tests.fakes.stage import Stage, insert_run

SECOND = 1000
K = TimelineKind


def entries(stage: Stage, run: Run) -> list[TimelineEntry]:
    return stage.orchestrator.history.timeline.of_run(run.id)


def short(found: list[TimelineEntry]) -> list[tuple[int, str, str | int | None]]:
    """Each entry as its second, its kind, and its name or number."""
    return [
        ((each.at - START) // SECOND, each.kind.value, each.number if each.name is None else each.name)
        for each in found
    ]


async def test_the_life_of_a_run(stage: Stage) -> None:
    run = await stage.start()
    await stage.clock.advance(10)
    await stage.orchestrator.orders.reboot(run, by=run)
    await stage.clock.settle()
    await stage.clock.advance(5)
    await stage.finish(run, 3)
    found = entries(stage, run)
    assert short(found) == [
        (0, "created", "API"),
        (0, "status", "RUNNING"),
        (0, "container-started", None),
        (10, "order", "reboot"),
        (10, "container-ended", 137),
        (10, "restarted", "reboot"),
        (10, "container-started", None),
        (15, "container-ended", 3),
        (15, "status", "FAILED"),
    ]
    assert [each.position for each in found] == list(range(9))
    assert (found[3].by, found[3].run_id) == (Aborter.ITSELF, run.id)
    assert [event.kind for event in marked_events(found)] == ["reboot"]
    assert sentence_of(found[3]) == "The Actor itself ordered a reboot."
    assert sentence_of(found[7]) == "The container ended with exit code 3."


async def test_a_migration_and_a_graceful_abort_send_system_events(stage: Stage) -> None:
    run = await stage.start()
    listener = stage.orchestrator.system_events.listen(run.id)
    await stage.orchestrator.orders.migrate(run)
    assert (await anext(listener))["name"] == "migrating"
    await stage.clock.advance(31)
    await stage.orchestrator.orders.abort(stage.current(run), gracefully=True)
    await stage.clock.advance(31)
    found = entries(stage, run)
    events = [(each.name, each.number) for each in found if each.kind is K.SYSTEM_EVENT]
    assert events == [("migrating", 1), ("aborting", 1), ("persistState", 1)]
    assert [each.name for each in found if each.kind is K.ORDER] == ["migration", "graceful-abort"]
    assert [event.kind for event in marked_events(found)] == ["migration", "abort"]
    assert found[-1].name == JobStatus.ABORTED
    deaf = await stage.start()
    await stage.orchestrator.orders.migrate(deaf)
    await stage.clock.settle()
    assert "does not listen" in sentence_of(entries(stage, deaf)[-1])


async def test_orders_of_other_runs_resurrections_and_limits(stage: Stage) -> None:
    run, other = await stage.start(), await stage.start()
    await stage.orchestrator.orders.abort(run, by=other)
    await stage.clock.settle()
    await stage.orchestrator.resurrection.resurrect(stage.current(run), StartOptions(timeout_secs=20))
    await stage.clock.advance(30)
    found = entries(stage, run)
    orders = [sentence_of(each) for each in found if each.kind is K.ORDER]
    assert orders == [f"Run {other.id} ordered an immediate abort.", "The user resurrected the run."]
    statuses = [each.name for each in found if each.kind is K.STATUS]
    assert statuses == ["RUNNING", "ABORTING", "ABORTED", "RUNNING", "TIMING-OUT", "TIMED-OUT"]


async def test_every_out_of_memory_kill_is_an_entry(stage: Stage) -> None:
    run = await stage.start(memory_mbytes=512)
    for second, kills in ((1, 1), (2, 1), (3, 4)):
        await stage.clock.advance(1)
        stage.container_of(run).uses(1 << 20, cpu_nanos=second * 10**8, oom_kills=kills)
        await stage.clock.settle()
    await stage.finish(run, 137, oom_killed=True)
    kills_found = [(each.at - START, each.number) for each in entries(stage, run) if each.kind is K.OOM_KILL]
    assert kills_found == [(1000, 1), (3000, 3)]
    unseen = await stage.finish(await stage.start(), 137, oom_killed=True)
    [kill] = [each for each in entries(stage, unseen) if each.kind is K.OOM_KILL]
    assert (kill.number, sentence_of(kill)) == (None, "The kernel killed a process at the memory limit.")


async def test_a_restarted_server_continues_the_time_line_and_repeats_nothing(stage: Stage) -> None:
    run = await stage.start()
    before = entries(stage, run)
    await stage.restart_server(5)
    assert entries(stage, run) == before
    await stage.close()
    stage.container_of(run).exits(0)
    await stage.open()
    assert short(entries(stage, run))[3:] == [(5, "container-ended", 0), (5, "status", "SUCCEEDED")]
    await stage.restart_server()
    assert len(entries(stage, run)) == len(before) + 2


async def test_a_long_time_line_has_its_first_and_its_last_entries(stage: Stage) -> None:
    run = await insert_run(stage, JobStatus.SUCCEEDED)
    table = stage.orchestrator.database.run_details.timeline
    await table.add(run.id, [TimelineEntry(at=number, kind=K.OOM_KILL) for number in range(1500)])
    await table.add(run.id, [TimelineEntry(at=1500, kind=K.OOM_KILL)])
    positions = [each.position for each in table.of_run(run.id)]
    assert positions == [*range(FIRST_ENTRIES), *range(1502 - MAX_ENTRIES + FIRST_ENTRIES, 1502)]
    assert [each.position for each in table.of_run(run.id, after=1499)] == [1500, 1501]


async def test_a_deleted_run_leaves_nothing_and_gets_nothing(stage: Stage) -> None:
    run = await stage.finish(await stage.start())
    await stage.orchestrator.run_deletion.delete(run)
    stage.orchestrator.history.timeline.add_system_event(run.id, "migrating", 0)
    await stage.orchestrator.history.timeline.close()
    assert entries(stage, run) == []
    assert stage.orchestrator.history.environments.of_run(run.id) is None


async def test_a_rejected_change_has_no_entry(stage: Stage) -> None:
    run = await stage.finish(await stage.start())
    before = entries(stage, run)
    await stage.orchestrator.orders.abort(run)
    await stage.orchestrator.runs.change(run.id, lambda now: replace(now, status_message="x"))
    assert entries(stage, run) == before
