from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web

from runtime.runs.readiness import PROBE_HEADER, is_ready


@asynccontextmanager
async def serving(handler: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]) -> AsyncIterator[int]:
    runner = web.ServerRunner(web.Server(handler))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield runner.addresses[0][1]
    await runner.cleanup()


@asynccontextmanager
async def raw(reply: bytes | None) -> AsyncIterator[int]:
    """A server that reads a request's head, then says `reply` and closes, or nothing and does not."""
    ended = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if reply is None:
            await ended.wait()
        else:
            writer.write(reply)
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    ended.set()
    server.close()
    await server.wait_closed()


async def test_the_probe_is_the_platforms() -> None:
    seen: list[tuple[str, str, str | None]] = []

    async def handler(request: web.BaseRequest) -> web.Response:
        seen.append((request.method, request.path, request.headers.get(PROBE_HEADER)))
        return web.Response()

    async with serving(handler) as port:
        assert await is_ready("127.0.0.1", port)
    assert seen == [("GET", "/", "1")]


async def test_any_status_counts() -> None:
    async def handler(request: web.BaseRequest) -> web.Response:
        raise RuntimeError("the Actor's own fault")

    async with serving(handler) as port:
        assert await is_ready("127.0.0.1", port)


async def test_a_redirect_counts_and_is_not_followed() -> None:
    paths: list[str] = []

    async def handler(request: web.BaseRequest) -> web.Response:
        paths.append(request.path)
        return web.Response(status=302, headers={"Location": "/login"})

    async with serving(handler) as port:
        assert await is_ready("127.0.0.1", port)
    assert paths == ["/"]


async def test_an_answer_that_never_ends_counts() -> None:
    async def handler(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while request.transport is not None:
            await response.write(b"data: tick\n\n")
        return response

    async with serving(handler) as port:
        assert await is_ready("127.0.0.1", port)


async def test_nothing_listens() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        assert not await is_ready("127.0.0.1", closed.getsockname()[1])


async def test_something_that_does_not_speak_http() -> None:
    async with raw(b"220 mail.example ESMTP\r\n") as port:
        assert not await is_ready("127.0.0.1", port)


async def test_something_that_closes_without_a_word() -> None:
    async with raw(b"") as port:
        assert not await is_ready("127.0.0.1", port)


async def test_something_that_accepts_and_never_answers() -> None:
    async with raw(None) as port:
        assert not await is_ready("127.0.0.1", port, timeout_secs=0.2)
