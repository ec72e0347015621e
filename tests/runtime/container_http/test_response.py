from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.container_http.response import Headers, InvalidResponse, KnownHeads, ResponseHead, ResponseReader


class Received:
    """What a receiver gets from one response."""

    def __init__(self) -> None:
        self.interim: list[int] = []
        self.heads: list[ResponseHead] = []
        self.body = b""
        self.trailers: Headers | None = None

    def receive_interim(self, head: ResponseHead) -> None:
        self.interim.append(head.status)

    def receive_head(self, head: ResponseHead) -> None:
        self.heads.append(head)

    def receive_body(self, pieces: list[bytes], trailers: Headers | None) -> None:
        assert self.trailers is None
        self.body += b"".join(pieces)
        self.trailers = trailers


def read(
    pieces: Iterable[bytes],
    method: str = "GET",
    *,
    known: KnownHeads | None = None,
    ends: bool = True,
    may_switch: bool = False,
) -> tuple[Received, ResponseReader]:
    """Read the response of a server that sends these pieces one after another, and then closes."""
    received, reader = Received(), ResponseReader(known or KnownHeads())
    reader.expect(received, method == "HEAD", may_switch)
    for piece in pieces:
        reader.feed(piece)
    if ends:
        reader.end()
    return received, reader


def in_pieces(data: bytes, size: int) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]


CHUNKS = b"4;ext=1\r\nWiki\r\n5\r\npedia\r\n0\r\nTrailer: x\r\n\r\n"
RESPONSES = {
    "length": (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nWikipedia", b"Wikipedia"),
    "longer than announced": (b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nWikipedia", b"Wiki"),
    "chunks": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKS, b"Wikipedia"),
    "until the end": (b"HTTP/1.0 200 OK\r\n\r\nWikipedia", b"Wikipedia"),
    "after interim responses": (b"HTTP/1.1 103 Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n\r\nWiki", b"Wiki"),
    "no content": (b"HTTP/1.1 204 No Content\r\nX: 1\r\n\r\n", b""),
    "not modified": (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", b""),
    "empty": (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b""),
    "lines without CR": (b"HTTP/1.1 200 OK\nContent-Length: 14\n\nfoo\r\n\r\nbar\r\n\r\n", b"foo\r\n\r\nbar\r\n\r\n"),
}


@pytest.mark.parametrize("size", [1, 7, 1000])
@pytest.mark.parametrize(("sent", "body"), RESPONSES.values(), ids=RESPONSES)
def test_a_body_is_the_same_however_it_arrives(sent: bytes, body: bytes, size: int) -> None:
    received, _ = read(in_pieces(sent, size))
    assert (received.body, len(received.heads)) == (body, 1)
    assert b"Link" not in dict(received.heads[0].headers)
    assert received.trailers == ([(b"Trailer", b"x")] if b"chunked" in sent else [])


def test_the_response_to_head_has_no_body() -> None:
    received, reader = read([b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"], "HEAD")
    assert (received.body, received.trailers, received.heads[0].length) == (b"", [], 9)
    assert not reader.is_reusable  # some servers send the body nevertheless


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Len",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nWiki",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nWiki\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: 1\r\n" * 300 + b"\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 40,
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 40_000,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + b"a: b\r\n" * 40_000,
    ],
)
def test_incomplete_and_invalid_responses(sent: bytes) -> None:
    with pytest.raises(InvalidResponse):
        read(in_pieces(sent, 16_384))


def test_what_follows_an_upgrade_is_not_parsed() -> None:
    head = b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"
    received, reader = read([head + b"\x89\x00" * 1000], may_switch=True, ends=False)
    assert (received.heads[0].status, received.body) == (101, b"")
    assert reader.after_switch == b"\x89\x00" * 1000


@pytest.mark.parametrize(
    ("sent", "is_reusable"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", True),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", True),
        (b"HTTP/1.1 204 No Content\r\n\r\n", True),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nok", True),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", False),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok", False),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n\r\n", False),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok\0", False),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\n", False),
        (b"HTTP/1.1 200 OK\r\n\r\nok", False),
    ],
)
@pytest.mark.parametrize("is_known", [False, True])
def test_when_a_connection_can_be_used_again(sent: bytes, is_reusable: bool, is_known: bool) -> None:
    known = KnownHeads()
    for _ in range(1 + is_known):
        _, reader = read([sent], known=known)
        assert reader.is_reusable is is_reusable


def test_a_part_of_a_head_is_not_remembered() -> None:
    known, rest = KnownHeads(), b"X: 1\r\nContent-Length: 2\r\n\r\nok"
    read([b"HTTP/1.1 200 OK\r\n", rest], known=known)
    with pytest.raises(InvalidResponse):
        read([rest], known=known)


LINES = st.lists(st.sampled_from(["Server: x", "Set-Cookie: a=1", "Date: now", "X: \x7f", "Y:"]), max_size=4)
ENDS = st.sampled_from(["\r\n", "\n"])


@given(lines=LINES, end=ENDS, bodies=st.lists(st.binary(max_size=40), min_size=2, max_size=3), size=st.integers(1, 300))
def test_a_known_head_has_the_same_meaning(lines: list[str], end: str, bodies: list[bytes], size: int) -> None:
    """The second response with the same head is read without a parser. `\\r\\n\\r\\n` may also be part of a body."""
    known, length = KnownHeads(), max(map(len, bodies))
    head = end.join(["HTTP/1.1 200 OK", *lines, f"Content-Length: {length}", "", ""]).encode()
    for body in bodies:
        sent = head + body.ljust(length, b"\n")
        received, _ = read([sent] if body is bodies[0] else in_pieces(sent, size), known=known)
        assert (received.body, received.trailers) == (body.ljust(length, b"\n"), [])
        assert len(received.heads[0].headers) == len(lines) + 1
