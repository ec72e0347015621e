"""Clients and containers that disconnect during an exchange."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest
from aiohttp import web

from tests.api.web_server.proxy_stage import EndlessHandler, ProxyStage, Upstream, connected, replying

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_client_that_disconnects_during_a_stream_ends_it(
    stage: ProxyStage, client: aiohttp.ClientSession, upstream: Upstream
) -> None:
    handler = EndlessHandler(b"data: 1\n\n")
    await upstream(handler)
    async with client.get(stage.url()) as response:
        await response.content.readuntil(b"\n\n")
        response.close()
        await handler.cancelled.wait()


async def test_a_client_that_disconnects_before_the_response_ends_the_request(
    stage: ProxyStage, upstream: Upstream
) -> None:
    handler = EndlessHandler()
    await upstream(handler)
    async with connected(stage) as (_, writer):
        writer.write(f"GET / HTTP/1.1\r\nHost: {stage.host}\r\n\r\n".encode())
        await handler.begun.wait()
    await handler.cancelled.wait()


async def test_a_client_that_disconnects_during_an_upload_ends_it(stage: ProxyStage, upstream: Upstream) -> None:
    begun, broken = asyncio.Event(), asyncio.Event()

    async def handler(request: web.Request) -> web.Response:
        begun.set()
        try:
            await request.read()
        except (ConnectionError, aiohttp.ClientError, asyncio.CancelledError):
            broken.set()
            raise
        return web.Response()

    await upstream(handler)
    async with connected(stage) as (_, writer):
        writer.write(f"POST / HTTP/1.1\r\nHost: {stage.host}\r\nContent-Length: 1000\r\n\r\npart".encode())
        await begun.wait()
    await broken.wait()


async def test_a_client_that_disconnects_during_an_upload_ends_a_response_that_has_begun(
    stage: ProxyStage, upstream: Upstream
) -> None:
    handler = EndlessHandler(b"begun")
    await upstream(handler)
    async with connected(stage) as (reader, writer):
        writer.write(f"POST / HTTP/1.1\r\nHost: {stage.host}\r\nContent-Length: 9\r\n\r\npart".encode())
        await reader.readuntil(b"begun")
    await handler.cancelled.wait()


async def test_a_server_that_stops_ends_both_sides(stage: ProxyStage, upstream: Upstream) -> None:
    handler = EndlessHandler(b"data: 1\n\n")
    await upstream(handler)
    async with connected(stage) as (reader, writer):
        writer.write(f"GET / HTTP/1.1\r\nHost: {stage.host}\r\n\r\n".encode())
        await reader.readuntil(b"data: 1\n\n")
        stage.web_servers.close()
        assert not (await reader.read()).endswith(b"0\r\n\r\n")
        await handler.cancelled.wait()
    assert not stage.web_servers.open_forwardings


async def test_a_client_that_closes_its_sending_side_has_disconnected(stage: ProxyStage, upstream: Upstream) -> None:
    """It cannot be distinguished from one that has closed its connection, so nginx does the same."""
    handler = EndlessHandler()
    await upstream(handler)
    async with connected(stage) as (reader, writer):
        writer.write(f"GET / HTTP/1.1\r\nHost: {stage.host}\r\n\r\n".encode())
        await handler.begun.wait()
        writer.write_eof()
        await handler.cancelled.wait()
        assert await reader.read() == b""


async def test_a_container_that_closes_its_sending_side_has_responded(stage: ProxyStage) -> None:
    """It receives the rest of the request, which it has already answered, or closes."""
    received = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n")
        assert await reader.readexactly(4) == b"body"
        writer.write(b"0\r\n\r\n")
        writer.write_eof()
        await reader.read()
        received.set()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    stage.leads_to(server.sockets[0].getsockname()[1])
    async with connected(stage) as (reader, writer):
        writer.write(f"POST / HTTP/1.1\r\nHost: {stage.host}\r\nContent-Length: 4\r\n\r\n".encode())
        await reader.readuntil(b"ok")
        writer.write(b"body")
        await reader.readuntil(b"0\r\n\r\n")
        await received.wait()
    server.close()


@pytest.mark.parametrize(
    "reply",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n",
    ],
)
async def test_an_incomplete_response_is_incomplete_for_the_client(
    stage: ProxyStage, client: aiohttp.ClientSession, reply: bytes
) -> None:
    async with replying(stage, reply), client.get(stage.url()) as response:
        with pytest.raises(aiohttp.ClientPayloadError):
            await response.read()
