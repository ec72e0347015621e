"""What of a response the client gets."""

from __future__ import annotations

import asyncio
import gzip

import aiohttp
import pytest
from aiohttp import web

from tests.api.web_server.proxy_stage import ProxyStage, Upstream, connected, replying, values

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_answer_headers_pass_except_those_of_the_hop(stage: ProxyStage, client: aiohttp.ClientSession) -> None:
    reply = (
        b"HTTP/1.1 201 Created\r\nConnection: close, x-named\r\nX-Named: 1\r\nKeep-Alive: 5\r\nTrailer: x\r\n"
        b"Proxy-Authenticate: Basic\r\nSet-Cookie: a=1; Path=/; Domain=runs.localhost\r\nSet-Cookie: b=2\r\n"
        b"Server: nginx\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\nX-Kept: \xc5\xbe\r\nContent-Length: 2\r\n\r\nok"
    )
    async with replying(stage, reply), client.get(stage.url()) as answer:
        assert (answer.status, await answer.read()) == (201, b"ok")
        assert not {"X-Named", "Keep-Alive", "Trailer", "Proxy-Authenticate"} & set(answer.headers)
        assert values(answer, "Set-Cookie") == ["a=1; Path=/; Domain=runs.localhost", "b=2"]
        assert values(answer, "Server") == ["nginx"]
        assert len(values(answer, "Date")) == 1
        assert values(answer, "X-Kept") == ["ž"]
        assert "Content-Security-Policy" not in answer.headers


async def test_headers_with_invalid_values_are_left_out(stage: ProxyStage, client: aiohttp.ClientSession) -> None:
    reply = b"HTTP/1.1 200 OK\r\nLink: <\x01>\r\nX-Kept: caf\xe9\tau lait\r\nContent-Length: 2\r\n\r\nok"
    async with replying(stage, reply), client.get(stage.url()) as answer:
        assert (answer.status, await answer.read()) == (200, b"ok")
        assert "Link" not in answer.headers
        assert dict(answer.raw_headers)[b"x-kept"] == b"caf\xe9\tau lait"


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
    async with client.get(stage.url()) as answer:
        assert answer.content_type == "text/event-stream"
        assert await answer.content.readuntil(b"\n\n") == b"data: 1\n\n"
        first_read.set()
        assert await answer.read() == b"data: 2\n\n"


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
    async with client.get(stage.url()) as answer:
        assert answer.status == 200
        head_read.set()
        assert await answer.read() == b""


async def test_an_encoded_body_is_untouched(
    stage: ProxyStage, client: aiohttp.ClientSession, upstream: Upstream
) -> None:
    body = gzip.compress(b"hello" * 1000)

    async def handler(request: web.Request) -> web.Response:
        return web.Response(body=body, headers={"Content-Encoding": "gzip"})

    await upstream(handler)
    async with client.get(stage.url(), headers={"Accept-Encoding": "gzip"}) as answer:
        assert (await answer.read(), answer.headers["Content-Encoding"]) == (body, "gzip")
        assert answer.headers["Content-Length"] == str(len(body))


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
async def test_answers_without_a_body_leave_the_connection_usable(
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


async def test_an_answer_that_ends_with_its_connection(stage: ProxyStage, client: aiohttp.ClientSession) -> None:
    async with replying(stage, b"HTTP/1.0 200 OK\r\n\r\nall of it"), client.get(stage.url()) as answer:
        assert await answer.read() == b"all of it"


async def test_redirects_pass(stage: ProxyStage, client: aiohttp.ClientSession, upstream: Upstream) -> None:
    paths = []

    async def handler(request: web.Request) -> web.Response:
        paths.append(request.path)
        return web.Response(status=302, headers={"Location": "/login", "Set-Cookie": "a=1"})

    await upstream(handler)
    async with client.get(stage.url("/start"), allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (302, "/login")
    assert paths == ["/start"]


async def test_cookies_of_one_client_are_not_anothers(
    stage: ProxyStage, client: aiohttp.ClientSession, upstream: Upstream
) -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(text=str(dict(request.cookies)), headers={"Set-Cookie": "secret=1; Path=/"})

    await upstream(handler)
    for _ in range(2):
        async with client.get(stage.url()) as answer:
            assert await answer.text() == "{}"


async def test_headers_of_64_kilobytes(stage: ProxyStage, client: aiohttp.ClientSession, upstream: Upstream) -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(headers={"X-Big": request.headers["X-Big"]})

    await upstream(handler)
    big = "x" * 65_536
    async with client.get(stage.url("/?" + "q" * 32_000), headers={"X-Big": big}) as answer:
        assert answer.headers["X-Big"] == big


async def test_many_concurrent_streams(stage: ProxyStage, upstream: Upstream) -> None:
    """More than an aiohttp connector's own limit of 100."""
    streams, everybody = 120, asyncio.Event()
    here = 0

    async def handler(request: web.Request) -> web.Response:
        nonlocal here
        here += 1
        if here == streams:
            everybody.set()
        await everybody.wait()
        return web.Response(text="together")

    async def fetch(session: aiohttp.ClientSession) -> str:
        async with session.get(stage.url(), headers={"Host": stage.host}) as answer:
            return await answer.text()

    await upstream(handler)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        assert set(await asyncio.gather(*(fetch(session) for _ in range(streams)))) == {"together"}
