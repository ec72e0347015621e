"""The responses that the client receives."""

from __future__ import annotations

import asyncio
import gzip

import aiohttp
import pytest
from aiohttp import web

from tests.api.web_server.proxy_stage import ProxyStage, Upstream, connected, replying, values

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_response_headers_are_forwarded_except_hop_by_hop_headers(
    stage: ProxyStage, client: aiohttp.ClientSession
) -> None:
    reply = (
        b"HTTP/1.1 201 Created\r\nConnection: close, x-named\r\nX-Named: 1\r\nKeep-Alive: 5\r\nTrailer: x\r\n"
        b"Proxy-Authenticate: Basic\r\nSet-Cookie: a=1; Path=/; Domain=runs.localhost\r\nSet-Cookie: b=2\r\n"
        b"Server: nginx\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\nX-Kept: \xc5\xbe\r\nContent-Length: 2\r\n\r\nok"
    )
    async with replying(stage, reply), client.get(stage.url()) as response:
        assert (response.status, await response.read()) == (201, b"ok")
        assert not {"X-Named", "Keep-Alive", "Trailer", "Proxy-Authenticate"} & set(response.headers)
        assert values(response, "Set-Cookie") == ["a=1; Path=/; Domain=runs.localhost", "b=2"]
        assert values(response, "Server") == ["nginx"]
        assert len(values(response, "Date")) == 1
        assert values(response, "X-Kept") == ["ž"]
        assert "Content-Security-Policy" not in response.headers


async def test_headers_with_invalid_values_are_dropped(stage: ProxyStage, client: aiohttp.ClientSession) -> None:
    reply = b"HTTP/1.1 200 OK\r\nLink: <\x01>\r\nX-Kept: caf\xe9\tau lait\r\nContent-Length: 2\r\n\r\nok"
    async with replying(stage, reply), client.get(stage.url()) as response:
        assert (response.status, await response.read()) == (200, b"ok")
        assert "Link" not in response.headers
        assert dict(response.raw_headers)[b"x-kept"] == b"caf\xe9\tau lait"


async def test_server_sent_events_arrive_immediately(
    stage: ProxyStage, client: aiohttp.ClientSession, upstream: Upstream
) -> None:
    first_read = asyncio.Event()

    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(b"data: 1\n\n")
        await first_read.wait()
        await response.write(b"data: 2\n\n")
        return response

    await upstream(handler)
    async with client.get(stage.url()) as response:
        assert response.content_type == "text/event-stream"
        assert await response.content.readuntil(b"\n\n") == b"data: 1\n\n"
        first_read.set()
        assert await response.read() == b"data: 2\n\n"


async def test_the_head_arrives_before_any_body(
    stage: ProxyStage, client: aiohttp.ClientSession, upstream: Upstream
) -> None:
    head_read = asyncio.Event()

    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"")
        await head_read.wait()
        return response

    await upstream(handler)
    async with client.get(stage.url()) as response:
        assert response.status == 200
        head_read.set()
        assert await response.read() == b""


async def test_an_encoded_body_is_unchanged(
    stage: ProxyStage, client: aiohttp.ClientSession, upstream: Upstream
) -> None:
    body = gzip.compress(b"hello" * 1000)

    async def handler(request: web.Request) -> web.Response:
        return web.Response(body=body, headers={"Content-Encoding": "gzip"})

    await upstream(handler)
    async with client.get(stage.url(), headers={"Accept-Encoding": "gzip"}) as response:
        assert (await response.read(), response.headers["Content-Encoding"]) == (body, "gzip")
        assert response.headers["Content-Length"] == str(len(body))


@pytest.mark.parametrize(
    ("method", "reply", "length"),
    [
        ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n", b"1234"),
        ("HEAD", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", None),
        ("GET", b"HTTP/1.1 204 No Content\r\n\r\n", None),
        ("GET", b"HTTP/1.1 304 Not Modified\r\nETag: x\r\nContent-Length: 1234\r\n\r\n", None),
        ("GET", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b"0"),
    ],
)
async def test_the_connection_is_usable_after_responses_without_a_body(
    stage: ProxyStage, method: str, reply: bytes, length: bytes | None
) -> None:
    request = f"{method} / HTTP/1.1\r\nHost: {stage.host}\r\n\r\n".encode()
    async with replying(stage, reply), connected(stage) as (reader, writer):
        for _ in range(2):
            writer.write(request)
            head = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")
            assert head[0].split(b" ")[1] == reply.split(b" ")[1]
            assert [line[16:] for line in head if line.startswith(b"content-length")] == ([length] if length else [])
            assert not any(line.startswith(b"transfer-encoding") for line in head)


async def test_a_response_that_ends_with_its_connection(stage: ProxyStage, client: aiohttp.ClientSession) -> None:
    async with replying(stage, b"HTTP/1.0 200 OK\r\n\r\nall of it"), client.get(stage.url()) as response:
        assert await response.read() == b"all of it"


async def test_redirects_are_forwarded(stage: ProxyStage, client: aiohttp.ClientSession, upstream: Upstream) -> None:
    paths = []

    async def handler(request: web.Request) -> web.Response:
        paths.append(request.path)
        return web.Response(status=302, headers={"Location": "/login", "Set-Cookie": "a=1"})

    await upstream(handler)
    async with client.get(stage.url("/start"), allow_redirects=False) as response:
        assert (response.status, response.headers["Location"]) == (302, "/login")
    assert paths == ["/start"]


async def test_cookies_are_not_shared_between_clients(
    stage: ProxyStage, client: aiohttp.ClientSession, upstream: Upstream
) -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(text=str(dict(request.cookies)), headers={"Set-Cookie": "secret=1; Path=/"})

    await upstream(handler)
    for _ in range(2):
        async with client.get(stage.url()) as response:
            assert await response.text() == "{}"


async def test_headers_of_64_kilobytes(stage: ProxyStage, client: aiohttp.ClientSession, upstream: Upstream) -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(headers={"X-Big": request.headers["X-Big"]})

    await upstream(handler)
    big = "x" * 65_536
    async with client.get(stage.url("/?" + "q" * 32_000), headers={"X-Big": big}) as response:
        assert response.headers["X-Big"] == big


async def test_many_concurrent_streams(stage: ProxyStage, upstream: Upstream) -> None:
    """More than the default limit of an aiohttp connector, which is 100."""
    streams, all_arrived = 120, asyncio.Event()
    arrived = 0

    async def handler(request: web.Request) -> web.Response:
        nonlocal arrived
        arrived += 1
        if arrived == streams:
            all_arrived.set()
        await all_arrived.wait()
        return web.Response(text="together")

    async def fetch(session: aiohttp.ClientSession) -> str:
        async with session.get(stage.url(), headers={"Host": stage.host}) as response:
            return await response.text()

    await upstream(handler)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        assert set(await asyncio.gather(*(fetch(session) for _ in range(streams)))) == {"together"}
