"""How messages are framed on both sides, and that no message can be understood in several ways."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from tests.api.web_server.proxy_stage import ProxyStage, connected, replying

pytestmark = pytest.mark.asyncio(loop_scope="module")

CHUNKED = "Transfer-Encoding: chunked"


class Recorder:
    """A container that stores everything it receives, and sends `replies` one after another."""

    def __init__(self, *replies: bytes) -> None:
        self.received = b""
        self.replies = replies

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for reply in self.replies:
            while not self._is_complete():
                data = await reader.read(65_536)
                if not data:
                    break
                self.received += data
            writer.write(reply)
        with suppress(ConnectionError):
            await reader.read()
        writer.close()

    def _is_complete(self) -> bool:
        head, end, body = self.received.partition(b"\r\n\r\n")
        if b"transfer-encoding: chunked" in head:
            return body.endswith(b"0\r\n\r\n") or (b"0\r\n" in body and body.endswith(b"\r\n\r\n"))
        length = int(head.partition(b"content-length: ")[2].partition(b"\r")[0] or 0)
        return bool(end) and len(body) >= length


@asynccontextmanager
async def recording(stage: ProxyStage, *replies: bytes) -> AsyncIterator[Recorder]:
    recorder = Recorder(*replies)
    server = await asyncio.start_server(recorder.talk, "127.0.0.1", 0)
    stage.leads_to(server.sockets[0].getsockname()[1])
    yield recorder
    stage.target.close()
    server.close()


def sent(stage: ProxyStage, line: str, *lines: str, body: bytes = b"") -> bytes:
    return "\r\n".join([line, f"Host: {stage.host}", *lines, "", ""]).encode() + body


async def answer(stage: ProxyStage, message: bytes, reply: bytes) -> tuple[bytes, bytes]:
    """Send a request with `Connection: close`, and return what the container got and what the client got."""
    async with recording(stage, reply) as recorder, connected(stage) as (reader, writer):
        writer.write(message)
        response = await reader.read()
    return recorder.received, response


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


async def test_chunks_and_trailers_of_a_request(stage: ProxyStage) -> None:
    body = b'4;ext="x"\r\nWiki\r\n5\r\npedia\r\n0\r\nX-Sum: 1\r\nHost: evil\r\nTE: x\r\n\r\n'
    message = sent(stage, "POST / HTTP/1.1", CHUNKED, "Trailer: x-sum", "Connection: close", body=body)
    received, response = await answer(stage, message, OK)
    head, _, rest = received.partition(b"\r\n\r\n")
    assert head.count(b"transfer-encoding: chunked") == 1
    assert rest == b"9\r\nWikipedia\r\n0\r\nx-sum: 1\r\n\r\n"
    assert response.startswith(b"HTTP/1.1 200 OK\r\n")


async def test_chunks_and_trailers_of_a_response(stage: ProxyStage) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"
    reply = head + b"4;ext\r\nWiki\r\n5\r\npedia\r\n0\r\nX-Sum: 1\r\nSet-Cookie: a=1\r\n\r\n"
    _, response = await answer(stage, sent(stage, "GET / HTTP/1.1", "Connection: close"), reply)
    head, _, rest = response.partition(b"\r\n\r\n")
    assert b"\r\ntransfer-encoding: chunked\r\n" in head
    assert b"\r\ntrailer: X-Sum\r\n" in head
    assert rest == b"9\r\nWikipedia\r\n0\r\nx-sum: 1\r\n\r\n"


@pytest.mark.parametrize(
    "reply",
    [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nWiki\r\n5\r\npedia\r\n0\r\nX-Sum: 1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nWikipedia",
    ],
)
async def test_a_client_of_http_1_0_gets_no_chunks_and_no_interim_responses(stage: ProxyStage, reply: bytes) -> None:
    interim = b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
    received, response = await answer(stage, sent(stage, "GET / HTTP/1.0", "Connection: keep-alive"), interim + reply)
    head, _, body = response.partition(b"\r\n\r\n")
    assert received.startswith(b"GET / HTTP/1.1\r\n")
    assert (head.startswith(b"HTTP/1.1 200 "), b"transfer-encoding" in head, body) == (True, False, b"Wikipedia")
    assert b"\r\nconnection: close" in head


async def test_a_response_until_the_end_of_its_connection_gets_chunks(stage: ProxyStage) -> None:
    async with replying(stage, b"HTTP/1.1 200 OK\r\n\r\nall of it"), connected(stage) as (reader, writer):
        for _ in range(2):  # the connection of the client stays open
            writer.write(sent(stage, "GET / HTTP/1.1"))
            assert (await reader.readuntil(b"0\r\n\r\n")).endswith(b"\r\n\r\n9\r\nall of it\r\n0\r\n\r\n")


async def test_interim_responses_are_forwarded(stage: ProxyStage) -> None:
    interim = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\nConnection: x-own\r\nX-Own: 1\r\n\r\n"
    reply = interim + b"HTTP/1.1 102 Processing\r\n\r\n" + OK
    _, response = await answer(stage, sent(stage, "GET / HTTP/1.1", "Connection: close"), reply)
    first, second, final, body = response.split(b"\r\n\r\n")
    assert first == b"HTTP/1.1 103 Early Hints\r\nlink: </a.css>"
    assert second == b"HTTP/1.1 102 Processing"
    assert (final.startswith(b"HTTP/1.1 200 OK\r\n"), body) == (True, b"ok")


async def test_a_reason_of_the_container_is_forwarded(stage: ProxyStage) -> None:
    reply = b"HTTP/1.1 404 Nothing Here\r\nContent-Length: 0\r\n\r\n"
    _, response = await answer(stage, sent(stage, "GET / HTTP/1.1", "Connection: close"), reply)
    assert response.startswith(b"HTTP/1.1 404 Nothing Here\r\n")


AMBIGUOUS = {
    "two lengths": ("POST / HTTP/1.1", "Content-Length: 1", "Content-Length: 2"),
    "twice the same length": ("POST / HTTP/1.1", "Content-Length: 1", "Content-Length: 1"),
    "list of lengths": ("POST / HTTP/1.1", "Content-Length: 1, 1"),
    "signed length": ("POST / HTTP/1.1", "Content-Length: +1"),
    "length and chunks": ("POST / HTTP/1.1", "Content-Length: 6", CHUNKED),
    "chunks and length": ("POST / HTTP/1.1", CHUNKED, "Content-Length: 6"),
    "chunks twice": ("POST / HTTP/1.1", CHUNKED, CHUNKED),
    "other coding": ("POST / HTTP/1.1", "Transfer-Encoding: gzip, chunked"),
    "coding after chunks": ("POST / HTTP/1.1", "Transfer-Encoding: chunked, identity"),
    "similar coding": ("POST / HTTP/1.1", "Transfer-Encoding: xchunked"),
    "coding after a control": ("POST / HTTP/1.1", "Transfer-Encoding: \x0bchunked"),
    "space before a colon": ("POST / HTTP/1.1", "Transfer-Encoding : chunked"),
    "folded line": ("POST / HTTP/1.1", "X: 1", " Transfer-Encoding: chunked"),
    "space before the first header": ("POST / HTTP/1.1", " X: 1"),
    "carriage return in a value": ("GET / HTTP/1.1", "X: 1\rContent-Length: 5"),
    "line feed only": ("GET / HTTP/1.1", "X: 1\nContent-Length: 5"),
    "null": ("GET / HTTP/1.1", "X: 1\0"),
    "no colon": ("GET / HTTP/1.1", "X"),
    "second host": ("GET / HTTP/1.1", "Host: other"),
    "new version": ("GET / HTTP/2.0",),
    "old version": ("GET / HTTP/0.9",),
    "no version": ("GET /",),
    "tunnel": ("CONNECT / HTTP/1.1",),
    "handshake with a body": ("GET / HTTP/1.1", "Connection: Upgrade", "Upgrade: websocket", "Content-Length: 5"),
}


@pytest.mark.parametrize("lines", AMBIGUOUS.values(), ids=AMBIGUOUS)
@pytest.mark.parametrize("is_second", [False, True])
async def test_an_ambiguous_request_is_rejected_and_never_forwarded(
    stage: ProxyStage, lines: tuple[str, ...], is_second: bool
) -> None:
    """Also on a connection whose last request had the same host and was answered."""
    async with replying(stage, OK) as upstream, connected(stage) as (reader, writer):
        if is_second:
            writer.write(sent(stage, "GET / HTTP/1.1"))
            await reader.readuntil(b"ok")
        writer.write(sent(stage, *lines, body=b"0\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n"))
        response = await reader.readuntil(b"\r\n\r\n")
        # A request that begins after this one belongs to the client, but is not forwarded with it.
        assert response.startswith(b"HTTP/1.1 400 ")
    assert not any(b"POST" in head or b"smuggled" in head for head in upstream.heads)


BAD_CHUNKS = [
    b"1 \r\na\r\n0\r\n\r\n",
    b"1\na\n0\n\n",
    b"0x1\r\na\r\n0\r\n\r\n",
    b"-1\r\n",
    b"1\r\nab\r\n0\r\n\r\n",
    b"\r\n0\r\n\r\n",
]


@pytest.mark.parametrize("chunks", BAD_CHUNKS)
async def test_invalid_chunks_are_rejected(stage: ProxyStage, chunks: bytes) -> None:
    async with recording(stage, b"") as recorder, connected(stage) as (reader, writer):
        writer.write(sent(stage, "POST / HTTP/1.1", CHUNKED))
        writer.write(chunks)
        assert (await reader.read()).startswith(b"HTTP/1.1 400 ")
    assert b"\r\n0\r\n" not in recorder.received


@pytest.mark.parametrize("length", ["Content-Length: 4", CHUNKED, ""])
@pytest.mark.parametrize("splits", [False, True])
async def test_the_offer_of_another_protocol_is_ignored(stage: ProxyStage, length: str, splits: bool) -> None:
    """HTTP clients of Java offer HTTP/2 with their first request, which can have a body."""
    body = {"Content-Length: 4": b"body", CHUNKED: b"4\r\nbody\r\n0\r\n\r\n", "": b""}[length]
    offer = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQ")
    message = sent(stage, "POST / HTTP/1.1", *offer, *([length] if length else []), body=body)
    async with recording(stage, OK, b"") as recorder, connected(stage) as (reader, writer):
        for piece in [message[at : at + 1] for at in range(len(message))] if splits else [message]:
            writer.write(piece)
            await asyncio.sleep(0)
        assert (await reader.readuntil(b"ok")).startswith(b"HTTP/1.1 200 ")
        head, _, received = recorder.received.partition(b"\r\n\r\n")
        assert b"h2c" not in head and b"http2" not in head
        assert (b"".join(received.split(b"\r\n")[1::2]) if length == CHUNKED else received) == (body and b"body")
        writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert (await reader.readuntil(b"API")).startswith(b"HTTP/1.1 200 ")


async def test_a_whole_url_is_forwarded_without_its_host(stage: ProxyStage) -> None:
    message = sent(stage, "GET http://elsewhere.example/a?b#c HTTP/1.1", "Connection: close")
    received, _ = await answer(stage, message, OK)
    assert received.startswith(f"GET /a?b HTTP/1.1\r\nhost: {stage.host}\r\n".encode())


async def test_all_of_a_server(stage: ProxyStage) -> None:
    received, _ = await answer(stage, sent(stage, "OPTIONS * HTTP/1.1", "Connection: close"), OK)
    assert received.startswith(b"OPTIONS * HTTP/1.1\r\n")


async def test_a_response_that_ends_early_for_http_1_0_breaks_the_connection(stage: ProxyStage) -> None:
    """Without chunks, a closed connection would be the end of a complete response."""
    reply = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nWiki\r\nx"
    async with replying(stage, reply), connected(stage) as (reader, writer):
        writer.write(sent(stage, "GET / HTTP/1.0"))
        with pytest.raises(ConnectionResetError):
            await reader.read()
