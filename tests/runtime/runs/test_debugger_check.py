"""The report of a debugged run in which no debugger can attach."""

from __future__ import annotations

from dataclasses import replace

import pytest

from runtime.base.records import Run
from runtime.containers import ContainerProcess
from runtime.runs.debugger_check import is_started, leaf_programs
from runtime.runs.debugging import MARK
from testing.live_server import free_port
from tests.fakes.stage import Stage

SHELL = ContainerProcess(pid=1, parent=900, command="sh ./start.sh")
REPORT = "Greenroom: No debugger can attach. The run has started `"
REPORT_AT_END = "Greenroom: The Actor ended before a debugger could attach. The image starts `"


async def debugged(stage: Stage, *start: str) -> Run:
    actor = await stage.create_actor("debugged")
    image = stage.orchestrator.builds.resolve(actor, "latest").image or ""
    stage.engine.images_by_name[image] = replace(
        stage.engine.images_by_name[image], start=start or ("sh", "./start.sh")
    )
    return await stage.start(actor, debug_port=free_port(), memory_mbytes=1024)


def runs(stage: Stage, command: str, pid: int = 7) -> None:
    stage.engine.running_processes = [SHELL, ContainerProcess(pid=pid, parent=1, command=command)]


async def reports(stage: Stage, run: Run) -> list[str]:
    return [line for line in await stage.log_of(run.id) if line.startswith((REPORT, REPORT_AT_END))]


async def test_an_unsupported_program_is_reported_once_with_the_fix(stage: Stage) -> None:
    run = await debugged(stage)
    runs(stage, "/usr/bin/deno run main.ts")
    await stage.clock.advance(29)
    assert await reports(stage, run) == []
    await stage.clock.advance(10)
    [report] = await reports(stage, run)
    assert report.startswith(f"{REPORT}/usr/bin/deno run main.ts`") and 'CMD ["node", "dist/main.js"]' in report
    await stage.restart_server()
    await stage.clock.advance(3600)
    await stage.finish(run)
    assert await reports(stage, run) == [report]


async def test_a_slow_start_is_not_reported(stage: Stage) -> None:
    run = await debugged(stage)
    for number, command in enumerate(("npm install", "node /usr/src/app/node_modules/.bin/tsc -p .", "./migrate")):
        runs(stage, command, pid=10 + number)
        await stage.clock.advance(25 if command == "./migrate" else 600)
    runs(stage, "node main.js")
    await stage.clock.advance(10)
    stage.engine.paths_in_containers[MARK] = stage.clock.now()
    await stage.clock.advance(3600)
    await stage.finish(run)
    assert await reports(stage, run) == []


@pytest.mark.parametrize("start", [("python3", "main.py"), ("sh", "-c", "deno run --inspect-brk=0.0.0.0:9229 main.ts")])
async def test_a_command_that_certainly_waits_is_not_checked(stage: Stage, start: tuple[str, ...]) -> None:
    run = await debugged(stage, *start)
    runs(stage, "anything")
    await stage.clock.advance(3600)
    await stage.finish(run)
    assert await reports(stage, run) == []


async def test_a_program_that_opens_its_own_debugger_is_not_reported(stage: Stage) -> None:
    run = await debugged(stage)
    runs(stage, "bun --inspect-wait=0.0.0.0:5678 main.ts")
    await stage.clock.advance(3600)
    await stage.finish(run)
    assert await reports(stage, run) == []


@pytest.mark.parametrize("end", ["exits", "aborted", "waited"])
async def test_an_end_without_a_debugger_is_reported_if_nobody_stopped_the_run(stage: Stage, end: str) -> None:
    run = await debugged(stage, "./compiled", "a b")
    if end == "waited":
        stage.engine.paths_in_containers[MARK] = stage.clock.now()  # created after the last check
    if end == "aborted":
        await stage.abort(run)
    else:
        await stage.finish(run)
    expected = [f"{REPORT_AT_END}./compiled 'a b'`"] if end == "exits" else []
    assert [each[: len(expected[0])] for each in await reports(stage, run)] == expected


async def test_an_engine_that_fails_at_the_end_does_not_change_the_end(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = await debugged(stage)

    async def fail(*_: object) -> int | None:
        raise RuntimeError("odd")

    monkeypatch.setattr(stage.engine, "modified_at", fail)
    assert (await stage.finish(run)).exit_code == 0


def test_only_programs_without_children_count_and_those_that_prepare_the_start_do_not() -> None:
    npm = ContainerProcess(pid=2, parent=1, command="npm start")
    app = ContainerProcess(pid=3, parent=2, command="node /usr/src/app/node_modules/.bin/ts-node src/main.ts")
    assert leaf_programs([SHELL, npm, app]) == [app.command]
    assert is_started([app.command])
    for preparing in ("npm install", "python3 -m pip install -r requirements.txt", "sleep 60", "node /x/.bin/tsc"):
        assert not is_started([app.command, preparing])
    assert not is_started([])
