from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from runtime.runs.readiness import PROBE_HEADER, is_ready
from tests.hostile_peers import fair_loop, hostile_server


@asynccontextmanager
async def serving(handler: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]) -> AsyncIterator[int]:
    """A web server with this handler. Yields its port."""
    runner = web.ServerRunner(web.Server(handler))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield runner.addresses[0][1]
    await runner.cleanup()


@asynccontextmanager
async def raw_server(reply: bytes | None) -> AsyncIterator[int]:
    """A server that reads the head of a request, sends `reply` and closes. Without a reply it stays silent."""
    ended = asyncio.Event()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if reply is None:
            await ended.wait()
        else:
            writer.write(reply)
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    ended.set()
    server.close()
    await server.wait_closed()


async def test_the_probe_is_a_get_request_with_the_platforms_header() -> None:
    requests: list[tuple[str, str, str | None]] = []

    async def handler(request: web.BaseRequest) -> web.Response:
        requests.append((request.method, request.path, request.headers.get(PROBE_HEADER)))
        return web.Response()

    async with serving(handler) as port:
        assert await is_ready("127.0.0.1", port)
    assert requests == [("GET", "/", "1")]


async def test_a_server_that_responds_with_500_is_ready() -> None:
    async def handler(request: web.BaseRequest) -> web.Response:
        raise RuntimeError("the Actor's own fault")

    async with serving(handler) as port:
        assert await is_ready("127.0.0.1", port)


async def test_a_server_that_redirects_is_ready_and_the_redirect_is_not_followed() -> None:
    paths: list[str] = []

    async def handler(request: web.BaseRequest) -> web.Response:
        paths.append(request.path)
        return web.Response(status=302, headers={"Location": "/login"})

    async with serving(handler) as port:
        assert await is_ready("127.0.0.1", port)
    assert paths == ["/"]


async def test_a_server_with_an_endless_response_is_ready() -> None:
    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while request.transport is not None:
            await response.write(b"data: tick\n\n")
            await asyncio.sleep(0)  # the probe runs on the same loop
        return response

    async with serving(handler) as port:
        assert await is_ready("127.0.0.1", port)


async def test_a_port_without_a_server_is_not_ready() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        assert not await is_ready("127.0.0.1", closed.getsockname()[1])


async def test_a_server_that_does_not_speak_http_is_not_ready() -> None:
    async with raw_server(b"220 mail.example ESMTP\r\n") as port:
        assert not await is_ready("127.0.0.1", port)


async def test_a_server_that_closes_the_connection_is_not_ready() -> None:
    async with raw_server(b"") as port:
        assert not await is_ready("127.0.0.1", port)


async def test_a_server_that_never_responds_is_not_ready() -> None:
    async with raw_server(None) as port:
        assert not await is_ready("127.0.0.1", port, timeout_secs=0.2)


ENDLESS = {
    "100": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "103": (b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"),
    "empty lines": (b"", b"\r\n"),
    "headers": (b"HTTP/1.1 200 OK\r\n", b"a:\r\n"),
    "one header": (b"HTTP/1.1 200 OK\r\nX-Long: ", b"x"),
}


@pytest.mark.parametrize(("head", "flood"), ENDLESS.values(), ids=ENDLESS)
async def test_a_head_without_end_is_not_ready(head: bytes, flood: bytes) -> None:
    with hostile_server(head, flood) as server:
        async with fair_loop():
            assert not await is_ready("127.0.0.1", server.port)
            await server.has_ended()


@pytest.mark.parametrize(
    ("head", "flood"),
    [
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        (b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n", b"\x89\x00"),
    ],
)
async def test_a_flood_after_the_head_is_not_read(head: bytes, flood: bytes) -> None:
    with hostile_server(head, flood) as server:
        async with fair_loop():
            assert await is_ready("127.0.0.1", server.port)
            await server.has_ended()
