"""Requests and tunnels, as ordinary clients send them."""

from __future__ import annotations

import asyncio
import json

import pytest

from runtime.base.proxy_settings import ProxySettings, parse_proxy_settings
from runtime.base.records import ProxyUse
from runtime.proxy.faults import Fault, FaultKind
from tests.fakes.proxy import PASSWORD, RUN, ProxyStage, authorization, echo, proxying, responding, serving

CHUNKED = b"Transfer-Encoding: chunked"
HELLO = b"HTTP/1.1 200 Fine\r\nContent-Length: 5\r\nX-Site: a\r\nKeep-Alive: x\r\nConnection: close\r\n\r\nhello"


async def test_a_request_and_its_response(proxy: ProxyStage) -> None:
    received: list[bytes] = []
    async with serving(responding(HELLO, received)) as port:
        response = await proxy.get(f"http://LOCALHOST:{port}/a?b=%2F#c")
    assert response == b"HTTP/1.1 200 Fine\r\nContent-Length: 5\r\nX-Site: a\r\n\r\nhello"
    assert received == [f"GET /a?b=%2F HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n".encode()]


@pytest.mark.parametrize(
    ("sent", "received"),
    [
        (b"HTTP/1.1 200 OK\r\n" + CHUNKED + b"\r\n\r\n5;x=y\r\nhello\r\n0\r\nA: b\r\n\r\n", b"5\r\nhello\r\n0\r\n\r\n"),
        (b"HTTP/1.1 200 OK\r\n\r\nhello", b"5\r\nhello\r\n0\r\n\r\n"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", b""),
        (b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b""),
    ],
)  # fmt: skip
async def test_framings_of_responses(proxy: ProxyStage, sent: bytes, received: bytes) -> None:
    async with serving(responding(sent)) as port:
        response = await proxy.get(f"http://localhost:{port}/")
    assert response.endswith(b"\r\n\r\n" + received)


async def test_a_connection_serves_several_requests(proxy: ProxyStage) -> None:
    async with serving(responding(HELLO)) as port:
        url = f"http://localhost:{port}/".encode()
        get = b"GET " + url + b" HTTP/1.1\r\nHost: x\r\n" + authorization() + b"\r\n"
        post = b"POST " + url + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n" + authorization() + b"\r\nabc"
        head = b"HEAD " + url + b" HTTP/1.1\r\nHost: x\r\n" + authorization() + b"\r\n"
        response = await proxy.send(get + head + post + get)
    assert (response.count(b"200 Fine"), response.count(b"hello")) == (4, 3)


async def test_bodies_of_requests(proxy: ProxyStage) -> None:
    async def site(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        body = await (reader.readuntil(b"0\r\n\r\n") if b"chunked" in head else reader.readexactly(6))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
        writer.close()

    async with serving(site) as port:
        post = f"POST http://localhost:{port}/ HTTP/1.1\r\nHost: x\r\n".encode() + authorization()
        counted = await proxy.send(post + b"Content-Length: 6\r\n\r\nabcdef")
        chunked = await proxy.send(post + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n")
    assert counted.endswith(b"\r\n\r\nabcdef")
    assert b"abc" in chunked and b"def" in chunked


async def test_a_tunnel_with_closed_sides(proxy: ProxyStage) -> None:
    """The site still sends after the client has closed its side."""
    async with serving(echo) as port:
        reader, writer = await proxy.connect(f"localhost:{port}")
        writer.write(b"\x16\x03 anything")
        writer.write_eof()
        assert await reader.read() == b"\x16\x03 anything<end>"


async def test_a_site_may_send_before_and_with_the_head_of_a_tunnel(proxy: ProxyStage) -> None:
    async with serving(echo) as port:
        head = f"CONNECT localhost:{port} HTTP/1.1\r\nHost: x\r\n".encode() + authorization() + b"\r\n"
        response = await proxy.send(head + b"early")
    assert response == b"HTTP/1.1 200 Connection Established\r\n\r\nearly<end>"


@pytest.mark.parametrize(
    ("username", "password", "text"),
    [
        ("auto", "wrong", b"Invalid password"),
        ("groups-BOB", PASSWORD, b'Invalid username: proxy group "BOB" not found or not accessible.'),
    ],
)
@pytest.mark.parametrize("method", ["GET", "CONNECT"])
async def test_wrong_credentials(proxy: ProxyStage, username: str, password: str, text: bytes, method: str) -> None:
    target = "localhost:1" if method == "CONNECT" else "http://localhost:1/"
    response = await proxy.get(target, username, password, method)
    assert response.startswith(b"HTTP/1.1 407 Proxy Authentication Required\r\n")
    assert b"Proxy-Authenticate: Basic " in response
    assert text in response


async def test_a_client_may_send_its_credentials_after_the_first_rejection(proxy: ProxyStage) -> None:
    """Browsers do this, on the same connection."""
    async with serving(echo) as port:
        head = f"CONNECT localhost:{port} HTTP/1.1\r\nHost: x\r\n".encode()
        response = await proxy.send(head + b"\r\n" + head + authorization() + b"\r\nhi")
    assert response.startswith(b"HTTP/1.1 407 ")
    assert response.endswith(b"HTTP/1.1 200 Connection Established\r\n\r\nhi<end>")


@pytest.mark.parametrize(
    "url", ["http://proxy.apify.com/", "http://proxy/", "http://host.greenroom.internal:8000/", "/"]
)
async def test_the_status_page(proxy: ProxyStage, url: str) -> None:
    def status(response: bytes) -> dict[str, object]:
        assert response.startswith(b"HTTP/1.1 200 OK\r\n")
        parsed: dict[str, object] = json.loads(response.partition(b"\r\n\r\n")[2])
        return parsed

    connected = status(await proxy.get(f"{url}?format=json", "session-a"))
    assert (connected["connected"], connected["connectionError"]) == (True, None)
    assert (connected["isManInTheMiddle"], connected["username"], connected["userId"]) == (False, "session-a", "user1")
    rejected = status(await proxy.get(f"{url}?format=json", "auto", "wrong"))
    assert (rejected["connected"], rejected["passwordValid"], rejected["userId"]) == (False, False, None)
    unknown = status(await proxy.get(f"{url}?format=json", "groups-BOB"))
    assert (unknown["connected"], unknown["passwordValid"]) == (False, True)
    assert "BOB" in str(unknown["connectionError"])
    assert b"You are connected" in await proxy.get(url)


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("http://localhost:1/", b"594 Connection Refused"),
        ("http://unknown.invalid/", b"593 Not Found"),
        ("http://localhost:3333/v2/users/me", b"403 Forbidden"),
        ("http://127.0.0.2/", b"403 Forbidden"),
        ("https://localhost/", b"400 Bad Request"),
        ("http:///", b"400 Bad Request"),
    ],
)
async def test_failures(proxy: ProxyStage, target: str, status: bytes) -> None:
    assert (await proxy.get(target)).startswith(b"HTTP/1.1 " + status)


@pytest.mark.parametrize(
    ("sent", "status"),
    [(b"", b"599"), (b"nonsense\r\n\r\n", b"599"), (b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", b"599")],
)
async def test_invalid_responses(proxy: ProxyStage, sent: bytes, status: bytes) -> None:
    async with serving(responding(sent)) as port:
        assert (await proxy.get(f"http://localhost:{port}/")).startswith(b"HTTP/1.1 " + status)


async def test_what_is_counted(proxy: ProxyStage) -> None:
    received: list[bytes] = []
    async with serving(responding(HELLO, received)) as port:
        for session in ("session-a", "session-b", "session-a"):
            await proxy.get(f"http://localhost:{port}/", f"groups-RESIDENTIAL,{session}")
    async with serving(echo) as port:
        reader, writer = await proxy.connect(f"localhost:{port}")
        writer.write(b"x" * 100_000)
        writer.write_eof()
        assert len(await reader.read()) == 100_005
    used = proxy.context.counters.take()[RUN]
    residential = used["RESIDENTIAL"]
    assert (residential.requests, residential.sessions) == (3, 2)
    assert residential.sent_bytes == sum(map(len, received))
    assert residential.received_bytes == 3 * len(HELLO)
    assert (used["auto"].sent_bytes, used["auto"].received_bytes) == (100_000, 100_005)
    assert used["auto"].client_bytes > 200_005
    assert proxy.context.counters.take() == {}


async def test_search_pages(proxy: ProxyStage) -> None:
    """The group for search results accepts Google's plain HTTP only, and counts pages."""

    async with (
        serving(responding(HELLO)) as port,
        proxying(parse_proxy_settings(f"GOOGLE_SERP=http://127.0.0.1:{port}", "")) as stage,
    ):
        for query in ("?q=a", "?q=a&numPages=3"):
            response = await stage.get(f"http://www.google.com/search{query}", "groups-GOOGLE_SERP")
            assert response.startswith(b"HTTP/1.1 200 ")
        for target in ("http://google.com/", "http://example.com/", "http://www.google.com.evil.example/"):
            assert (await stage.get(target, "groups-GOOGLE_SERP")).startswith(b"HTTP/1.1 400 ")
        connect = await stage.get("www.google.com:443", "groups-GOOGLE_SERP", method="CONNECT")
        assert connect.startswith(b"HTTP/1.1 400 ")
        assert stage.context.counters.take()[RUN]["GOOGLE_SERP"].serps == 4


async def test_ordered_faults(proxy: ProxyStage) -> None:
    faults = proxy.context.faults
    async with serving(responding(HELLO)) as port:
        url = f"http://localhost:{port}/"
        faults.set(
            (
                Fault(kind=FaultKind.STATUS, status=403, count=2, group="SHADER"),
                Fault(kind=FaultKind.REFUSED, host="localhost"),
                Fault(kind=FaultKind.SLOW, delay_secs=0.01),
            )
        )
        assert (await proxy.get(url)).startswith(b"HTTP/1.1 594 ")
        assert (await proxy.get(url)).startswith(b"HTTP/1.1 200 ")
        for expected in (b"403", b"403", b"200"):
            assert (await proxy.get(url, "groups-SHADER")).startswith(b"HTTP/1.1 " + expected)
    assert faults.ordered == ()


async def test_the_end_of_a_run_closes_its_connections(proxy: ProxyStage) -> None:
    async with serving(echo) as port:
        reader, writer = await proxy.connect(f"localhost:{port}")
        proxy.context.accounts.revoke(RUN)
        assert await asyncio.wait_for(reader.read(), 5) == b""
        writer.close()
        assert (await proxy.get(f"http://localhost:{port}/")).startswith(b"HTTP/1.1 407 ")


async def test_users_outside_of_runs_are_not_counted() -> None:
    async with proxying(ProxySettings()) as stage:
        assert stage.context.counters.of(None, "auto").take() is None
        assert stage.context.counters.take() == {}
        assert ProxyUse() == ProxyUse(requests=0)
