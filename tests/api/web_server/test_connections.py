"""Which connections to a container are used again, and which requests are repeated."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from runtime.container_http import target
from tests.api.web_server.proxy_stage import KEY, ProxyStage, connected

pytestmark = pytest.mark.asyncio(loop_scope="module")

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter, int], Awaitable[None]]


@dataclass
class Container:
    """A server that counts its connections and stores the heads of its requests with the number of the connection."""

    connections: int = 0
    heads: list[tuple[int, bytes]] = field(default_factory=list)

    async def next_head(self, reader: asyncio.StreamReader, number: int) -> bytes:
        head = await reader.readuntil(b"\r\n\r\n")
        self.heads.append((number, head))
        return head


@asynccontextmanager
async def container(stage: ProxyStage, talk: Talk) -> AsyncIterator[None]:
    tasks: list[asyncio.Task[None]] = []
    count = 0

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal count
        count += 1
        tasks.append(own := asyncio.current_task())  # type: ignore[arg-type]
        assert own is not None
        try:
            await talk(reader, writer, count)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    stage.leads_to(server.sockets[0].getsockname()[1])
    try:
        yield
    finally:
        stage.target.close()
        server.close()
        await asyncio.gather(*tasks, return_exceptions=True)


def request(stage: ProxyStage, method: str = "GET", *lines: str, body: str = "") -> bytes:
    length = [f"Content-Length: {len(body)}"] if body else []
    return "\r\n".join([f"{method} / HTTP/1.1", f"Host: {stage.host}", *length, *lines, "", body]).encode()


async def status(reader: asyncio.StreamReader) -> bytes:
    """Read a response with a body of an announced length, and return its status."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = int(head.partition(b"content-length: ")[2].partition(b"\r")[0])
    await reader.readexactly(length)
    return head.split(b" ")[1]


async def test_clients_share_the_connections_of_a_container(stage: ProxyStage) -> None:
    seen = Container()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        while True:
            head = await seen.next_head(reader, number)
            assert b"connection:" not in head.lower()
            writer.write(OK)

    async with container(stage, talk):
        for _ in range(3):
            async with connected(stage) as (reader, writer):
                for _ in range(2):
                    writer.write(request(stage))
                    assert await status(reader) == b"200"
    assert {number for number, _ in seen.heads} == {1}
    assert len(seen.heads) == 6


@pytest.mark.parametrize(("method", "body"), [("POST", "x"), ("POST", ""), ("PATCH", ""), ("PUT", "x"), ("LOCK", "")])
async def test_a_request_that_cannot_be_repeated_gets_a_new_connection(
    stage: ProxyStage, method: str, body: str
) -> None:
    """The container may be closing an idle connection just now."""
    seen = Container()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        while True:
            head = await seen.next_head(reader, number)
            if b"content-length: 1" in head:
                await reader.readexactly(1)
            writer.write(OK)

    async with container(stage, talk), connected(stage) as (reader, writer):
        for sent in (request(stage), request(stage, method, body=body), request(stage)):
            writer.write(sent)
            assert await status(reader) == b"200"
    assert [number for number, _ in seen.heads][:2] == [1, 2]


async def test_a_request_is_repeated_if_the_container_closes_an_idle_connection(stage: ProxyStage) -> None:
    seen = Container()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        await seen.next_head(reader, number)
        writer.write(OK)
        await seen.next_head(reader, number)  # the second request is closed without a response

    async with container(stage, talk), connected(stage) as (reader, writer):
        for _ in range(2):
            writer.write(request(stage))
            assert await status(reader) == b"200"
    assert [number for number, _ in seen.heads] == [1, 1, 2]


async def test_a_request_is_not_repeated_after_a_part_of_its_response(stage: ProxyStage) -> None:
    seen = Container()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        await seen.next_head(reader, number)
        writer.write(OK)
        await seen.next_head(reader, number)
        writer.write(b"HTTP/1.1 20")

    async with container(stage, talk), connected(stage) as (reader, writer):
        writer.write(request(stage))
        assert await status(reader) == b"200"
        writer.write(request(stage))
        assert await status(reader) == b"502"
    assert len(seen.heads) == 2


