"""Clients that send without end. They may cost the other clients of the server nothing."""

from __future__ import annotations

import asyncio
import json

import pytest
from websockets.asyncio.client import connect

from tests.api.connections.conftest import Application
from tests.examples import some
from tests.hostile_peers import ATTACK_SECS, MASKED_PING, fair_loop, hostile_client

POST = b"POST / HTTP/1.1\r\nHost: x\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n"
)

ENDLESS_REQUESTS = {
    "pipelined requests": (b"", b"GET / HTTP/1.1\r\n\r\n"),
    "one-byte chunks": (CHUNKED, b"1\r\nx\r\n"),
    "chunks": (CHUNKED, b"10000\r\n" + b"x" * 65_536 + b"\r\n"),
    "small extensions": (CHUNKED, b"1;a=b\r\nx\r\n"),
    "length": (POST + b"Content-Length: 999999999999\r\n\r\n", b"x"),
    "small bodies": (b"", POST + b"Content-Length: 1\r\n\r\nx"),
}


@pytest.mark.parametrize(("head", "flood"), some(ENDLESS_REQUESTS.values()), ids=some(ENDLESS_REQUESTS))
async def test_requests_without_end(application: Application, head: bytes, flood: bytes) -> None:
    async with fair_loop():
        with hostile_client(application.port, head, flood):
            await asyncio.sleep(ATTACK_SECS)


ENDLESS_HEADS = {
    "headers": (POST, b"a:\r\n"),
    "long headers": (POST, b"X-Long: " + b"x" * 10_000 + b"\r\n"),
    "one header": (POST + b"X-Long: ", b"x"),
    "one name": (POST, b"x"),
    "path": (b"GET /", b"x"),
    "query": (b"GET /?", b"x"),
    "empty lines": (b"", b"\r\n"),
    "trailers": (CHUNKED + b"0\r\n", b"a:\r\n"),
    "one trailer": (CHUNKED + b"0\r\nx: ", b"x"),
    "extension": (CHUNKED + b"1;", b"x"),
}


@pytest.mark.parametrize(("head", "flood"), some(ENDLESS_HEADS.values()), ids=some(ENDLESS_HEADS))
async def test_a_head_without_end_ends_the_connection(application: Application, head: bytes, flood: bytes) -> None:
    async with fair_loop():
        with hostile_client(application.port, head, flood) as client:
            await client.has_ended()


@pytest.mark.parametrize(
    "headers", [b"".join(b"X-%d: 1\r\n" % number for number in range(300)), b"X-Long: " + b"x" * 200_000 + b"\r\n"]
)
async def test_too_many_or_too_long_headers_are_rejected(application: Application, headers: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", application.port)
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n" + headers + b"\r\n")
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 431 ")
    assert json.loads(body)["error"]["type"] == "request-header-fields-too-large"
    writer.close()


FRAMES = {
    "pings": MASKED_PING,
    "pongs": b"\x8a\x80mask",
    "one byte": b"\x82\x81maskx",
    "empty messages": b"\x82\x80mask",
    "fragments": b"\x00\x80mask",
}
FIRST_FRAGMENT = b"\x02\x80mask"


@pytest.mark.parametrize("frames", some(FRAMES.values()), ids=some(FRAMES))
async def test_a_client_with_too_many_frames_is_disconnected(application: Application, frames: bytes) -> None:
    start = FIRST_FRAGMENT if frames == FRAMES["fragments"] else b""
    async with fair_loop():
        with hostile_client(application.port, HANDSHAKE, frames, after_response=start) as client:
            await client.has_ended()
        assert (await application.disconnects.get())["code"] == 1008


async def test_a_client_with_few_frames_stays_connected(application: Application) -> None:
    async with connect(f"ws://127.0.0.1:{application.port}/") as web_socket:
        for _ in range(3):
            await web_socket.send("message")
            await (await web_socket.ping())
        await web_socket.close(1000)
    assert (await application.disconnects.get())["code"] == 1000


async def test_a_message_that_is_too_large_is_rejected(application: Application) -> None:
    async with connect(f"ws://127.0.0.1:{application.port}/", compression="deflate") as web_socket:
        assert web_socket.protocol.extensions == []
        await web_socket.send("x" * 100_000)
        await web_socket.wait_closed()
        assert web_socket.close_code == 1009


@pytest.mark.parametrize("size", [10, 16_384, 16_385, 300_000, 5_000_000])
@pytest.mark.parametrize("is_chunked", [False, True])
async def test_a_body_arrives_completely(application: Application, size: int, is_chunked: bool) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", application.port)
    for _ in range(2):
        application.body_bytes = 0
        if is_chunked:
            chunks = b"".join(b"3e8\r\n" + b"x" * 1000 + b"\r\n" for _ in range(size // 1000))
            rest = b"%x\r\n%b\r\n" % (size % 1000, b"x" * (size % 1000)) if size % 1000 else b""
            writer.write(CHUNKED + chunks + rest + b"0\r\n\r\n")
        else:
            writer.write(POST + b"Content-Length: %d\r\n\r\n" % size + b"x" * size)
        assert (await reader.readuntil(b"ok")).startswith(b"HTTP/1.1 200 ")
        assert application.body_bytes == size
    writer.close()


async def test_pipelined_requests_are_all_answered(application: Application) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", application.port)
    writer.write(
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 3000 + b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    )
    assert (await reader.read()).count(b"HTTP/1.1 200 ") == 3001
    writer.close()
