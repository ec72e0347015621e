"""The log of a container."""

from __future__ import annotations

import asyncio

import pytest

from runtime.containers import direct_connection, response_stream
from runtime.containers.connection import EngineConnection
from runtime.containers.direct_connection import ProtocolFactory
from tests.runtime.containers.conftest import (
    SLEEP,
    Start,
    first_line,
    log_of,
    wait_until,
)

pytestmark = pytest.mark.docker


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


async def test_a_cancelled_reader_closes_its_connection(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = record_connections(monkeypatch)
    reading = asyncio.create_task(log_of(await start(SLEEP)))
    await wait_until(lambda: len(opened) == 1)
    reading.cancel()
    await wait_until(lambda: opened[0].is_closing())


async def test_after_a_lost_connection_no_line_is_missing_or_repeated(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    container = await start(
        "import time\nfor i in range(2000):\n    print(i, flush=True)\n    if i % 100 == 0: time.sleep(0.3)"
    )
    opened = record_connections(monkeypatch, cut_first=3)
    assert [int(line.text) for line in await log_of(container)] == list(range(2000))
    assert len(opened) > 3


def record_connections(monkeypatch: pytest.MonkeyPatch, cut_first: int = 0) -> list[asyncio.Transport]:
    """Record the connections to the engine on the event loop. Cut the first ones off after a moment."""
    opened: list[asyncio.Transport] = []

    async def connect(connection: EngineConnection, protocol_factory: ProtocolFactory) -> asyncio.Transport:
        transport = await direct_connection.connect(connection, protocol_factory)
        opened.append(transport)
        if len(opened) <= cut_first:
            asyncio.get_running_loop().call_later(0.2, transport.abort)
        return transport

    monkeypatch.setattr(response_stream, "connect", connect)
    return opened
