"""Requests whose headers were parsed before."""

from __future__ import annotations

import pytest

from api.web_server import known_requests
from api.web_server.known_requests import KnownRequests
from api.web_server.request import RequestHeaders, WebRequest
from api.web_server.run_address import RUN_ADDRESSES, RunAddress
from tests.api.web_server.proxy_stage import KEY, ProxyStage, connected, replying

HOST = f"{KEY}.runs.localhost:3333".encode()
HEAD = b"Host: " + HOST + b"\r\nX: 1\r\n\r\n"


def known(data: bytes = b"GET / HTTP/1.1\r\n" + HEAD, kind: str | None = None) -> KnownRequests:
    headers = RequestHeaders([(b"host", HOST), (b"x", b"1")])
    if kind is not None:
        setattr(headers, kind, True)
    found = KnownRequests(RUN_ADDRESSES.find)
    found.remember(data, WebRequest(b"GET", RunAddress(KEY, b"", b"/"), headers))
    return found


@pytest.mark.parametrize("line", ["GET /", "GET /a?b=c&d=%20", "HEAD /", "OPTIONS /x", "DELETE /x"])
def test_another_path_with_the_same_headers_is_known(line: str) -> None:
    request = known().find(f"{line} HTTP/1.1\r\n".encode() + HEAD)
    assert request is not None
    method, _, target = line.encode().partition(b" ")
    assert (request.method, request.address) == (method, RunAddress(KEY, b"", target))


@pytest.mark.parametrize(
    "line",
    ["POST /", "GET  /", "GET x", "GET /a#b", "GET /é", "GET /\0", "GET /a b", "get /", "CONNECT /", "", "\r\nGET /"],
)
@pytest.mark.parametrize("version", [" HTTP/1.1", " HTTP/1.0", " HTTP/2.0", ""])
def test_every_other_beginning_is_left_to_the_parser(line: str, version: str) -> None:
    assert known().find(f"{line}{version}\r\n".encode() + HEAD) is None


@pytest.mark.parametrize("more", [b"x", b"\r\n", b"GET / HTTP/1.1\r\n" + HEAD])
def test_more_than_a_request_is_left_to_the_parser(more: bytes) -> None:
    assert known().find(b"GET / HTTP/1.1\r\n" + HEAD + more) is None
    assert known().find(b"GET / HTTP/1.1\r\nY: 1\r\n" + HEAD) is None


@pytest.mark.parametrize("kind", ["has_body", "is_upgrade", "expects_continue", "problem"])
def test_requests_that_are_not_plain_are_not_remembered(kind: str) -> None:
    assert known(kind=kind).find(b"GET / HTTP/1.1\r\n" + HEAD) is None


def test_an_empty_line_before_the_request_is_no_part_of_it() -> None:
    """Otherwise the whole request would count as headers."""
    request = b"GET / HTTP/1.1\r\n" + HEAD
    assert known(b"\r\n" + request).find(b"GET /x HTTP/1.1\r\n" + request) is None


def test_the_memory_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_requests, "MAX_KNOWN", 2)
    found = known()
    headers = RequestHeaders([(b"host", HOST)])
    for number in range(10):
        data = b"GET / HTTP/1.1\r\nX: %d\r\n%b" % (number, HEAD)
        found.remember(data, WebRequest(b"GET", RunAddress(KEY, b"", b"/"), headers))
        assert found.find(data) is not None
        assert len(found._headers) <= 2
    large = b"GET / HTTP/1.1\r\nX: %b\r\n%b" % (b"x" * 5000, HEAD)
    found.remember(large, WebRequest(b"GET", RunAddress(KEY, b"", b"/"), headers))
    assert found.find(large) is None


@pytest.mark.asyncio(loop_scope="module")
async def test_repeated_requests_are_known(stage: ProxyStage, monkeypatch: pytest.MonkeyPatch) -> None:
    heads, find = [], KnownRequests.find

    def recorded(self: KnownRequests, data: bytes) -> WebRequest | None:
        heads.append(find(self, data))
        return heads[-1]

    monkeypatch.setattr(KnownRequests, "find", recorded)
    reply = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    async with replying(stage, reply) as upstream, connected(stage) as (reader, writer):
        for path in ("/a", "/b", "/c"):
            writer.write(f"GET {path} HTTP/1.1\r\nHost: {stage.host}\r\nX-Known: test\r\n\r\n".encode())
            assert (await reader.readuntil(b"ok")).startswith(b"HTTP/1.1 200 ")
    assert [head is not None for head in heads] == [False, True, True]
    first, second, third = (head.partition(b" HTTP")[2] for head in upstream.heads)
    assert first == second == third
    assert [head.split(b" ")[1] for head in upstream.heads] == [b"/a", b"/b", b"/c"]
