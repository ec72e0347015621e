"""Closes of a WebSocket by either side."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest
from aiohttp import web
from starlette.types import Message

from tests.api.web_server.proxy_stage import ProxyStage, Upstream, called, connected
from tests.api.web_server.web_sockets import WEB_SOCKET, handshake, talking

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
    assert await acknowledged == code


async def test_a_close_without_a_code_is_normal(
    stage: ProxyStage, client: aiohttp.ClientSession, upstream: Upstream
) -> None:
    async def talk(web_socket: web.WebSocketResponse) -> None:
        await web_socket.send_frame(b"", aiohttp.WSMsgType.CLOSE)
        await web_socket.receive()

    await upstream(talking(talk))
    async with client.ws_connect(stage.url()) as web_socket:
        message = await web_socket.receive()
        assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 1000)


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


async def test_the_container_gets_going_away_when_its_client_is_lost(stage: ProxyStage, upstream: Upstream) -> None:
    begun, closed = asyncio.Event(), asyncio.get_running_loop().create_future()

    async def talk(web_socket: web.WebSocketResponse) -> None:
        begun.set()
        closed.set_result((await web_socket.receive()).data)

    await upstream(talking(talk))
    async with connected(stage) as (reader, writer):
        writer.write(handshake(stage))
        await reader.readuntil(b"\r\n\r\n")
        await begun.wait()
        writer.transport.abort()
    assert await closed == 1001


async def test_a_close_is_acknowledged_before_the_client_acknowledges_it(stage: ProxyStage, upstream: Upstream) -> None:
    acknowledged: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()

    async def talk(web_socket: web.WebSocketResponse) -> None:
        await web_socket.close(code=4001)
        acknowledged.set_result(web_socket.close_code)

    await upstream(talking(talk))
    sent = await called(stage, WEB_SOCKET, [{"type": "websocket.connect"}])
    assert sent[-1] == {"type": "websocket.close", "code": 4001, "reason": ""}
    assert await acknowledged == 4001


async def test_a_close_is_not_lost_after_sending_has_failed(stage: ProxyStage, upstream: Upstream) -> None:
    """A server may raise OSError from `send` before `receive` returns the client's close."""
    failed, closed = asyncio.Event(), asyncio.get_running_loop().create_future()

    async def talk(web_socket: web.WebSocketResponse) -> None:
        await web_socket.send_str("never arrives")
        closed.set_result((await web_socket.receive()).data)

    async def receive() -> Message:
        await failed.wait()
        return {"type": "websocket.disconnect", "code": 4001}

    async def send(message: Message) -> None:
        if message["type"] == "websocket.send":
            failed.set()
            raise OSError

    await upstream(talking(talk))
    await called(stage, WEB_SOCKET, [{"type": "websocket.connect"}], receive, send)
    assert await closed == 4001
