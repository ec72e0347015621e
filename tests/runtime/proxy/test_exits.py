"""Upstream proxies: HTTP and SOCKS, for all groups or for one."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from runtime.base.proxy_settings import parse_proxy_settings
from tests.fakes.proxy import ProxyStage, echo, proxying, responding, serving

HELLO = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


@asynccontextmanager
async def behind(upstream: str) -> AsyncIterator[ProxyStage]:
    async with proxying(parse_proxy_settings(upstream, "127.0.0.1")) as stage:
        yield stage


def basic(username: str, password: str) -> bytes:
    return b"Proxy-Authorization: Basic " + base64.b64encode(f"{username}:{password}".encode()) + b"\r\n"


async def test_requests_through_an_http_proxy() -> None:
    received: list[bytes] = []
    async with serving(responding(HELLO, received)) as port, behind(f"http://u:p@127.0.0.1:{port}") as stage:
        assert (await stage.get("http://site.example/a?b")).endswith(b"hello")
    [head] = received
    assert head.startswith(b"GET http://site.example/a?b HTTP/1.1\r\nHost: site.example\r\n")
    assert head.count(b"Proxy-Authorization") == 1 and basic("u", "p") in head


@pytest.mark.parametrize("method", ["GET", "CONNECT"])
async def test_the_parameters_are_passed_on_to_another_apify_proxy(method: str) -> None:
    """An upstream with a password, but without a user name, gets the user name of the client."""
    received: list[bytes] = []
    async with serving(responding(HELLO, received)) as port, behind(f"http://:secret@127.0.0.1:{port}") as stage:
        target = "http://site.example/" if method == "GET" else "site.example:443"
        await stage.get(target, "groups-RESIDENTIAL,session-a,country-US", method=method)
    assert basic("groups-RESIDENTIAL,session-a,country-US", "secret").strip() in received[0]


async def tunneling(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """An HTTP proxy that connects every client to an echo."""
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"CONNECT site.example:443 HTTP/1.1\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    await echo(reader, writer)


async def socks5(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A SOCKS5 proxy that connects every client to an echo. It gets the name, not an address."""
    _, count = await reader.readexactly(2)
    await reader.readexactly(count)
    writer.write(b"\x05\x00")
    assert await reader.readexactly(5) == b"\x05\x01\x00\x03\x0c"
    assert await reader.readexactly(14) == b"site.example\x01\xbb"
    writer.write(b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")
    await echo(reader, writer)


async def test_tunnels_through_an_http_proxy() -> None:
    async with serving(tunneling) as port, behind(f"http://127.0.0.1:{port}") as stage:
        reader, writer = await stage.connect("site.example:443")
        writer.write(b"hi")
        writer.write_eof()
        assert await reader.read() == b"hi<end>"


async def test_tunnels_through_a_socks_proxy() -> None:
    async with serving(socks5) as port, behind(f"socks5://127.0.0.1:{port}") as stage:
        reader, writer = await stage.connect("site.example:443")
        writer.write(b"hi")
        writer.write_eof()
        assert await reader.read() == b"hi<end>"


async def test_a_group_has_its_own_upstream() -> None:
    async with (
        serving(responding(HELLO)) as one,
        serving(responding(HELLO.replace(b"hello", b"other"))) as other,
        behind(f"RESIDENTIAL=http://127.0.0.1:{one},*=http://127.0.0.1:{other}") as stage,
    ):
        assert (await stage.get("http://site.example/", "groups-RESIDENTIAL")).endswith(b"hello")
        assert (await stage.get("http://site.example/")).endswith(b"other")


@pytest.mark.parametrize(
    ("response", "method", "status"),
    [
        (b"HTTP/1.1 407 Auth\r\nContent-Length: 0\r\n\r\n", "GET", b"597 Auth Failed"),
        (b"HTTP/1.1 407 Auth\r\nContent-Length: 0\r\n\r\n", "CONNECT", b"597 Auth Failed"),
        (b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", "CONNECT", b"590 Non Successful"),
        (b"nonsense\r\n\r\n", "CONNECT", b"590 Non Successful"),
    ],
)
async def test_failures_of_the_upstream(response: bytes, method: str, status: bytes) -> None:
    async with serving(responding(response)) as port, behind(f"http://127.0.0.1:{port}") as stage:
        target = "http://site.example/" if method == "GET" else "site.example:443"
        assert (await stage.get(target, method=method)).startswith(b"HTTP/1.1 " + status)


@pytest.mark.parametrize("target", ["http://169.254.169.254/", "http://localhost/", "http://host.greenroom.internal/"])
async def test_an_upstream_gets_no_requests_for_this_machine(target: str) -> None:
    async with behind("http://127.0.0.1:1") as stage:
        assert (await stage.get(target)).startswith(b"HTTP/1.1 403 ")


@pytest.mark.parametrize("scheme", ["http", "socks5"])
async def test_an_upstream_that_does_not_listen(scheme: str) -> None:
    async with behind(f"{scheme}://127.0.0.1:1") as stage:
        assert (await stage.get("http://site.example/")).startswith(b"HTTP/1.1 594 ")
