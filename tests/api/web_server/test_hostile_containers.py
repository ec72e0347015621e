"""Web servers of Actors that send without end. They may cost the other clients of the server nothing."""

from __future__ import annotations

import asyncio
import zlib

import aiohttp
import pytest

from tests.api.web_server.proxy_stage import PATIENCE_SECS, ProxyStage, connected
from tests.api.web_server.web_sockets import handshake
from tests.examples import some
from tests.hostile_peers import ATTACK_SECS, MASKED_PING, PING, fair_loop, hostile_client, hostile_server

pytestmark = pytest.mark.asyncio(loop_scope="module")

SWITCHING = (
    b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Accept: ACCEPT\r\n\r\n"
)
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def compressed_frame(size: int) -> bytes:
    """A WebSocket message that is much larger than its frame."""
    compressor = zlib.compressobj(wbits=-15)
    data = compressor.compress(bytes(size)) + compressor.flush(zlib.Z_SYNC_FLUSH)
    data = data.removesuffix(b"\x00\x00\xff\xff")
    return b"\xc2\x7f" + len(data).to_bytes(8, "big") + data


FRAMES = {
    "pings": PING,
    "pongs": b"\x8a\x00",
    "one byte": b"\x82\x01x",
    "empty messages": b"\x82\x00",
    "fragments": b"\x00\x00",
    "large": b"\x82\x7e\xff\xff" + b"x" * 65_535,
    "compressed": compressed_frame(10_000_000),
}


@pytest.mark.parametrize("stays", [True, False])
@pytest.mark.parametrize("frames", some(FRAMES.values()), ids=some(FRAMES))
async def test_a_flood_of_frames(stage: ProxyStage, frames: bytes, stays: bool) -> None:
    """With a client that reads all of it, and after the client has left. Then, the container is disconnected."""
    with hostile_server(SWITCHING, frames) as server:
        stage.leads_to(server.port)
        async with fair_loop():
            async with connected(stage) as (reader, writer):
                writer.write(handshake(stage))
                await reader.readuntil(b"\r\n\r\n")
                if stays:
                    await drain_for(reader, ATTACK_SECS)
            await server.has_ended()


ENDLESS_HEADS = {
    "100": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "102": (b"", b"HTTP/1.1 102 Processing\r\n\r\n"),
    "103": (b"", b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n"),
    "empty lines": (b"", b"\r\n"),
    "headers": (b"HTTP/1.1 200 OK\r\n", b"a:\r\n"),
    "long headers": (b"HTTP/1.1 200 OK\r\n", b"X-Long: " + b"x" * 10_000 + b"\r\n"),
    "one header": (b"HTTP/1.1 200 OK\r\nX-Long: ", b"x"),
    "one name": (b"HTTP/1.1 200 OK\r\n", b"x"),
    "reason": (b"HTTP/1.1 200 ", b"x"),
}


@pytest.mark.parametrize(("head", "flood"), some(ENDLESS_HEADS.values()), ids=some(ENDLESS_HEADS))
async def test_a_head_without_end_is_a_bad_gateway(
    stage: ProxyStage, client: aiohttp.ClientSession, head: bytes, flood: bytes
) -> None:
    with hostile_server(head, flood) as server:
        stage.leads_to(server.port)
        async with fair_loop():
            async with client.get(stage.url()) as response:
                assert response.status == 502
                assert (await response.json())["error"]["type"] == "web-server-not-answering"
            await server.has_ended()


ENDLESS_BODIES = {
    "one-byte chunks": (CHUNKED, b"1\r\nx\r\n"),
    "chunks": (CHUNKED, b"10000\r\n" + b"x" * 65_536 + b"\r\n"),
    "small extensions": (CHUNKED, b"1;a=b\r\nx\r\n"),
    "no length": (b"HTTP/1.1 200 OK\r\n\r\n", b"x"),
    "length": (b"HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n", b"x"),
}


@pytest.mark.parametrize("stays", [True, False])
@pytest.mark.parametrize(("head", "flood"), some(ENDLESS_BODIES.values()), ids=some(ENDLESS_BODIES))
async def test_a_body_without_end(stage: ProxyStage, head: bytes, flood: bytes, stays: bool) -> None:
    with hostile_server(head, flood) as server:
        stage.leads_to(server.port)
        async with fair_loop():
            async with connected(stage) as (reader, writer):
                writer.write(f"GET / HTTP/1.1\r\nHost: {stage.host}\r\n\r\n".encode())
                await reader.readuntil(b"\r\n\r\n")
                if stays:
                    await drain_for(reader, ATTACK_SECS)
            await server.has_ended()


@pytest.mark.parametrize("part", [b"1;" + b"x" * 100_000, b"0\r\n", b"0\r\nx: "])
async def test_a_body_whose_framing_has_no_end_is_incomplete(
    stage: ProxyStage, client: aiohttp.ClientSession, part: bytes
) -> None:
    """A chunk extension, trailers, one trailer."""
    flood = b"a:\r\n" if part.endswith(b"\n") else b"x"
    with hostile_server(CHUNKED + b"4\r\npart\r\n" + part, flood) as server:
        stage.leads_to(server.port)
        async with fair_loop():
            async with client.get(stage.url()) as response:
                with pytest.raises(aiohttp.ClientPayloadError):
                    await response.read()
            await server.has_ended()


async def test_many_hostile_containers_share_the_loop(stage: ProxyStage) -> None:
    with hostile_server(CHUNKED, b"1\r\nx\r\n") as server:
        stage.leads_to(server.port)

        async def attack() -> None:
            async with connected(stage) as (reader, writer):
                writer.write(f"GET / HTTP/1.1\r\nHost: {stage.host}\r\n\r\n".encode())
                await drain_for(reader, ATTACK_SECS)

        async with fair_loop():
            await asyncio.gather(*(attack() for _ in range(20)))


async def drain_for(reader: asyncio.StreamReader, secs: float) -> None:
    """Read everything that arrives in this time."""
    loop = asyncio.get_running_loop()
    end = loop.time() + secs
    async with asyncio.timeout(PATIENCE_SECS):
        while loop.time() < end:
            await reader.read(65_536)


CLIENT_FRAMES = {"pings": MASKED_PING, "one byte": b"\x82\x81maskx", "fragments": b"\x00\x80mask"}


@pytest.mark.parametrize("reads", [True, False])
@pytest.mark.parametrize("frames", some(CLIENT_FRAMES.values()), ids=some(CLIENT_FRAMES))
async def test_a_client_that_floods_a_web_socket(stage: ProxyStage, frames: bytes, reads: bool) -> None:
    """With a container that reads all of it, and with one that reads nothing. Then, the client is disconnected."""
    ended, received = asyncio.Event(), 0

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal received
        await reader.readuntil(b"\r\n\r\n")
        writer.write(SWITCHING)
        while not ended.is_set():
            await asyncio.sleep(0)
            if reads:
                received += len(await reader.read(65_536))
        writer.transport.abort()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    stage.leads_to(server.sockets[0].getsockname()[1])
    async with fair_loop():
        with hostile_client(stage.port, handshake(stage), frames, b"") as client:
            await asyncio.sleep(ATTACK_SECS)
            ended.set()
            await client.has_ended()
    assert bool(received) is reads
    server.close()