async def test_an_unrequested_response_does_not_answer_the_next_request(stage: ProxyStage) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK + b"HTTP/1.1 201 Poison\r\nContent-Length: 0\r\n\r\n" if number == 1 else OK)
        await reader.read()

    async with container(stage, talk), connected(stage) as (reader, writer):
        for _ in range(2):
            writer.write(request(stage))
            assert await status(reader) == b"200"


async def test_idle_connections_are_closed(stage: ProxyStage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(target, "CHECK_SECS", 0.02)
    monkeypatch.setattr(target, "IDLE_SECS", 0.01)
    closed = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK)
        assert await reader.read() == b""
        closed.set()

    async with container(stage, talk), connected(stage) as (reader, writer):
        writer.write(request(stage))
        await status(reader)
        await closed.wait()


async def test_a_server_that_serves_one_connection_at_a_time_is_not_blocked(
    stage: ProxyStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An idle connection occupies such a server, so the new connection of a POST would wait forever."""
    monkeypatch.setattr(target, "CHECK_SECS", 0.02)
    monkeypatch.setattr(target, "STARVED_SECS", 0.01)
    monkeypatch.setattr(target, "IDLE_SECS", 600.0)
    one = asyncio.Lock()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        async with one:
            while not reader.at_eof():
                await reader.readuntil(b"\r\n\r\n")
                writer.write(OK)

    async with container(stage, talk), connected(stage) as (reader, writer):
        for method in ("GET", "POST", "GET", "POST"):
            writer.write(request(stage, method))
            assert await status(reader) == b"200"


async def test_a_container_that_never_answers(stage: ProxyStage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(target, "CHECK_SECS", 0.02)
    monkeypatch.setattr(target, "SILENT_SECS", 0.01)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        await reader.read()
        await reader.read()

    async with container(stage, talk), connected(stage) as (reader, writer):
        writer.write(request(stage))
        assert await status(reader) == b"504"


async def test_a_container_that_replaces_another_gets_its_requests(stage: ProxyStage) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        while True:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(OK)

    async def replacement(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK.replace(b"200", b"203"))

    async with connected(stage) as (reader, writer), container(stage, talk):
        writer.write(request(stage))
        assert await status(reader) == b"200"
        async with container(stage, replacement):
            writer.write(request(stage))
            assert await status(reader) == b"203"


async def test_one_connection_of_a_client_reaches_the_api_and_several_web_servers(stage: ProxyStage) -> None:
    """Each request is routed anew, also when it is pipelined."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            writer.write(OK[:-2] + (b"by" if b"/path" in head else b"it"))

    async with container(stage, talk):
        requests = [
            request(stage),
            b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
            f"GET /greenroom/web/{KEY}/path HTTP/1.1\r\nHost: localhost\r\n\r\n".encode(),
            request(stage).replace(KEY.encode(), b"unknown"),
            b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
            request(stage),
        ]
        expected = [b"it", b"API", b"by", b'"}}', b"API", b"it"]
        for together in (False, True):
            async with connected(stage) as (reader, writer):
                if together:
                    writer.write(b"".join(requests))
                for each, end in zip(requests, expected, strict=True):
                    if not together:
                        writer.write(each)
                    head = await reader.readuntil(b"\r\n\r\n")
                    body = await reader.readexactly(int(head.partition(b"content-length: ")[2].partition(b"\r")[0]))
                    assert body.endswith(end)


async def test_a_client_that_pipelines_many_rejected_requests(stage: ProxyStage) -> None:
    stage.targets.clear()
    async with connected(stage) as (reader, writer):
        writer.write(request(stage) * 2000)
        for _ in range(2000):
            assert await status(reader) == b"404"
