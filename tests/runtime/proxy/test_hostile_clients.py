"""Clients and sites that send too much, too little or too slowly."""

from __future__ import annotations

import asyncio

import pytest

from runtime.base.proxy_settings import ProxySettings
from runtime.proxy import client_connection, messages, relay
from tests.fakes.proxy import PATIENCE_SECS, RUN, ProxyStage, authorization, echo, proxying, responding, serving

MEGABYTE = 1024 * 1024


async def closed(reader: asyncio.StreamReader) -> bytes:
    """What arrives until the proxy closes the connection."""
    received = b""
    try:
        while data := await asyncio.wait_for(reader.read(65_536), PATIENCE_SECS):
            received += data
    except ConnectionError:
        pass
    return received


@pytest.mark.parametrize("part", [b"", b"GET http://localhost/ HTTP/1.1\r\nA: "])
async def test_a_slow_head_is_given_up(proxy: ProxyStage, monkeypatch: pytest.MonkeyPatch, part: bytes) -> None:
    monkeypatch.setattr(client_connection, "HEAD_SECS", 0.05)
    monkeypatch.setattr(client_connection, "CLOSE_SECS", 0.05)
    reader, writer = await proxy.open()
    writer.write(part)
    assert await closed(reader) == b""
    writer.close()


@pytest.mark.parametrize(
    "endless",
    [b"A: b\r\n" * 40_000, b"A: " + b"x" * 400_000, b"\r\n" * 200_000],
    ids=["many headers", "a long header", "empty lines"],
)
async def test_an_endless_head_is_rejected(proxy: ProxyStage, endless: bytes) -> None:
    start = b"" if endless.startswith(b"\r") else b"GET http://localhost/ HTTP/1.1\r\n"
    assert (await proxy.send(start + endless)).startswith((b"HTTP/1.1 431 ", b"HTTP/1.1 400 "))


@pytest.mark.parametrize("request_line", [b"\x16\x03\x01\x02\x00", b"GET\r\n\r\n", b"GET http://x HTTP/9.9\r\n\r\n"])
async def test_what_is_not_http_is_rejected(proxy: ProxyStage, request_line: bytes) -> None:
    assert (await proxy.send(request_line)).startswith(b"HTTP/1.1 400 ")


async def test_a_body_that_is_shorter_than_promised_ends_the_request(proxy: ProxyStage) -> None:
    """The site does not get a part of a body that looks complete."""
    received: list[bytes | None] = []

    async def site(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        try:
            received.append(await reader.read())
        except ConnectionError:
            received.append(None)
        writer.close()

    async with serving(site) as port:
        head = f"POST http://localhost:{port}/ HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n".encode()
        response = await proxy.send(head + authorization() + b"\r\nabc")
    assert not response.startswith(b"HTTP/1.1 2")
    assert received in ([None], [b"abc"])


@pytest.mark.parametrize(
    "framing", [b"Content-Length: 10\r\n\r\nabc", b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"]
)
async def test_a_response_that_is_cut_off_is_cut_off_for_the_client(proxy: ProxyStage, framing: bytes) -> None:
    async with serving(responding(b"HTTP/1.1 200 OK\r\n" + framing)) as port:
        reader, writer = await proxy.open()
        writer.write(f"GET http://localhost:{port}/ HTTP/1.1\r\nHost: x\r\n".encode() + authorization() + b"\r\n")
        received = await closed(reader)
    assert not received.endswith(b"\r\n0\r\n\r\n")
    assert len(received.partition(b"\r\n\r\n")[2]) < 10
    writer.close()


async def test_conflicting_lengths_are_rejected(proxy: ProxyStage) -> None:
    head = b"POST http://localhost:1/ HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n"
    assert (await proxy.send(head + authorization() + b"\r\n0\r\n\r\n")).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize(
    "head", [b"HTTP/1.1 100 Continue\r\n\r\n" * 1000, b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 40_000]
)
async def test_an_endless_head_of_a_response_is_given_up(proxy: ProxyStage, head: bytes) -> None:
    async with serving(responding(head)) as port:
        assert b"HTTP/1.1 599 " in await proxy.get(f"http://localhost:{port}/")


@pytest.mark.parametrize("is_tunnel", [True, False])
async def test_a_slow_reader_slows_the_site_down(proxy: ProxyStage, is_tunnel: bool) -> None:
    """The proxy holds a bounded part of an endless response."""
    sent = 0

    async def site(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.read(1)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while sent < 100 * MEGABYTE:
            writer.write(b"x" * 65_536)
            await writer.drain()
            sent += 65_536

    async with serving(site) as port:
        if is_tunnel:
            _, writer = await proxy.connect(f"localhost:{port}")
            writer.write(b"x")
        else:
            _, writer = await proxy.open()
            writer.write(f"GET http://localhost:{port}/ HTTP/1.1\r\nHost: x\r\n".encode() + authorization() + b"\r\n")
        before = -1
        while before != sent or not sent:  # until nothing flows any more
            before = sent
            await asyncio.sleep(0.1)
        assert sent < 20 * MEGABYTE  # the rest is in the buffers of the kernel
        writer.transport.abort()


async def test_a_half_open_tunnel_ends_when_the_other_side_is_silent(
    proxy: ProxyStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "HALF_CLOSED_SECS", 0.05)

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        await asyncio.sleep(60)

    async with serving(silent) as port:
        reader, writer = await proxy.connect(f"localhost:{port}")
        writer.write_eof()
        assert await closed(reader) == b""


async def test_one_account_cannot_have_all_connections() -> None:
    allowed = ProxySettings(allowed=frozenset({("localhost", None)}))
    async with serving(echo) as port, proxying(allowed, max_open=5) as stage:
        tunnels = [await stage.connect(f"localhost:{port}") for _ in range(5)]
        response = await stage.get(f"localhost:{port}", method="CONNECT")
        assert response.startswith(b"HTTP/1.1 503 ")
        tunnels[0][1].write_eof()
        await tunnels[0][0].read()
        _, writer = await stage.connect(f"localhost:{port}")
        for each in (writer, *(writer for _, writer in tunnels)):
            each.transport.abort()


async def test_many_tunnels_at_once(proxy: ProxyStage) -> None:
    async with serving(echo) as port:

        async def exchange(number: int) -> bytes:
            reader, writer = await proxy.connect(f"localhost:{port}")
            writer.write(b"%d" % number)
            writer.write_eof()
            return await reader.read()

        assert await asyncio.gather(*map(exchange, range(90))) == [b"%d<end>" % number for number in range(90)]
    assert proxy.context.counters.take()[RUN]["auto"].requests == 90


def test_a_piece_is_small() -> None:
    """Each connection buffers a few pieces, and there can be thousands."""
    assert messages.READ_BYTES <= 65_536
