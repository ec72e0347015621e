"""The requests that the container receives."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web

from api.web_server.request import RequestHeaders, WebRequest
from api.web_server.run_address import RunAddress
from tests.api.web_server.proxy_stage import KEY, ProxyStage, Upstream, closed_port, connected

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def reflect(request: web.Request) -> web.Response:
    headers = [(name.decode().lower(), value.decode()) for name, value in request.raw_headers]
    body = (await request.read()).decode()
    return web.json_response({"method": request.method, "path": request.raw_path, "headers": headers, "body": body})


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "PURGE"])
async def test_any_method_with_its_body(
    stage: ProxyStage, client: aiohttp.ClientSession, upstream: Upstream, method: str
) -> None:
    await upstream(reflect)
    async with client.request(method, stage.url(), data=b"body") as response:
        seen = await response.json()
    assert (seen["method"], seen["body"]) == (method, "body")


async def test_an_unregistered_method() -> None:
    """uvicorn's parser only accepts registered methods, but the proxy accepts any."""
    request = WebRequest(b"FROB", RunAddress(KEY, b"", b"/x"), RequestHeaders([(b"host", b"h")]))
    assert request.head(b"\r\n\r\n").startswith(b"FROB /x HTTP/1.1\r\nhost: h\r\n")


@pytest.mark.parametrize(
    "path", ["/a%2Fb/../c//d;e?x=%20+&y=%C3%A9&empty=&a=b=c", "/?", "//double", "/%7Euser/~user", "/a?b?c", "/[x]|y"]
)
@pytest.mark.parametrize("prefix", ["", f"/greenroom/web/{KEY}"])
async def test_path_and_query_arrive_as_sent(stage: ProxyStage, upstream: Upstream, path: str, prefix: str) -> None:
    await upstream(reflect)
    host = "localhost" if prefix else stage.host
    async with connected(stage) as (reader, writer):
        writer.write(f"GET {prefix}{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        response = await reader.read()
    assert json.loads(response.partition(b"\r\n\r\n")[2])["path"] == path


async def head_seen(stage: ProxyStage, upstream: Upstream, *lines: str) -> list[tuple[str, str]]:
    await upstream(reflect)
    async with connected(stage) as (reader, writer):
        writer.write("\r\n".join(["GET / HTTP/1.1", "Connection: close", *lines, "", ""]).encode())
        response = await reader.read()
    return [(name, value) for name, value in json.loads(response.partition(b"\r\n\r\n")[2])["headers"]]


async def test_request_headers_are_forwarded_and_only_forwarding_headers_are_added(
    stage: ProxyStage, upstream: Upstream
) -> None:
    passing = [
        ("authorization", "Bearer the-containers-own-business"),
        ("cookie", "a=1"),
        ("x-twice", "1"),
        ("x-twice", "2"),
        ("x-utf8", "žluť"),
    ]
    seen = await head_seen(stage, upstream, f"Host: {stage.host}", *(f"{name}: {value}" for name, value in passing))
    added = [
        ("x-forwarded-for", "127.0.0.1"),
        ("x-forwarded-host", stage.host),
        ("x-forwarded-proto", "http"),
    ]
    assert sorted(seen) == sorted([("host", stage.host), *passing, *added])


async def test_hop_by_hop_request_headers_are_not_forwarded(stage: ProxyStage, upstream: Upstream) -> None:
    hops = ["Keep-Alive: 5", "TE: trailers", "Proxy-Authorization: Basic eDp5", "Proxy-Connection: x", "X-Named: 1"]
    seen = await head_seen(stage, upstream, f"Host: {stage.host}", "Connection: x-named", *hops, "X-Kept: 1")
    names = {name for name, _ in seen}
    assert not names & {"keep-alive", "te", "proxy-authorization", "proxy-connection", "x-named"}
    assert "x-kept" in names


async def test_forwarded_headers_of_a_proxy_in_front_of_the_server(stage: ProxyStage, upstream: Upstream) -> None:
    theirs = ["X-Forwarded-For: 203.0.113.7", "X-Forwarded-Host: spoofed", "X-Forwarded-Proto: spoofed"]
    seen = dict(await head_seen(stage, upstream, f"Host: {stage.host}", *theirs))
    assert seen["x-forwarded-for"] == "203.0.113.7, 127.0.0.1"
    assert (seen["x-forwarded-host"], seen["x-forwarded-proto"]) == (stage.host, "http")


@pytest.mark.parametrize("length", [None, "8"])
async def test_an_upload_streams(
    stage: ProxyStage, client: aiohttp.ClientSession, upstream: Upstream, length: str | None
) -> None:
    arrived: asyncio.Queue[bytes] = asyncio.Queue()

    async def handler(request: web.Request) -> web.Response:
        async for piece in request.content.iter_any():
            arrived.put_nowait(piece)
        return web.Response(text=request.headers.get("Content-Length", "chunked"))

    async def body() -> AsyncIterator[bytes]:
        yield b"one,"
        assert await arrived.get() == b"one,"
        yield b"two."

    await upstream(handler)
    headers = {"Content-Length": length} if length else {}
    async with client.post(stage.url(), data=body(), headers=headers) as response:
        assert await response.text() == (length or "chunked")
    assert arrived.get_nowait() == b"two."


async def test_the_response_may_start_before_the_request_body(stage: ProxyStage, upstream: Upstream) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"ready")
        await response.write(await request.read())
        return response

    await upstream(handler)
    async with connected(stage) as (reader, writer):
        writer.write(f"POST / HTTP/1.1\r\nHost: {stage.host}\r\nContent-Length: 4\r\n\r\n".encode())
        await reader.readuntil(b"ready\r\n")
        writer.write(b"body")
        assert await reader.readuntil(b"0\r\n\r\n") == b"4\r\nbody\r\n0\r\n\r\n"


async def test_an_early_response_ends_the_upload(stage: ProxyStage, upstream: Upstream) -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(status=413, text="too much")

    await upstream(handler)
    async with connected(stage) as (reader, writer):
        writer.write(f"POST / HTTP/1.1\r\nHost: {stage.host}\r\nContent-Length: 1000000\r\n\r\n".encode() + b"x" * 1000)
        assert (await reader.readuntil(b"too much")).startswith(b"HTTP/1.1 413 ")


async def test_greenroom_sends_100_continue(stage: ProxyStage, upstream: Upstream) -> None:
    await upstream(reflect)
    async with connected(stage) as (reader, writer):
        head = f"PUT / HTTP/1.1\r\nHost: {stage.host}\r\nExpect: 100-continue\r\nContent-Length: 4\r\n"
        writer.write(f"{head}Connection: close\r\n\r\n".encode())
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b"body")
        seen = json.loads((await reader.read()).partition(b"\r\n\r\n")[2])
    assert seen["body"] == "body"
    assert "expect" not in dict(seen["headers"])


async def test_no_100_continue_if_no_server_listens(stage: ProxyStage) -> None:
    stage.leads_to(closed_port())
    async with connected(stage) as (reader, writer):
        writer.write(
            f"PUT / HTTP/1.1\r\nHost: {stage.host}\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n".encode()
        )
        assert (await reader.readuntil(b"\r\n")).startswith(b"HTTP/1.1 502 ")
