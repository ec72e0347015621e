"""Accepted and rejected WebSocket handshakes."""

from __future__ import annotations

import aiohttp
import pytest
from aiohttp import web
from yarl import URL

from tests.api.web_server.proxy_stage import EndlessHandler, ProxyStage, Upstream, closed_port, connected, replying
from tests.api.web_server.web_sockets import SWITCHING, echo, handshake, talking

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize(
    ("offered", "supported", "chosen"),
    [(("a", "b"), ("b",), "b"), (("a", "b"), (), None), (("a",), ("other",), None), ((), ("a",), None)],
)
async def test_the_container_chooses_the_subprotocol(
    stage: ProxyStage,
    client: aiohttp.ClientSession,
    upstream: Upstream,
    offered: tuple[str, ...],
    supported: tuple[str, ...],
    chosen: str | None,
) -> None:
    await upstream(talking(echo, protocols=supported))
    async with client.ws_connect(stage.url(), protocols=offered) as web_socket:
        assert web_socket.protocol == chosen


async def test_handshake_headers_are_forwarded(
    stage: ProxyStage, client: aiohttp.ClientSession, upstream: Upstream
) -> None:
    async def handler(request: web.Request) -> web.WebSocketResponse:
        web_socket = web.WebSocketResponse()
        await web_socket.prepare(request)
        await web_socket.send_json([(name.lower(), value) for name, value in request.headers.items()])
        return web_socket

    await upstream(handler)
    headers = {"Origin": "http://page.example", "Cookie": "a=1", "Authorization": "Basic eDp5"}
    async with client.ws_connect(stage.url(), headers=headers) as web_socket:
        seen = [(name, value) for name, value in await web_socket.receive_json()]
    assert {("origin", "http://page.example"), ("cookie", "a=1"), ("authorization", "Basic eDp5")} <= set(seen)
    assert {("host", stage.host), ("x-forwarded-host", stage.host), ("x-forwarded-proto", "http")} <= set(seen)
    assert len([name for name, _ in seen if name == "sec-websocket-key"]) == 1


async def rejected_handshake(client: aiohttp.ClientSession, url: URL) -> aiohttp.WSServerHandshakeError:
    with pytest.raises(aiohttp.WSServerHandshakeError) as rejection:
        await client.ws_connect(url)
    return rejection.value


async def test_a_rejection_by_the_container_is_forwarded(
    stage: ProxyStage, client: aiohttp.ClientSession, upstream: Upstream
) -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(status=401, text="who are you?", headers={"WWW-Authenticate": "Basic"})

    await upstream(handler)
    rejection = await rejected_handshake(client, stage.url())
    assert rejection.status == 401
    assert rejection.headers is not None
    assert rejection.headers["WWW-Authenticate"] == "Basic"


async def test_a_handshake_is_not_redirected(
    stage: ProxyStage, client: aiohttp.ClientSession, upstream: Upstream
) -> None:
    paths = []

    async def handler(request: web.Request) -> web.StreamResponse:
        paths.append(request.path)
        if request.path == "/elsewhere":
            return await talking(echo)(request)
        return web.Response(status=307, headers={"Location": "/elsewhere"})

    await upstream(handler)
    async with connected(stage) as (reader, writer):
        writer.write(handshake(stage))
        head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 307 ")
    assert b"location: /elsewhere" in head.lower()
    assert paths == ["/"]


@pytest.mark.parametrize(("listens", "status"), [(False, 502), (None, 404)])
async def test_errors_before_the_handshake(
    stage: ProxyStage, client: aiohttp.ClientSession, listens: bool | None, status: int
) -> None:
    if listens is not None:
        stage.leads_to(closed_port())
    assert (await rejected_handshake(client, stage.url())).status == status


async def test_a_rejection_has_its_body_and_the_connection_is_usable_afterwards(
    stage: ProxyStage, upstream: Upstream
) -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(status=426, text="please upgrade your client")

    await upstream(handler)
    async with connected(stage) as (reader, writer):
        for _ in range(2):
            writer.write(handshake(stage))
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 426 ")
            assert b"content-length: 26\r\n" in head
            assert await reader.readexactly(26) == b"please upgrade your client"


async def test_a_switch_to_another_protocol_is_a_bad_gateway(stage: ProxyStage) -> None:
    """The container accepts an upgrade that the client has not requested."""
    async with replying(stage, SWITCHING), connected(stage) as (reader, writer):
        writer.write(f"GET / HTTP/1.1\r\nHost: {stage.host}\r\n\r\n".encode())
        assert (await reader.readuntil(b"\r\n")).startswith(b"HTTP/1.1 502 ")


async def test_a_client_that_disconnects_during_the_handshake_ends_it(stage: ProxyStage, upstream: Upstream) -> None:
    handler = EndlessHandler()
    await upstream(handler)
    async with connected(stage) as (_, writer):
        writer.write(handshake(stage))
        await handler.begun.wait()
    await handler.cancelled.wait()
