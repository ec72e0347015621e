"""The deadline of a debugged run waits while a debugger holds the run, and only then.

Real debuggers of both languages are driven through the relay. Their programs run beside the tests, not in containers.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest

from runtime.base.lifecycle import JobStatus
from runtime.base.records import Run
from runtime.runs.debugging import MARK
from testing.live_server import free_port
from tests.cli.debug_clients import DapClient, InspectorClient, attached
from tests.fakes.stage import Stage

D = TypeVar("D", DapClient, InspectorClient)
HOUR = 3600
PYTHON = "import time\nanswer = 41\nprint(answer)\ntime.sleep(600)\n"
JAVASCRIPT = "const answer = 41;\nconsole.log(answer);\nsetTimeout(() => {}, 600_000);\n"
STOPPED = b'Content-Length: 34\r\n\r\n{"type":"event","event":"stopped"}'
CONFIGURED = b'Content-Length: 65\r\n\r\n{"type":"response","command":"configurationDone","success":true }'


async def debugged(stage: Stage, *start: str, timeout_secs: int = 60) -> Run:
    actor = await stage.create_actor("debugged")
    image = stage.orchestrator.builds.resolve(actor, "latest").image or ""
    stage.engine.images_by_name[image] = replace(stage.engine.images_by_name[image], start=start)
    return await stage.start(actor, debug_port=free_port(), timeout_secs=timeout_secs)


def listens(stage: Stage, run: Run, port: int) -> None:
    """Let the debugger in the run's container be a program at this port."""
    stage.container_of(run).other_addresses[run.debug_port or 0] = ("127.0.0.1", port)


async def until_held(stage: Stage, run: Run, *, is_held: bool) -> None:
    async with asyncio.timeout(30):
        while (stage.current(run).debugger_hold.since is not None) is not is_held:  # noqa: ASYNC110
            await asyncio.sleep(0.005)


@contextmanager
def program(*command: str) -> Iterator[None]:
    """A process, which is killed with all its children."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@asynccontextmanager
async def attach(connect: Callable[[], D]) -> AsyncIterator[D]:
    """A debugger. It blocks, so it works in a thread: the relay needs the event loop."""
    debugger = await asyncio.to_thread(attached, connect)
    try:
        yield debugger
    finally:
        await asyncio.to_thread(debugger.__exit__, None, None, None)


@asynccontextmanager
async def adapter(stage: Stage, run: Run) -> AsyncIterator[tuple[asyncio.StreamWriter, socket.socket]]:
    """Serve a program without a protocol of its own. Yield what it writes to, and the debugger's socket."""
    accepted: asyncio.Future[asyncio.StreamWriter] = asyncio.get_running_loop().create_future()
    server = await asyncio.start_server(lambda _, writer: accepted.set_result(writer), "127.0.0.1", 0)
    listens(stage, run, server.sockets[0].getsockname()[1])
    debugger = await asyncio.to_thread(socket.create_connection, ("127.0.0.1", run.debug_port), 10)
    writer = await accepted
    try:
        yield writer, debugger
    finally:
        debugger.close()
        writer.close()
        server.close()


@pytest.mark.processes
async def test_a_breakpoint_in_python_holds_the_run(stage: Stage, tmp_path: Path) -> None:
    file, port = tmp_path / "main.py", free_port()
    file.write_text(PYTHON)
    run = await debugged(stage, "python3", "main.py")
    listens(stage, run, port)
    waiting = (sys.executable, "-m", "debugpy", "--listen", f"127.0.0.1:{port}", "--wait-for-client", str(file))
    with program(*waiting):
        await stage.clock.advance(HOUR)  # it waits for its first debugger
        async with attach(lambda: DapClient(run.debug_port or 0)) as debugger:
            frame = await asyncio.to_thread(debugger.stop_at, str(tmp_path), str(tmp_path), str(file), 3)
            assert await asyncio.to_thread(debugger.evaluate, "answer", frame) == "41"
            await stage.clock.advance(HOUR)
            assert stage.current(run).status is JobStatus.RUNNING
            await asyncio.to_thread(debugger.resume)
        await assert_deadline_follows(stage, run)


@pytest.mark.processes
async def test_a_breakpoint_in_node_holds_the_run(stage: Stage, tmp_path: Path) -> None:
    file, port = tmp_path / "main.mjs", free_port()
    file.write_text(JAVASCRIPT)
    run = await debugged(stage, "npm", "start")
    listens(stage, run, port)
    await stage.clock.advance(20)  # npm needs this time, which counts
    stage.engine.paths_in_containers[MARK] = stage.clock.now()
    with program("node", f"--inspect-wait=127.0.0.1:{port}", str(file)):
        await stage.clock.advance(HOUR)
        async with attach(lambda: InspectorClient(run.debug_port or 0)) as debugger:
            frame = await asyncio.to_thread(debugger.stop_at, file.as_uri(), 2)
            assert await asyncio.to_thread(debugger.evaluate, "answer", frame) == 41
            await stage.clock.advance(HOUR)
            assert stage.current(run).status is JobStatus.RUNNING
            await asyncio.to_thread(debugger.resume)
            await assert_deadline_follows(stage, run, used_secs=20)


