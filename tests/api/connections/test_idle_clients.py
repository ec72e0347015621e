"""Clients that open connections and send nothing, or only a part of a request."""

from __future__ import annotations

import asyncio
import resource
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import psutil
import pytest

from api.connections import http_protocol
from testing.live_server import LiveServer
from tests.api.connections.conftest import Application

BYTES_PER_CONNECTION = 20_000
"""A server may use this much memory for a connection without a request. In practice it is a third of it."""
USUAL_SOFT_LIMIT = 1024
IDLE = 10_000
PARTS = (b"", b"G", b"GET / HTTP/1.1\r\nHost: x\r\n", b"POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\n", b"\r\n")


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_protocol, "HEAD_SECS", 0.2)


@pytest.mark.parametrize(
    ("part", "is_reused"),
    [(b"", False), (b"G", False), (b"\r\n", False), (b"GET / HTTP/1.1\r\nHost: x\r\n", True), (b"\r\n", True)],
)
async def test_a_connection_without_a_complete_head_is_closed(
    application: Application, part: bytes, is_reused: bool
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", application.port)
    if is_reused:
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        await reader.readuntil(b"ok")
    writer.write(part)
    async with asyncio.timeout(20):
        assert await reader.read() == b""
    writer.close()


async def test_a_request_whose_head_is_complete_may_take_its_time(application: Application) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", application.port)
    writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n")
    await asyncio.sleep(2 * http_protocol.HEAD_SECS)
    writer.write(b"ab")
    assert (await reader.readuntil(b"ok")).startswith(b"HTTP/1.1 200")
    writer.close()


async def test_a_connection_whose_body_stops_arriving_is_closed(
    application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_protocol, "BODY_SECS", 0.3)
    reader, writer = await asyncio.open_connection("127.0.0.1", application.port)
    writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\n")
    for part in (b"a", b"b", b"c", b"d", b"e"):  # together longer than the limit
        await asyncio.sleep(http_protocol.BODY_SECS / 3)
        writer.write(part)
    async with asyncio.timeout(20):
        assert await reader.read() == b""
    writer.close()


@pytest.mark.docker
def test_ten_thousand_idle_connections_cost_other_clients_nothing(own_server: LiveServer) -> None:
    with open_files(IDLE + 1000) as available, ExitStack() as stack:
        before = psutil.Process(own_server.pid).memory_info().rss
        for number in range(min(IDLE, available - 1000)):
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", own_server.port)))
            connection.sendall(PARTS[number % len(PARTS)])
        assert number >= USUAL_SOFT_LIMIT
        for _ in range(3):
            assert own_server.data("GET", "users/me")["username"] == "local"
        used = psutil.Process(own_server.pid).memory_info().rss - before
        assert used < number * BYTES_PER_CONNECTION
    assert own_server.data("GET", "users/me")["username"] == "local"


@contextmanager
def open_files(wanted: int) -> Iterator[int]:
    """Raise this process's limit on open files as far as allowed."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, allowed), hard))
    try:
        yield max(soft, allowed)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
