"""Explanations of runs on a scripted engine: causes that are recorded, and what is lost with the container."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from runtime.base.clock import iso
from runtime.base.lifecycle import JobStatus
from runtime.base.records import Aborter, KilledProcess, Run, Witness
from runtime.containers import EngineUnavailable, ImageMissing
from runtime.explanations.findings import Certainty, Explanation
from runtime.inputs.inputs import Input
from runtime.runs.options import StartOptions
from tests.fakes.clock import START
from tests.fakes.stage import Stage
from tests.runtime.billing.test_billing import start_paid_run

MBYTE = 1024 * 1024
CHROME = KilledProcess(pid=77, name="chrome", witness=Witness.KERNEL_LOG, memory_bytes=90 * MBYTE)
CERTAIN, LIKELY, CIRCUMSTANCE = Certainty


async def explain(stage: Stage, run: Run) -> Explanation:
    return await stage.orchestrator.explanations.of_run(stage.current(run))


def found(explanation: Explanation) -> list[tuple[str, Certainty]]:
    return [(each.id, each.finding.certainty) for each in explanation.causes]


def evidence(explanation: Explanation, index: int = 0) -> list[tuple[str, str]]:
    return [(each.source, each.text) for each in explanation.causes[index].finding.evidence]


async def ended(stage: Stage, code: int, *lines: str, **state: Any) -> Run:
    run = await stage.start(memory_mbytes=256, timeout_secs=60)
    stage.container_of(run).prints(*lines, stream="stderr")
    await stage.clock.advance(2)
    return await stage.finish(run, code, **state)


# Memory


async def test_the_killed_process_is_named(stage: Stage) -> None:
    run = await ended(stage, 137, oom_killed=True, oom_kills=1, killed=(CHROME,))
    explained = await explain(stage, run)
    assert found(explained) == [("memory-limit", CERTAIN)]
    assert (
        explained.summary == "The kernel killed the process chrome because the run reached its memory limit of 256 MB."
    )
    assert evidence(explained) == [
        ("cgroup", "oom_kill 1"),
        ("kernel log", "killed chrome (pid 77 of this machine, 90 MB of its own)"),
        ("exit code", "137, which stands for SIGKILL (128 + 9)"),
        ("memory", "peak 256 MB of 256 MB (100 %)"),
    ]
    assert explained.command.endswith(" --memory 512")


async def test_an_unknown_process_is_not_guessed(stage: Stage) -> None:
    explained = await explain(stage, await ended(stage, 137, oom_killed=True))
    assert explained.summary.startswith("The kernel killed a process of the Actor because")
    assert evidence(explained)[:2] == [
        ("Docker", "OOMKilled: true"),
        ("process", "not recorded: neither the kernel log nor the process list shows which one"),
    ]


@pytest.mark.parametrize(
    ("code", "causes"),
    [
        (3, [("memory-limit-in-child", LIKELY)]),
        (0, [("succeeded", CERTAIN), ("memory-limit-in-child", CIRCUMSTANCE)]),
    ],
)
async def test_a_killed_child(stage: Stage, code: int, causes: list[tuple[str, Certainty]]) -> None:
    run = await ended(stage, code, oom_killed=True, oom_kills=2, killed=(CHROME, replace(CHROME, pid=78)))
    assert found(await explain(stage, run)) == causes


async def test_the_evidence_survives_a_restart_of_the_server(stage: Stage) -> None:
    run = await ended(stage, 137, oom_killed=True, oom_kills=1, killed=(CHROME,))
    before = await explain(stage, run)
    await stage.restart_server()
    assert await explain(stage, run) == before


async def test_the_highest_memory_has_no_larger_one_to_try(stage: Stage) -> None:
    run = await ended(stage, 137, oom_killed=True)
    largest = replace(run.options, memory_mbytes=32_768)
    await stage.orchestrator.runs.change(run.id, lambda now: replace(now, options=largest))
    explained = await explain(stage, run)
    assert "largest memory size" in explained.causes[0].finding.advice


# Orders and limits


@pytest.mark.parametrize(
    ("by", "cause", "sentence"),
    [
        (Aborter.USER, "aborted", "Somebody with the token of the user aborted the run."),
        (
            Aborter.SERVER,
            "aborted-by-server",
            "The server aborted the run because the server stopped with --stop-runs.",
        ),
    ],
)
async def test_who_aborted(stage: Stage, by: Aborter, cause: str, sentence: str) -> None:
    run = await stage.start()
    await stage.orchestrator.orders.abort(run, by=by)
    await stage.clock.settle()
    explained = await explain(stage, run)
    assert (found(explained), explained.summary) == ([(cause, CERTAIN)], sentence)
    assert evidence(explained) == [("order", f"abort at {iso(START)}")]
    assert explained.command == f"greenroom resurrect {run.id}"


async def test_an_abort_by_another_run_and_by_the_actor_itself(stage: Stage) -> None:
    parent, child = await stage.start(), await stage.start()
    await stage.orchestrator.orders.abort(child, by=parent, gracefully=True)
    await stage.orchestrator.orders.abort(child, by=Aborter.USER)  # the first order counts
    await stage.orchestrator.orders.abort(parent, by=parent)
    await stage.clock.settle()
    how = f"Another run, {parent.id}, aborted the run, and gave the Actor 30 seconds to end."
    assert (await explain(stage, child)).summary == how
    assert (await explain(stage, parent)).summary == "The Actor itself aborted the run."


async def test_runs_that_end_with_the_server(stage: Stage) -> None:
    run = await stage.start()
    await stage.close(stop_runs=True)
    await stage.open()
    assert found(await explain(stage, run)) == [("aborted-by-server", CERTAIN)]


async def test_a_timeout_with_what_was_short(stage: Stage) -> None:
    run = await stage.start(memory_mbytes=4096, timeout_secs=60)
    container = stage.container_of(run)
    container.prints("fetching page 1")
    await stage.clock.advance(20)
    container.uses(3900 * MBYTE, cpu_nanos=19_900_000_000)
    await stage.clock.advance(45)
    explained = await explain(stage, run)
    assert found(explained) == [
        ("timeout", CERTAIN),
        ("almost-no-memory", CIRCUMSTANCE),
        ("little-cpu", CIRCUMSTANCE),
        ("silence", CIRCUMSTANCE),
    ]
    assert explained.command.endswith(" --timeout 120")
    assert evidence(explained, 3)[0] == ("log", "fetching page 1")


async def test_the_start_up_burst_alone_is_no_lack_of_cpu(stage: Stage) -> None:
    run = await stage.start(memory_mbytes=256, timeout_secs=70)
    stage.container_of(run).prints("fetching page 1")
    await stage.clock.advance(20)
    stage.container_of(run).uses(10 * MBYTE, cpu_nanos=9_000_000_000)
    await stage.clock.advance(40)
    stage.container_of(run).prints("fetching page 2")
    await stage.clock.advance(15)
    assert found(await explain(stage, run)) == [("timeout", CERTAIN)]


async def test_the_maximum_cost(stage: Stage) -> None:
    run = await start_paid_run(stage, max_total_charge_usd=0.5)
    await stage.orchestrator.billing.charge(run, "page", 5, None)
    await stage.clock.advance(40)
    assert stage.current(run).status is JobStatus.ABORTED
    explained = await explain(stage, run)
    assert found(explained) == [("maximum-cost", CERTAIN)]
    assert evidence(explained)[0] == ("charged events", "apify-actor-start 1, page 5")


async def test_a_run_that_greenroom_stopped_at_its_disk_limit(stage: Stage) -> None:
    run = await stage.start(memory_mbytes=256)
    stage.container_of(run).disk = 600 * MBYTE
    await stage.clock.advance(2)
    explained = await explain(stage, run)
    assert found(explained) == [("disk-limit", CERTAIN)]
    assert ("disk", "600 MB written of 512 MB") in evidence(explained)


# The engine


async def test_a_container_that_another_program_removed(stage: Stage) -> None:
    run = await stage.start()
    stage.container_of(run).vanishes()
    await stage.clock.settle()
    assert found(await explain(stage, run)) == [("container-removed", CERTAIN)]


@pytest.mark.parametrize(
    ("problem", "sentence"),
    [
        (
            'exec: "start": executable file not found in $PATH',
            "The container could not be started: the command in its Dockerfile does not exist in the image.",
        ),
        (
            "exec /start: exec format error",
            "The container could not be started: it has a program for another processor architecture.",
        ),
        ("no address left", "The container could not be started."),
    ],
)
async def test_a_container_that_does_not_start(stage: Stage, problem: str, sentence: str) -> None:
    stage.engine.on_create = lambda container: setattr(container, "start_error", problem)
    explained = await explain(stage, await stage.start())
    assert (found(explained), explained.summary) == ([("start-failed", CERTAIN)], sentence)
    assert evidence(explained) == [("Docker", problem)]


@pytest.mark.parametrize(
    ("error", "cause"),
    [(ImageMissing("No such image"), "image-missing"), (EngineUnavailable("no answer"), "server-error")],
)
async def test_a_container_that_is_not_created(stage: Stage, error: Exception, cause: str) -> None:
    stage.engine.create_error = error
    assert found(await explain(stage, await stage.start())) == [(cause, CERTAIN)]


async def test_a_signal_from_outside(stage: Stage) -> None:
    explained = await explain(stage, await ended(stage, 137, oom_kills=0))
    assert found(explained) == [("killed-from-outside", LIKELY)]
    assert ("cgroup", "oom_kill 0") in evidence(explained)


async def test_a_run_that_moved_with_its_engine_and_then_failed(stage: Stage) -> None:
    run = await stage.start()
    stage.engine.stops()
    await stage.clock.advance(1)
    stage.engine.starts()
    await stage.clock.advance(30)
    explained = await explain(stage, await stage.finish(run, 1))
    assert found(explained) == [("moved", CIRCUMSTANCE)]
    assert [source for source, _ in evidence(explained)] == ["statistics", "log"]
    assert explained.summary.startswith("There is no evidence of why the run ended")


async def test_a_crash_loop(stage: Stage) -> None:
    run = await stage.start(restart_on_error=True)
    for _ in range(4):
        await stage.finish(run, 1)
    assert found(await explain(stage, run)) == [("moved", CIRCUMSTANCE), ("crash-loop", CIRCUMSTANCE)]


# The Actor


async def test_no_evidence_is_reported_as_such(stage: Stage) -> None:
    explained = await explain(stage, await ended(stage, 7, "page 1", "page 2"))
    assert explained.causes == ()
    assert explained.summary == "There is no evidence of why the run ended: it ended with exit code 7."
    assert explained.last_lines[-2:] == ("page 1", "page 2")


async def test_an_actor_that_fails_with_a_message(stage: Stage) -> None:
    run = await stage.start()
    await stage.orchestrator.runs.set_status_message(run.id, "No pages left", True, by_actor=True)
    explained = await explain(stage, await stage.finish(run, 1))
    assert found(explained) == [("actor-failed", CERTAIN)]
    assert explained.summary == "The Actor itself ended as failed, with the message: No pages left"
    assert evidence(explained)[0] == ("final status message", "No pages left")


async def test_a_recorded_cause_precedes_the_message_of_the_actor(stage: Stage) -> None:
    run = await stage.start()
    await stage.orchestrator.runs.set_status_message(run.id, "No pages left", True, by_actor=True)
    run = await stage.finish(run, 1, oom_killed=True, killed=(CHROME,))
    assert found(await explain(stage, run)) == [("memory-limit-in-child", LIKELY), ("actor-failed", CERTAIN)]


async def test_an_error_that_only_the_sdk_reported(stage: Stage) -> None:
    assert found(await explain(stage, await ended(stage, 91))) == [("sdk-error", LIKELY)]


HEAP_ERROR = "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory"


@pytest.mark.parametrize(
    ("mbytes", "options"), [(80, " --env NODE_OPTIONS=--max-old-space-size=192"), (250, " --memory 512")]
)
async def test_a_larger_heap_is_advised_only_if_there_is_memory_for_it(stage: Stage, mbytes: int, options: str) -> None:
    run = await stage.start(memory_mbytes=256)
    stage.container_of(run).prints(HEAP_ERROR, stream="stderr")
    stage.container_of(run).uses(mbytes * MBYTE)
    await stage.clock.advance(2)
    explained = await explain(stage, await stage.finish(run, 134))
    assert explained.command.endswith(options)


async def test_a_heap_limit_is_no_crash(stage: Stage) -> None:
    assert found(await explain(stage, await ended(stage, 134, HEAP_ERROR))) == [("heap-limit", CERTAIN)]
    assert found(await explain(stage, await ended(stage, 134))) == [("crash", LIKELY)]


@pytest.mark.parametrize(
    ("listens", "definition", "certainty"),
    [
        (("0.0.0.0:8080",), {"usesStandbyMode": True}, LIKELY),
        (("127.0.0.1:4321",), {}, CIRCUMSTANCE),
        (("0.0.0.0:8080",), {}, CIRCUMSTANCE),
        (("127.0.0.1:9222",), {}, None),  # the debugging port of a browser
        (("[::]:36607",), {}, None),  # a port that the kernel selected, for a tool
    ],
)
async def test_a_web_server_at_another_address(
    stage: Stage, listens: tuple[str, ...], definition: dict[str, Any], certainty: Certainty | None
) -> None:
    actor = await stage.create_actor()
    build = stage.orchestrator.builds.resolve(actor, "latest")
    await stage.orchestrator.database.builds.update(build.id, lambda now: replace(now, definition=definition))
    run = await stage.start(actor)
    stage.container_of(run).uses(MBYTE, listening=listens)
    await stage.clock.settle()
    explained = await explain(stage, await stage.finish(run, 1))
    assert found(explained) == ([("wrong-port", certainty)] if certainty else [])


async def test_rejected_requests_of_the_run(stage: Stage) -> None:
    run = await stage.start()
    for number in (1, 1, 2, 3, 4):
        await stage.orchestrator.runs.record_rejection(run.id, f"GET /v2/actors/{number}: not allowed")
    explained = await explain(stage, await stage.finish(run, 1))
    assert found(explained) == [("permissions", CIRCUMSTANCE)]
    assert [text for _, text in evidence(explained)] == [
        f"GET /v2/actors/{number}: not allowed" for number in (1, 2, 3)
    ]


async def test_a_resurrected_run_starts_without_old_evidence(stage: Stage) -> None:
    run = await ended(stage, 137, oom_killed=True, oom_kills=1, killed=(CHROME,))
    await stage.orchestrator.resurrection.resurrect(stage.current(run), StartOptions())
    assert stage.current(run).ending is None


async def test_a_run_that_ended_under_an_earlier_version(stage: Stage) -> None:
    run = await ended(stage, 137, oom_killed=True)
    await stage.orchestrator.runs.change(run.id, lambda now: replace(now, ending=None))
    explained = await explain(stage, run)
    assert found(explained) == [("recorded-end", CERTAIN)]


# Live runs


async def test_a_live_run_shows_what_limits_it(stage: Stage) -> None:
    run = await stage.start(memory_mbytes=256, timeout_secs=0)
    assert (await explain(stage, run)).summary == "The run is live. Nothing that Greenroom measures limits it now."
    await stage.clock.advance(20)
    stage.container_of(run).uses(250 * MBYTE, cpu_nanos=1_250_000_000)
    await stage.clock.advance(1)
    stage.container_of(run).uses(250 * MBYTE, cpu_nanos=1_312_500_000)
    await stage.clock.settle()
    explained = await explain(stage, run)
    assert found(explained) == [("memory-now", CERTAIN), ("cpu-now", CERTAIN)]
    assert explained.is_live


async def test_a_run_about_to_move(stage: Stage) -> None:
    run = await stage.start()
    await stage.orchestrator.orders.migrate(run)
    assert found(await explain(stage, run)) == [("restart-ordered", CERTAIN)]


async def test_the_next_command_runs_the_actor_with_the_same_input(stage: Stage) -> None:
    actor = await stage.create_actor("slow-one")
    run = await stage.start(actor, Input(body=b'{"depth": 2}', content_type="application/json"), timeout_secs=10)
    await stage.clock.advance(20)
    reads_input = f"greenroom kvs get {run.id} INPUT"
    assert (await explain(stage, run)).command == f"{reads_input} | greenroom call slow-one --timeout 20 -i -"


async def test_the_source_of_the_actor_decides_the_next_command(stage: Stage) -> None:
    """The Actor of this stage has no version with a folder, and then it is deleted."""
    actor = await stage.create_actor("slow-one")
    run = await stage.start(actor, timeout_secs=10)
    await stage.clock.advance(20)
    assert (await explain(stage, run)).command == "greenroom call slow-one --timeout 20"
    await stage.orchestrator.actor_deletion.delete(actor)
    assert (await explain(stage, run)).command == f"greenroom logs {run.id}"
