"""Processes that are started in a running container."""

from __future__ import annotations

from contextlib import aclosing

import pytest

from runtime.containers import Exec, ExecSpec, StartFailed
from tests.runtime.containers.conftest import SLEEP, Start

pytestmark = pytest.mark.docker


async def output_of(process: Exec) -> list[tuple[int, bytes]]:
    """The whole output of a process, by stream."""
    async with aclosing(process.output()) as chunks:
        found = [(chunk.stream, chunk.data) async for chunk in chunks]
    streams = sorted({stream for stream, _ in found})
    return [(stream, b"".join(data for each, data in found if each == stream)) for stream in streams]


async def test_a_process_in_the_container_gets_input_and_returns_both_outputs(start: Start) -> None:
    container = await start(SLEEP)
    command = ("sh", "-c", "cat; echo $WORD >&2; exit 7")
    process = await container.execute(ExecSpec(command=command, has_terminal=False, environment={"WORD": "hello"}))
    await process.write(b"x" * 300_000)
    await process.end_input()
    assert await output_of(process) == [(1, b"x" * 300_000), (2, b"hello\n")]
    assert await process.exit_code() == 7
    await process.write(b"late")
    await process.end_input()


async def test_a_terminal_has_a_size_and_ends_with_the_input(start: Start) -> None:
    container = await start(SLEEP)
    process = await container.execute(ExecSpec(command=("sh",), has_terminal=True, environment={}))
    await process.resize(91, 33)
    await process.write(b"stty size\n")
    await process.end_input()
    [(stream, text)] = await output_of(process)
    assert (stream, b"33 91\r\n" in text, await process.exit_code()) == (1, True, 0)


async def test_a_process_needs_a_running_container(start: Start) -> None:
    container = await start("pass")
    await container.wait()
    with pytest.raises(StartFailed, match="not running"):
        await container.execute(ExecSpec(command=("true",), has_terminal=False, environment={}))


async def test_a_process_has_the_user_and_the_limits_of_the_actor(start: Start) -> None:
    container = await start(SLEEP)
    command = ("sh", "-c", "id -u; grep -h -e CapEff -e NoNewPrivs /proc/1/status; cat /proc/1/cgroup")
    process = await container.execute(ExecSpec(command=command, has_terminal=False, environment={}))
    own = ("sh", "-c", command[2].replace("/proc/1/", "/proc/self/"))
    same = await container.execute(ExecSpec(command=own, has_terminal=False, environment={}))
    assert await output_of(process) == await output_of(same)
