"""Long responses of simulated engines, on the event loop and in a thread."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager, suppress

import docker.errors
import pytest

from runtime.containers import EngineUnavailable, response_stream
from runtime.containers.connection import EngineConnection
from runtime.containers.response_stream import BUFFER_BYTES, PIECE_BYTES, read_response
from tests.runtime.containers.conftest import wait_until

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
VERSION = b'{"ApiVersion": "1.41"}'

Respond = Callable[[asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def engine(respond: Respond) -> AsyncIterator[EngineConnection]:
    """Yield a connection to a simulated engine, which returns its version, and calls `respond` for a log."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        with suppress(ConnectionError):
            if head.startswith(b"GET /v1.41/log?follow=1 "):
                await respond(writer)
            else:
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(VERSION), VERSION))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        connection = EngineConnection(f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        await connection.open()
        yield connection
        connection.close()


def sends(*parts: bytes) -> Respond:
    async def respond(writer: asyncio.StreamWriter) -> None:
        for part in parts:
            writer.write(part)
            await writer.drain()

    return respond


async def body_of(connection: EngineConnection) -> bytes:
    return b"".join([piece async for piece in read_response(connection, "/log", {"follow": 1})])


@pytest.fixture(params=["on the loop", "in a thread"], autouse=True)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "in a thread":  # as for an engine that only docker-py reaches
        monkeypatch.setattr(response_stream, "is_direct", lambda connection: False)
    return str(request.param)


async def test_the_body_arrives_complete_in_whatever_parts_it_is_sent() -> None:
    async with engine(sends(CHUNKED + b"4\r\nsome", b"\r\n6\r\n lines\r\n", b"0\r\n\r\n")) as connection:
        assert await body_of(connection) == b"some lines"


async def test_an_error_response_is_an_error_of_docker() -> None:
    body = b'{"message": "No such container: c1"}'
    head = b"HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
    async with engine(sends(head + body[:5], body[5:])) as connection:
        with pytest.raises(docker.errors.NotFound, match="No such container: c1"):
            await body_of(connection)


async def test_a_response_that_breaks_off_is_an_error_after_what_has_arrived() -> None:
    async with engine(sends(CHUNKED + b"4\r\nsome\r\n6\r\n l")) as connection:
        received = []
        with pytest.raises(EngineUnavailable, match="connection to the Docker engine was lost"):
            async for piece in read_response(connection, "/log", {"follow": 1}):
                received.append(piece)
        assert b"".join(received).startswith(b"some")


async def test_a_stopped_engine_is_unavailable() -> None:
    async with engine(sends()) as connection:
        pass
    with pytest.raises(EngineUnavailable):
        await body_of(connection)


async def test_a_slow_reader_limits_what_is_received(way: str) -> None:
    """Otherwise a verbose Actor could fill the server's memory."""
    if way == "in a thread":
        pytest.skip("test_threaded_stream.py tests the buffer of the thread")
    sent = 0

    async def respond(writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(CHUNKED)
        for _ in range(1000):
            writer.write(b"10000\r\n" + bytes(1 << 16) + b"\r\n")
            await writer.drain()
            sent += 1 << 16

    async with engine(respond) as connection, aclosing(read_response(connection, "/log", {"follow": 1})) as pieces:
        assert len(await anext(pieces)) >= PIECE_BYTES
        before = -1
        while before != sent:  # until the sender waits
            before = sent
            await asyncio.sleep(0.05)
        assert sent < BUFFER_BYTES + (32 << 20)  # what the sockets of the system hold
        received = [len(await anext(pieces)) for _ in range(1000)]
        assert sum(received) >= 1000 * PIECE_BYTES
        await wait_until(lambda: sent > before)
