from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from runtime.container_http.connection import ContainerConnection
from runtime.container_http.response import ContainerResponse, InvalidResponse


@asynccontextmanager
async def answered(pieces: list[bytes], method: str = "GET") -> AsyncIterator[ContainerResponse]:
    """The response of a server that sends these pieces one after another, and then closes."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    async with await ContainerConnection.open(host, port, 5) as connection:
        yield ContainerResponse(connection, method)
    server.close()
    await server.wait_closed()


async def body_of(response: ContainerResponse) -> bytes:
    await response.read_head()
    return b"".join([piece async for piece in response.pieces()])


CHUNKS = b"4;ext=1\r\nWiki\r\n5\r\npedia\r\n0\r\nTrailer: x\r\n\r\n"
RESPONSES = {
    "length": (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nWikipedia", b"Wikipedia"),
    "longer than announced": (b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nWikipedia", b"Wiki"),
    "chunks": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKS, b"Wikipedia"),
    "until the end": (b"HTTP/1.0 200 OK\r\n\r\nWikipedia", b"Wikipedia"),
    "after interim responses": (b"HTTP/1.1 103 Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n\r\nWiki", b"Wiki"),
    "no content": (b"HTTP/1.1 204 No Content\r\nX: 1\r\n\r\n", b""),
    "empty": (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b""),
}


@pytest.mark.parametrize("size", [1, 7, 1000])
@pytest.mark.parametrize(("sent", "body"), RESPONSES.values(), ids=RESPONSES)
async def test_a_body_is_the_same_however_it_arrives(sent: bytes, body: bytes, size: int) -> None:
    pieces = [sent[start : start + size] for start in range(0, len(sent), size)]
    async with answered(pieces) as response:
        assert await body_of(response) == body
        assert b"Link" not in dict(response.headers)


async def test_the_response_to_head_has_no_body() -> None:
    async with answered([b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"], "HEAD") as response:
        assert await body_of(response) == b""


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Len",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nWiki",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nWiki\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: 1\r\n" * 300 + b"\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 40,
    ],
)
async def test_incomplete_and_invalid_responses(sent: bytes) -> None:
    async with answered([sent]) as response:
        with pytest.raises(InvalidResponse):
            await body_of(response)


async def test_what_follows_an_upgrade_is_not_parsed() -> None:
    head = b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"
    async with answered([head + b"\x89\x00" * 100_000]) as response:
        await response.read_head()
        assert response.status == 101
        assert response.after_upgrade is not None
        assert set(response.after_upgrade) <= {0x89, 0}
