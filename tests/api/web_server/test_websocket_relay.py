"""Messages, pings and closes of an open WebSocket."""

from __future__ import annotations

import aiohttp
import pytest
from aiohttp import web

from tests.api.web_server.proxy_stage import KEY, MEGABYTE, ProxyStage, Upstream, connected, replying
from tests.api.web_server.web_sockets import SWITCHING, echo, handshake, talking

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


async def test_pings_and_pongs_are_forwarded_both_ways(
    stage: ProxyStage, client: aiohttp.ClientSession, upstream: Upstream
) -> None:
    async def talk(web_socket: web.WebSocketResponse) -> None:
        await web_socket.ping(b"up there?")
        pong = await web_socket.receive()
        await web_socket.send_str(f"{pong.type.name} {pong.data.decode()}")
        ping = await web_socket.receive()
        await web_socket.pong(b"answer to " + bytes(ping.data))

    await upstream(talking(talk, autoping=False))
    async with client.ws_connect(stage.url(), autoping=False) as web_socket:
        ping = await web_socket.receive()
        assert (ping.type, bytes(ping.data)) == (aiohttp.WSMsgType.PING, b"up there?")
        await web_socket.pong(b"here")
        assert await web_socket.receive_str() == "PONG here"
        await web_socket.ping(b"down there?")
        pong = await web_socket.receive()
        assert (pong.type, bytes(pong.data)) == (aiohttp.WSMsgType.PONG, b"answer to down there?")


async def test_what_is_sent_around_the_handshake_is_not_lost(stage: ProxyStage) -> None:
    """The client sends bytes with its request, and the container with its response."""
    async with replying(stage, SWITCHING + b"first words"), connected(stage) as (reader, writer):
        writer.write(handshake(stage) + b"early")
        writer.write(b"words")
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101 ")
        assert await reader.read() == b"first words"


@pytest.mark.parametrize("compress", [0, 15])
async def test_both_sides_negotiate_compression(
    stage: ProxyStage, client: aiohttp.ClientSession, upstream: Upstream, compress: int
) -> None:
    await upstream(talking(echo, compress=bool(compress)))
    async with client.ws_connect(stage.url(), compress=15) as web_socket:
        assert bool(web_socket.compress) is bool(compress)
        await web_socket.send_str("x" * 1000)
        assert await web_socket.receive_str() == "x" * 1000
