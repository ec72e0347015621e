"""The log of a container."""

from __future__ import annotations

import asyncio
import threading

import pytest
import requests

from runtime.containers.docker import DockerContainers
from tests.runtime.containers.conftest import (
    SLEEP,
    Start,
    first_line,
    log_of,
    wait_until,
)

pytestmark = pytest.mark.docker


def thread_names() -> set[str]:
    return {thread.name for thread in threading.enumerate()}


async def test_a_hundred_thousand_lines_arrive_complete_and_in_order(start: Start) -> None:
    container = await start("import sys; sys.stdout.write(''.join(f'{i}\\n' for i in range(100_000)))")
    log = await log_of(container)
    assert [int(line.text) for line in log] == list(range(100_000))
    assert [line.stamp for line in log] == sorted(line.stamp for line in log)
    assert len(log[0].stamp) == len("2026-01-01T00:00:00.000000000Z")


async def test_the_logs_of_a_busy_engine_are_complete(start: Start) -> None:
    async def numbers() -> list[int]:
        container = await start("import sys; sys.stdout.writelines(f'{i}\\n' for i in range(20_000))")
        return [int(line.text) for line in await log_of(container)]

    for log in await asyncio.gather(*(numbers() for _ in range(8))):
        assert log == list(range(20_000))


async def test_long_lines_are_joined(start: Start) -> None:
    container = await start(
        "import sys\n"
        "print('a' * (1 << 20))\n"
        "print('\\u20ac' * 5000)\n"
        "print()\n"
        "print('\\u20ac' * 20_000)\n"
        "sys.stdout.write('without an end' * 5000)"
    )
    a, short, empty, long, unfinished = [line.text for line in await log_of(container)]
    assert a == b"a" * (1 << 20)
    assert short.decode() == "\u20ac" * 5000
    assert empty == b"" and unfinished == b"without an end" * 5000
    # The engine loses a character that it splits, because its log file is JSON. All others are intact.
    assert set(long.decode()) <= {"\u20ac", "\ufffd"} and long.decode().count("\u20ac") >= 20_000 - 60_000 // 16_384


async def test_stdout_and_stderr_are_distinguished(start: Start) -> None:
    container = await start("import sys; print('out'); print('err', file=sys.stderr)")
    assert {(line.stream, line.text) for line in await log_of(container)} == {("stdout", b"out"), ("stderr", b"err")}


async def test_lines_arrive_while_the_container_runs(start: Start) -> None:
    container = await start(SLEEP)
    assert await first_line(container) == b"ready"
    state = await container.inspect()
    assert state and state.running


async def test_a_cancelled_reader_frees_its_thread(start: Start) -> None:
    container = await start(SLEEP)
    reading = asyncio.create_task(log_of(container))
    name = f"log {container.id[:12]}"
    await wait_until(lambda: name in thread_names())
    reading.cancel()
    await wait_until(lambda: name not in thread_names())


async def test_after_a_lost_connection_no_line_is_missing_or_repeated(
    door: DockerContainers, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    container = await start(
        "import time\nfor i in range(2000):\n    print(i, flush=True)\n    if i % 100 == 0: time.sleep(0.3)"
    )
    open_stream = door.connection.stream
    cut: list[str] = []

    def cut_off(response: requests.Response) -> None:
        response.raw.shutdown()
        cut.append(response.url)

    def stream(path: str, **params: str | int) -> requests.Response:
        response = open_stream(path, **params)
        if path.endswith("/logs") and len(cut) < 3:
            threading.Timer(0.2, cut_off, [response]).start()
        return response

    monkeypatch.setattr(door.connection, "stream", stream)
    assert [int(line.text) for line in await log_of(container)] == list(range(2000))
    assert len(cut) == 3
