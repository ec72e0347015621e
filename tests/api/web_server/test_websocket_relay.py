"""Messages, pings and closes of an open WebSocket."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest
from aiohttp import web
from starlette.types import Message

from tests.api.web_server.proxy_stage import KEY, MEGABYTE, ProxyStage, Upstream, called
from tests.api.web_server.web_sockets import WEB_SOCKET, echo, talking

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize("path", ["/socket", f"/greenroom/web/{KEY}/socket", f"/greenroom/web/{KEY}"])
async def test_messages_both_ways(
    stage: ProxyStage, client: aiohttp.ClientSession, upstream: Upstream, path: str
) -> None:
    await upstream(talking(echo))
    headers = {"Host": stage.host if path == "/socket" else "localhost"}
    async with client.ws_connect(stage.url(path), headers=headers) as web_socket:
        for text in ("žluť", ""):
            await web_socket.send_str(text)
            assert await web_socket.receive_str() == text
        for data in (b"\x00\xff", b""):
            await web_socket.send_bytes(data)
            assert await web_socket.receive_bytes() == data


async def test_the_container_may_send_first(
    stage: ProxyStage, client: aiohttp.ClientSession, upstream: Upstream
) -> None:
    async def talk(web_socket: web.WebSocketResponse) -> None:
        await web_socket.send_str("welcome")
        await echo(web_socket)

    await upstream(talking(talk))
    async with client.ws_connect(stage.url()) as web_socket:
        assert await web_socket.receive_str() == "welcome"


@pytest.mark.parametrize("compress", [0, 15])
async def test_messages_of_16_megabytes(
    stage: ProxyStage, client: aiohttp.ClientSession, upstream: Upstream, compress: int
) -> None:
    await upstream(talking(echo))
    async with client.ws_connect(stage.url(), max_msg_size=0, compress=compress) as web_socket:
        assert bool(web_socket.compress) is bool(compress)
        data = b"0123456789abcdef" * MEGABYTE
        await web_socket.send_bytes(data)
        assert await web_socket.receive_bytes() == data


async def test_pings_from_both_sides_get_pongs(
    stage: ProxyStage, client: aiohttp.ClientSession, upstream: Upstream
) -> None:
    async def talk(web_socket: web.WebSocketResponse) -> None:
        await web_socket.ping(b"up there?")
        pong = await web_socket.receive()
        await web_socket.send_str(f"{pong.type.name} {pong.data.decode()}")

    await upstream(talking(talk, autoping=False))
    async with client.ws_connect(stage.url(), autoping=False) as web_socket:
        assert await web_socket.receive_str() == "PONG up there?"

    await upstream(talking(echo))
    async with client.ws_connect(stage.url(), autoping=False) as web_socket:
        await web_socket.ping(b"down there?")
        pong = await web_socket.receive()
        assert (pong.type, bytes(pong.data)) == (aiohttp.WSMsgType.PONG, b"down there?")


async def test_messages_to_a_dead_container_are_dropped(stage: ProxyStage, upstream: Upstream) -> None:
    async def handler(request: web.Request) -> web.WebSocketResponse:
        web_socket = web.WebSocketResponse()
        await web_socket.prepare(request)
        await web_socket.receive()
        assert request.transport is not None
        request.transport.abort()
        return web_socket

    accepted = asyncio.Event()

    async def talk_on() -> Message:
        await accepted.wait()
        await asyncio.sleep(0)
        return {"type": "websocket.receive", "text": "anybody?"}

    async def send(message: Message) -> None:
        accepted.set()

    await upstream(handler)
    sent = await called(stage, WEB_SOCKET, [{"type": "websocket.connect"}], talk_on, send)
    assert [message["type"] for message in sent] == ["websocket.accept"]
