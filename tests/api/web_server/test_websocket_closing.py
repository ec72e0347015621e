"""Closes of a WebSocket by either side."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest
from aiohttp import web

from tests.api.web_server.proxy_stage import ProxyStage, Upstream, connected, replying
from tests.api.web_server.web_sockets import SWITCHING, handshake, talking

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize(("code", "reason"), [(1000, ""), (1001, "bye"), (3001, "mine"), (4999, "žluť")])
async def test_the_clients_close_is_forwarded(
    stage: ProxyStage, client: aiohttp.ClientSession, upstream: Upstream, code: int, reason: str
) -> None:
    closed: asyncio.Future[tuple[int, str]] = asyncio.get_running_loop().create_future()

    async def talk(web_socket: web.WebSocketResponse) -> None:
        message = await web_socket.receive()
        closed.set_result((message.data, message.extra or ""))

    await upstream(talking(talk))
    async with client.ws_connect(stage.url()) as web_socket:
        await web_socket.close(code=code, message=reason.encode())
        assert await closed == (code, reason)


@pytest.mark.parametrize(("code", "reason"), [(1000, ""), (1008, "no"), (1011, "žluť"), (1012, ""), (4001, "mine")])
async def test_the_containers_close_is_forwarded(
    stage: ProxyStage, client: aiohttp.ClientSession, upstream: Upstream, code: int, reason: str
) -> None:
    acknowledged: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()

    async def talk(web_socket: web.WebSocketResponse) -> None:
        await web_socket.send_str("last words")
        await web_socket.close(code=code, message=reason.encode())
        acknowledged.set_result(web_socket.close_code)

    await upstream(talking(talk))
    async with client.ws_connect(stage.url()) as web_socket:
        assert await web_socket.receive_str() == "last words"
        message = await web_socket.receive()
        assert (message.type, message.data, message.extra or "") == (aiohttp.WSMsgType.CLOSE, code, reason)
    # aiohttp acknowledges every close with the code 1000.
    assert await acknowledged == 1000


async def test_a_close_without_a_code_stays_without_a_code(
    stage: ProxyStage, client: aiohttp.ClientSession, upstream: Upstream
) -> None:
    async def talk(web_socket: web.WebSocketResponse) -> None:
        await web_socket.send_frame(b"", aiohttp.WSMsgType.CLOSE)
        await web_socket.receive()

    await upstream(talking(talk))
    async with client.ws_connect(stage.url()) as web_socket:
        message = await web_socket.receive()
        assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 0)


async def test_the_death_of_a_container_ends_the_connection_without_a_close(
    stage: ProxyStage, client: aiohttp.ClientSession, upstream: Upstream
) -> None:
    async def handler(request: web.Request) -> web.WebSocketResponse:
        web_socket = web.WebSocketResponse()
        await web_socket.prepare(request)
        await web_socket.send_str("last words")
        await web_socket.receive()
        assert request.transport is not None
        request.transport.abort()
        return web_socket

    await upstream(handler)
    async with client.ws_connect(stage.url(), autoclose=False) as web_socket:
        assert await web_socket.receive_str() == "last words"
        await web_socket.send_str("die")
        message = await web_socket.receive()
        assert message.type is aiohttp.WSMsgType.CLOSED


async def test_a_client_that_is_lost_ends_the_connection_of_the_container(
    stage: ProxyStage, upstream: Upstream
) -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def talk(web_socket: web.WebSocketResponse) -> None:
        begun.set()
        try:
            await web_socket.receive()
        finally:
            ended.set()

    await upstream(talking(talk))
    async with connected(stage) as (reader, writer):
        writer.write(handshake(stage))
        await reader.readuntil(b"\r\n\r\n")
        await begun.wait()
        writer.transport.abort()
    await ended.wait()


async def test_a_side_that_stays_after_the_other_has_left_is_disconnected(
    stage: ProxyStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The container ends its side. The client reads that, but does not close its own side."""
    monkeypatch.setattr("api.web_server.splice.LINGER_SECS", 0.1)
    async with replying(stage, SWITCHING + b"last words"), connected(stage) as (reader, writer):
        writer.write(handshake(stage))
        assert (await reader.read()).endswith(b"\r\n\r\nlast words")
        with pytest.raises(ConnectionError):
            while True:
                writer.write(b"still here")
                await writer.drain()
                await asyncio.sleep(0.01)