async def assert_deadline_follows(stage: Stage, run: Run, used_secs: int = 0) -> None:
    """After the hold, what was left of the minute passes before the run times out."""
    await until_held(stage, run, is_held=False)
    await stage.clock.advance(59.9 - used_secs)
    assert stage.current(run).status is JobStatus.RUNNING
    await stage.clock.advance(0.1)
    assert stage.current(run).status is JobStatus.TIMED_OUT
    assert stage.current(run).debugger_hold.millis == 2 * HOUR * 1000


async def test_a_run_that_waits_for_no_debugger_reaches_its_deadline(stage: Stage) -> None:
    run = await debugged(stage, "./compiled")
    await stage.clock.advance(59.9)
    assert stage.current(run).status is JobStatus.RUNNING
    await stage.clock.advance(0.1)
    assert stage.current(run).status is JobStatus.TIMED_OUT


async def test_a_program_that_begins_to_wait_just_before_the_deadline_is_not_stopped(stage: Stage) -> None:
    run = await debugged(stage, "npm", "start")
    await stage.clock.advance(59.5)
    stage.engine.paths_in_containers[MARK] = stage.clock.now()
    await stage.clock.advance(HOUR)
    assert stage.current(run).status is JobStatus.RUNNING


async def test_a_crash_of_the_server_does_not_count_the_time_of_a_pause(stage: Stage) -> None:
    run = await debugged(stage, "python3", "main.py")
    async with adapter(stage, run) as (to_debugger, debugger):
        to_debugger.write(CONFIGURED)
        await until_held(stage, run, is_held=False)
        await stage.clock.advance(10)
        to_debugger.write(STOPPED)
        await until_held(stage, run, is_held=True)
        assert await asyncio.to_thread(debugger.recv, 1000)
        await stage.restart_server(HOUR)  # the debugger's connection ends, and the program continues
    await stage.clock.advance(49.9)
    assert stage.current(run).status is JobStatus.RUNNING
    await stage.clock.advance(0.1)
    assert stage.current(run).status is JobStatus.TIMED_OUT


async def test_the_end_of_a_connection_ends_its_pause(stage: Stage) -> None:
    run = await debugged(stage, "python3", "main.py")
    async with adapter(stage, run) as (to_debugger, _):
        to_debugger.write(CONFIGURED + STOPPED)
        await asyncio.sleep(0)
        await until_held(stage, run, is_held=True)
    await until_held(stage, run, is_held=False)


async def test_a_reboot_waits_for_a_debugger_again_and_what_was_held_does_not_count(stage: Stage) -> None:
    run = await debugged(stage, "python3", "main.py")
    await stage.clock.advance(HOUR)
    await stage.orchestrator.orders.reboot(stage.current(run))
    await stage.clock.advance(HOUR)
    assert stage.current(run).status is JobStatus.RUNNING
    assert len(stage.containers_of(run)) == 2
    assert (await stage.finish(run)).status is JobStatus.SUCCEEDED


async def test_the_debug_port_is_open_on_loopback_only(stage: Stage) -> None:
    run = await debugged(stage, "python3", "main.py")
    for address, is_open in {"127.0.0.1": True, "127.0.0.2": False}.items():
        with socket.socket() as debugger:
            assert (debugger.connect_ex((address, run.debug_port or 0)) == 0) is is_open


async def test_a_port_that_is_in_use_is_reported_and_opened_later(stage: Stage) -> None:
    with socket.create_server(("127.0.0.1", 0)) as occupied:
        actor = await stage.create_actor("debugged")
        image = stage.orchestrator.builds.resolve(actor, "latest").image or ""
        stage.engine.images_by_name[image] = replace(stage.engine.images_by_name[image], start=("python3", "a.py"))
        port = occupied.getsockname()[1]
        run = await stage.start(actor, debug_port=port)
        await stage.clock.advance(60)
    reports = [line for line in await stage.log_of(run.id) if "No debugger can attach at" in line]
    assert len(reports) == 1 and f"127.0.0.1:{port}" in reports[0]
    await stage.clock.advance(60)
    await asyncio.to_thread(lambda: socket.create_connection(("127.0.0.1", port), 10).close())


async def test_a_debugger_that_does_not_read_does_not_hold_a_run_that_has_ended(stage: Stage) -> None:
    async def send_without_end(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while True:
                writer.write(STOPPED * 1000)
                await writer.drain()

    run = await debugged(stage, "python", "main.py")
    program = await asyncio.start_server(send_without_end, "127.0.0.1", 0)
    listens(stage, run, program.sockets[0].getsockname()[1])
    _, debugger = await asyncio.open_connection("127.0.0.1", run.debug_port, limit=1)
    await until_held(stage, run, is_held=True)
    async with asyncio.timeout(30):
        await stage.finish(run)
    assert stage.current(run).status is JobStatus.SUCCEEDED
    debugger.close()
    program.close()
