from __future__ import annotations

import asyncio
import gzip
import json
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import psutil
import pytest
import pytest_asyncio
import uvicorn
from aiohttp import web
from starlette.types import Message, Receive, Scope, Send
from yarl import URL

from api.web_server.forwarding import Target
from api.web_server.proxy import WebServerProxy
from api.web_server.run_address import run_address_of
from api.web_server.server_options import SERVER_OPTIONS
from runtime.base.errors import BadGateway, GreenroomError, record_not_found

KEY = "k3yk3yk3yk3yk3yk3"
MEGABYTE = 1024 * 1024
PATIENCE_SECS = 30
"""After which something is taken to hang."""
SANDBOX = "sandbox allow-scripts allow-forms"

pytestmark = pytest.mark.asyncio(loop_scope="module")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Stage:
    """A proxy under a real uvicorn, and what its keys lead to."""

    port: int
    targets: dict[str, Target | GreenroomError] = field(default_factory=dict)

    @property
    def host(self) -> str:
        return f"{KEY}.runs.localhost:{self.port}"

    def url(self, path: str = "/") -> URL:
        return URL(f"http://127.0.0.1:{self.port}{path}", encoded=True)

    async def target_of(self, key: str) -> Target:
        found = self.targets.get(key, record_not_found("Web server", key))
        if isinstance(found, GreenroomError):
            raise found
        return found

    def leads_to(self, port: int) -> None:
        self.targets[KEY] = Target("127.0.0.1", port)


class Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listens = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listens.set()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def served() -> AsyncIterator[Stage]:
    # Without a protocol, asyncio leaves Nagle's algorithm on, and every answer waits for a delayed acknowledgement.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    stage = Stage(listening.getsockname()[1])
    proxy = WebServerProxy(stage.target_of)
    server = Server(uvicorn.Config(proxy, lifespan="off", log_level="warning", **SERVER_OPTIONS))
    serving = asyncio.create_task(server.serve([listening]))
    await server.listens.wait()
    yield stage
    server.should_exit = server.force_exit = True
    await serving
    await proxy.close()


@pytest_asyncio.fixture(loop_scope="module")
async def stage(served: Stage) -> AsyncIterator[Stage]:
    """Nothing of a test's traffic may outlive its clients."""
    before = asyncio.all_tasks()
    yield served
    served.targets.clear()
    async with asyncio.timeout(PATIENCE_SECS):
        await asyncio.gather(*(asyncio.all_tasks() - before - {own_task()}), return_exceptions=True)


def own_task() -> asyncio.Task[Any]:
    task = asyncio.current_task()
    assert task is not None
    return task


@pytest_asyncio.fixture(loop_scope="module")
async def client(stage: Stage) -> AsyncIterator[aiohttp.ClientSession]:
    """A client of the host form that keeps no cookies and touches no body."""
    async with aiohttp.ClientSession(
        headers={"Host": stage.host},
        auto_decompress=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        max_field_size=MEGABYTE,
        max_line_size=MEGABYTE,
    ) as session:
        yield session


@pytest_asyncio.fixture(loop_scope="module")
async def upstream(stage: Stage) -> AsyncIterator[Callable[[Handler], Awaitable[None]]]:
    """Puts a handler of every path behind the key."""
    runners: list[web.AppRunner] = []
    ends: list[asyncio.Event] = []

    async def put(handler: Handler) -> None:
        async def tracked(request: web.Request) -> web.StreamResponse:
            end = asyncio.Event()
            ends.append(end)
            try:
                return await handler(request)
            finally:
                end.set()

        application = web.Application(client_max_size=0)
        application.router.add_route("*", "/{path:.*}", tracked)
        runner = web.AppRunner(application, handler_cancellation=True, max_field_size=MEGABYTE, max_line_size=MEGABYTE)
        runners.append(runner)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        stage.leads_to(runner.addresses[0][1])

    yield put
    async with asyncio.timeout(PATIENCE_SECS):
        for end in ends:
            await end.wait()
    for runner in runners:
        await runner.cleanup()


@dataclass
class RawUpstream:
    """Says the same bytes to every request, then closes; `heads` are the requests' heads."""

    heads: list[bytes] = field(default_factory=list)


@asynccontextmanager
async def saying(stage: Stage, reply: bytes) -> AsyncIterator[RawUpstream]:
    upstream = RawUpstream()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream.heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(reply)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    stage.leads_to(server.sockets[0].getsockname()[1])
    yield upstream
    server.close()
    await server.wait_closed()


@asynccontextmanager
async def connected(stage: Stage) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", stage.port)
    yield reader, writer
    writer.close()


def closed_port() -> int:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port: int = unused.getsockname()[1]
        return port


async def turns(count: int) -> None:
    """Let everything else in the loop move."""
    for _ in range(count):
        await asyncio.sleep(0)


# Addresses


def scope_of(host: str, raw_path: str) -> Scope:
    return {"type": "http", "headers": [(b"host", host.encode())], "raw_path": raw_path.encode(), "path": raw_path}


@pytest.mark.parametrize(
    ("host", "raw_path", "expected"),
    [
        ("k3y.runs.localhost:3333", "/a/b", ("k3y", "/a/b")),
        ("k3y.runs.localhost", "/", ("k3y", "/")),
        ("K3Y.Runs.LOCALHOST:3333", "/", ("k3y", "/")),
        ("k3y.runs.localhost:3333", "/a%2Fb/%zz", ("k3y", "/a%2Fb/%zz")),
        ("k3y.runs.localhost:3333", "/v2/acts", ("k3y", "/v2/acts")),
        ("k3y.runs.localhost:3333", "/greenroom/web/other/", ("k3y", "/greenroom/web/other/")),
        ("localhost:3333", "/greenroom/web/k3y/a%2Fb", ("k3y", "/a%2Fb")),
        ("localhost:3333", "/greenroom/web/k3y/", ("k3y", "/")),
        ("localhost:3333", "/greenroom/web/k3y", ("k3y", "")),
        ("localhost:3333", "/greenroom/web/k3y//x", ("k3y", "//x")),
        ("localhost:3333", "/greenroom/web/", None),
        ("localhost:3333", "/greenroom/webk3y/", None),
        ("localhost:3333", "/v2/acts", None),
        ("runs.localhost:3333", "/", None),
        ("a.b.runs.localhost:3333", "/", None),
        ("k3y.runs.localhost.example.com", "/", None),
    ],
)
async def test_both_forms_of_the_address(host: str, raw_path: str, expected: tuple[str, str] | None) -> None:
    address = run_address_of(scope_of(host, raw_path))
    assert (None if address is None else (address.key, address.path)) == expected


@pytest.mark.parametrize("query", ["", "?a=1&b=%2F"])
async def test_the_path_form_without_its_slash_is_redirected(
    stage: Stage, client: aiohttp.ClientSession, query: str
) -> None:
    stage.leads_to(closed_port())
    url = stage.url(f"/greenroom/web/{KEY}{query}")
    async with client.post(url, headers={"Host": "localhost"}, allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (308, f"/greenroom/web/{KEY}/{query}")


# What goes up


async def reflect(request: web.Request) -> web.Response:
    headers = [(name.decode().lower(), value.decode()) for name, value in request.raw_headers]
    body = (await request.read()).decode()
    return web.json_response({"method": request.method, "path": request.raw_path, "headers": headers, "body": body})


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "PURGE"])
async def test_any_method_with_its_body(
    stage: Stage, client: aiohttp.ClientSession, upstream: Any, method: str
) -> None:
    await upstream(reflect)
    async with client.request(method, stage.url(), data=b"body") as answer:
        seen = await answer.json()
    assert (seen["method"], seen["body"]) == (method, "body")


async def test_a_method_of_the_actors_own(stage: Stage) -> None:
    """uvicorn's parser knows the registered methods only; the proxy does not care."""
    async with saying(stage, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") as upstream:
        sent = await called(stage, {"type": "http", "method": "FROB", "raw_path": b"/x"}, [{"type": "http.request"}])
    assert upstream.heads[0].startswith(b"FROB /x HTTP/1.1\r\n")
    assert sent[0]["status"] == 200


@pytest.mark.parametrize(
    "path", ["/a%2Fb/../c//d;e?x=%20+&y=%C3%A9&empty=&a=b=c", "/?", "//double", "/%7Euser/~user", "/a?b?c", "/[x]|y"]
)
@pytest.mark.parametrize("prefix", ["", f"/greenroom/web/{KEY}"])
async def test_path_and_query_arrive_as_sent(stage: Stage, upstream: Any, path: str, prefix: str) -> None:
    await upstream(reflect)
    host = "localhost" if prefix else stage.host
    async with connected(stage) as (reader, writer):
        writer.write(f"GET {prefix}{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        answer = await reader.read()
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["path"] == (path if path != "/?" else "/")


async def head_seen(stage: Stage, upstream: Any, *lines: str) -> list[tuple[str, str]]:
    await upstream(reflect)
    async with connected(stage) as (reader, writer):
        writer.write("\r\n".join(["GET / HTTP/1.1", "Connection: close", *lines, "", ""]).encode())
        answer = await reader.read()
    return [(name, value) for name, value in json.loads(answer.partition(b"\r\n\r\n")[2])["headers"]]


async def test_request_headers_pass_and_nothing_is_made_up(stage: Stage, upstream: Any) -> None:
    passing = [
        ("authorization", "Bearer the-containers-own-business"),
        ("cookie", "a=1"),
        ("x-twice", "1"),
        ("x-twice", "2"),
        ("x-utf8", "žluť"),
    ]
    seen = await head_seen(stage, upstream, f"Host: {stage.host}", *(f"{name}: {value}" for name, value in passing))
    added = [
        ("x-forwarded-for", "127.0.0.1"),
        ("x-forwarded-host", stage.host),
        ("x-forwarded-proto", "http"),
        ("connection", "close"),
    ]
    assert sorted(seen) == sorted([("host", stage.host), *passing, *added])


async def test_hop_by_hop_request_headers_stay(stage: Stage, upstream: Any) -> None:
    hops = ["Keep-Alive: 5", "TE: trailers", "Proxy-Authorization: Basic eDp5", "Proxy-Connection: x", "X-Named: 1"]
    seen = await head_seen(stage, upstream, f"Host: {stage.host}", "Connection: x-named", *hops, "X-Kept: 1")
    names = {name for name, _ in seen}
    assert not names & {"keep-alive", "te", "proxy-authorization", "proxy-connection", "x-named"}
    assert "x-kept" in names


async def test_forwarded_headers_of_a_proxy_before_us(stage: Stage, upstream: Any) -> None:
    theirs = ["X-Forwarded-For: 203.0.113.7", "X-Forwarded-Host: spoofed", "X-Forwarded-Proto: spoofed"]
    seen = dict(await head_seen(stage, upstream, f"Host: {stage.host}", *theirs))
    assert seen["x-forwarded-for"] == "203.0.113.7, 127.0.0.1"
    assert (seen["x-forwarded-host"], seen["x-forwarded-proto"]) == (stage.host, "http")


@pytest.mark.parametrize("length", [None, "8"])
async def test_an_upload_streams(
    stage: Stage, client: aiohttp.ClientSession, upstream: Any, length: str | None
) -> None:
    arrived: asyncio.Queue[bytes] = asyncio.Queue()

    async def handler(request: web.Request) -> web.Response:
        async for piece in request.content.iter_any():
            arrived.put_nowait(piece)
        return web.Response(text=request.headers.get("Content-Length", "chunked"))

    async def body() -> AsyncIterator[bytes]:
        yield b"one,"
        assert await arrived.get() == b"one,"
        yield b"two."

    await upstream(handler)
    headers = {"Content-Length": length} if length else {}
    async with client.post(stage.url(), data=body(), headers=headers) as answer:
        assert await answer.text() == (length or "chunked")
    assert arrived.get_nowait() == b"two."


async def test_the_answer_may_come_before_the_bodys_first_byte(stage: Stage, upstream: Any) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"ready")
        await response.write(await request.read())
        return response

    await upstream(handler)
    async with connected(stage) as (reader, writer):
        writer.write(f"POST / HTTP/1.1\r\nHost: {stage.host}\r\nContent-Length: 4\r\n\r\n".encode())
        await reader.readuntil(b"ready\r\n")
        writer.write(b"body")
        assert await reader.readuntil(b"0\r\n\r\n") == b"4\r\nbody\r\n0\r\n\r\n"


async def test_an_early_answer_ends_the_upload(stage: Stage, upstream: Any) -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(status=413, text="too much")

    await upstream(handler)
    async with connected(stage) as (reader, writer):
        writer.write(f"POST / HTTP/1.1\r\nHost: {stage.host}\r\nContent-Length: 1000000\r\n\r\n".encode() + b"x" * 1000)
        assert (await reader.readuntil(b"too much")).startswith(b"HTTP/1.1 413 ")


async def test_100_continue_is_said_here(stage: Stage, upstream: Any) -> None:
    await upstream(reflect)
    async with connected(stage) as (reader, writer):
        head = f"PUT / HTTP/1.1\r\nHost: {stage.host}\r\nExpect: 100-continue\r\nContent-Length: 4\r\n"
        writer.write(f"{head}Connection: close\r\n\r\n".encode())
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b"body")
        seen = json.loads((await reader.read()).partition(b"\r\n\r\n")[2])
    assert seen["body"] == "body"
    assert "expect" not in dict(seen["headers"])


async def test_no_100_continue_where_nothing_listens(stage: Stage) -> None:
    stage.leads_to(closed_port())
    async with connected(stage) as (reader, writer):
        writer.write(
            f"PUT / HTTP/1.1\r\nHost: {stage.host}\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n".encode()
        )
        assert (await reader.readuntil(b"\r\n")).startswith(b"HTTP/1.1 502 ")


# What comes down


def values(answer: aiohttp.ClientResponse, name: str) -> list[str]:
    return list(answer.headers.getall(name, []))


async def test_answer_headers_pass_except_those_of_the_hop(stage: Stage, client: aiohttp.ClientSession) -> None:
    reply = (
        b"HTTP/1.1 201 Created\r\nConnection: close, x-named\r\nX-Named: 1\r\nKeep-Alive: 5\r\nTrailer: x\r\n"
        b"Proxy-Authenticate: Basic\r\nSet-Cookie: a=1; Path=/; Domain=runs.localhost\r\nSet-Cookie: b=2\r\n"
        b"Server: nginx\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\nX-Kept: \xc5\xbe\r\nContent-Length: 2\r\n\r\nok"
    )
    async with saying(stage, reply), client.get(stage.url()) as answer:
        assert (answer.status, await answer.read()) == (201, b"ok")
        assert not {"X-Named", "Keep-Alive", "Trailer", "Proxy-Authenticate"} & set(answer.headers)
        assert values(answer, "Set-Cookie") == ["a=1; Path=/; Domain=runs.localhost", "b=2"]
        assert values(answer, "Server") == ["nginx"]
        assert len(values(answer, "Date")) == 1
        assert values(answer, "X-Kept") == ["ž"]
        assert "Content-Security-Policy" not in answer.headers


async def test_server_sent_events_arrive_at_once(stage: Stage, client: aiohttp.ClientSession, upstream: Any) -> None:
    first_read = asyncio.Event()

    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(b"data: 1\n\n")
        await first_read.wait()
        await response.write(b"data: 2\n\n")
        return response

    await upstream(handler)
    async with client.get(stage.url()) as answer:
        assert answer.content_type == "text/event-stream"
        assert await answer.content.readuntil(b"\n\n") == b"data: 1\n\n"
        first_read.set()
        assert await answer.read() == b"data: 2\n\n"


async def test_the_head_arrives_before_any_body(stage: Stage, client: aiohttp.ClientSession, upstream: Any) -> None:
    head_read = asyncio.Event()

    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"")
        await head_read.wait()
        return response

    await upstream(handler)
    async with client.get(stage.url()) as answer:
        assert answer.status == 200
        head_read.set()
        assert await answer.read() == b""


async def test_an_encoded_body_is_untouched(stage: Stage, client: aiohttp.ClientSession, upstream: Any) -> None:
    body = gzip.compress(b"hello" * 1000)

    async def handler(request: web.Request) -> web.Response:
        return web.Response(body=body, headers={"Content-Encoding": "gzip"})

    await upstream(handler)
    async with client.get(stage.url(), headers={"Accept-Encoding": "gzip"}) as answer:
        assert (await answer.read(), answer.headers["Content-Encoding"]) == (body, "gzip")
        assert answer.headers["Content-Length"] == str(len(body))


@pytest.mark.parametrize(
    ("method", "reply", "length"),
    [
        ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n", b"1234"),
        ("HEAD", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", None),
        ("GET", b"HTTP/1.1 204 No Content\r\n\r\n", None),
        ("GET", b"HTTP/1.1 304 Not Modified\r\nETag: x\r\nContent-Length: 1234\r\n\r\n", None),
        ("GET", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b"0"),
    ],
)
async def test_answers_without_a_body_leave_the_connection_usable(
    stage: Stage, method: str, reply: bytes, length: bytes | None
) -> None:
    request = f"{method} / HTTP/1.1\r\nHost: {stage.host}\r\n\r\n".encode()
    async with saying(stage, reply), connected(stage) as (reader, writer):
        for _ in range(2):
            writer.write(request)
            head = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")
            assert head[0].split(b" ")[1] == reply.split(b" ")[1]
            assert [line[16:] for line in head if line.startswith(b"content-length")] == ([length] if length else [])
            assert not any(line.startswith(b"transfer-encoding") for line in head)


async def test_an_answer_that_ends_with_its_connection(stage: Stage, client: aiohttp.ClientSession) -> None:
    async with saying(stage, b"HTTP/1.0 200 OK\r\n\r\nall of it"), client.get(stage.url()) as answer:
        assert await answer.read() == b"all of it"


async def test_redirects_pass(stage: Stage, client: aiohttp.ClientSession, upstream: Any) -> None:
    paths = []

    async def handler(request: web.Request) -> web.Response:
        paths.append(request.path)
        return web.Response(status=302, headers={"Location": "/login", "Set-Cookie": "a=1"})

    await upstream(handler)
    async with client.get(stage.url("/start"), allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (302, "/login")
    assert paths == ["/start"]


async def test_cookies_of_one_client_are_not_anothers(
    stage: Stage, client: aiohttp.ClientSession, upstream: Any
) -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(text=str(dict(request.cookies)), headers={"Set-Cookie": "secret=1; Path=/"})

    await upstream(handler)
    for _ in range(2):
        async with client.get(stage.url()) as answer:
            assert await answer.text() == "{}"


async def test_headers_of_64_kilobytes(stage: Stage, client: aiohttp.ClientSession, upstream: Any) -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(headers={"X-Big": request.headers["X-Big"]})

    await upstream(handler)
    big = "x" * 65_536
    async with client.get(stage.url("/?" + "q" * 32_000), headers={"X-Big": big}) as answer:
        assert answer.headers["X-Big"] == big


async def test_many_streams_at_once(stage: Stage, upstream: Any) -> None:
    """More than an aiohttp connector's own limit of 100."""
    streams, everybody = 120, asyncio.Event()
    here = 0

    async def handler(request: web.Request) -> web.Response:
        nonlocal here
        here += 1
        if here == streams:
            everybody.set()
        await everybody.wait()
        return web.Response(text="together")

    async def fetch(session: aiohttp.ClientSession) -> str:
        async with session.get(stage.url(), headers={"Host": stage.host}) as answer:
            return await answer.text()

    await upstream(handler)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        assert set(await asyncio.gather(*(fetch(session) for _ in range(streams)))) == {"together"}


# Backpressure: one side never runs far ahead of the other

TOTAL = 96 * MEGABYTE
MAX_LEAD = 24 * MEGABYTE


async def test_a_slow_reader_slows_the_container(stage: Stage, client: aiohttp.ClientSession, upstream: Any) -> None:
    sent = received = lead = 0

    async def handler(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse()
        await response.prepare(request)
        while sent < TOTAL:
            await response.write(b"x" * MEGABYTE)
            sent += MEGABYTE
        return response

    await upstream(handler)
    async with client.get(stage.url()) as answer:
        async for piece in answer.content.iter_chunked(MEGABYTE):
            received += len(piece)
            lead = max(lead, sent - received)
            await turns(50)
    assert received == TOTAL
    assert lead < MAX_LEAD


async def test_a_slow_container_slows_the_upload(stage: Stage, client: aiohttp.ClientSession, upstream: Any) -> None:
    sent = received = lead = 0

    async def handler(request: web.Request) -> web.Response:
        nonlocal received, lead
        async for piece in request.content.iter_chunked(MEGABYTE):
            received += len(piece)
            lead = max(lead, sent - received)
            await turns(50)
        return web.Response()

    async def body() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < TOTAL:
            sent += MEGABYTE
            yield b"x" * MEGABYTE

    await upstream(handler)
    async with client.post(stage.url(), data=body()) as answer:
        assert answer.status == 200
    assert received == TOTAL
    assert lead < MAX_LEAD


async def test_memory_stays_flat(stage: Stage, client: aiohttp.ClientSession, upstream: Any) -> None:
    size = 200 * MEGABYTE

    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        async for piece in request.content.iter_any():
            await response.write(piece)
        return response

    async def body() -> AsyncIterator[bytes]:
        for _ in range(size // MEGABYTE):
            yield b"x" * MEGABYTE

    await upstream(handler)
    memory = psutil.Process(os.getpid()).memory_info
    before, received, peak = memory().rss, 0, 0
    async with client.post(stage.url(), data=body()) as answer:
        async for piece in answer.content.iter_any():
            received += len(piece)
            peak = max(peak, memory().rss)
    assert received == size
    assert peak - before < size / 4


# Ends that were not meant


async def test_a_client_that_leaves_a_stream_ends_it(
    stage: Stage, client: aiohttp.ClientSession, upstream: Any
) -> None:
    cancelled = asyncio.Event()

    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"data: 1\n\n")
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()
        return response

    await upstream(handler)
    async with client.get(stage.url()) as answer:
        await answer.content.readuntil(b"\n\n")
        answer.close()
        await cancelled.wait()


async def test_a_client_that_leaves_before_the_answer_ends_the_request(stage: Stage, upstream: Any) -> None:
    begun, cancelled = asyncio.Event(), asyncio.Event()

    async def handler(request: web.Request) -> web.Response:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()
        return web.Response()

    await upstream(handler)
    async with connected(stage) as (_, writer):
        writer.write(f"GET / HTTP/1.1\r\nHost: {stage.host}\r\n\r\n".encode())
        await begun.wait()
    await cancelled.wait()


async def test_a_client_that_leaves_an_upload_ends_it(stage: Stage, upstream: Any) -> None:
    begun, broken = asyncio.Event(), asyncio.Event()

    async def handler(request: web.Request) -> web.Response:
        begun.set()
        try:
            await request.read()
        except (ConnectionError, aiohttp.ClientError, asyncio.CancelledError):
            broken.set()
            raise
        return web.Response()

    await upstream(handler)
    async with connected(stage) as (_, writer):
        writer.write(f"POST / HTTP/1.1\r\nHost: {stage.host}\r\nContent-Length: 1000\r\n\r\npart".encode())
        await begun.wait()
    await broken.wait()


@pytest.mark.parametrize(
    "reply",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n",
    ],
)
async def test_an_answer_broken_off_is_broken_off_for_the_client(
    stage: Stage, client: aiohttp.ClientSession, reply: bytes
) -> None:
    async with saying(stage, reply), client.get(stage.url()) as answer:
        with pytest.raises(aiohttp.ClientPayloadError):
            await answer.read()


async def error_of(answer: aiohttp.ClientResponse) -> tuple[int, str, str]:
    error = (await answer.json())["error"]
    return answer.status, error["type"], error["message"]


async def test_nothing_listens(stage: Stage, client: aiohttp.ClientSession) -> None:
    port = closed_port()
    stage.leads_to(port)
    async with client.post(stage.url(), data=b"body") as answer:
        status, slug, message = await error_of(answer)
    assert (status, slug) == (502, "web-server-not-listening")
    assert str(port) in message
    assert "ACTOR_WEB_SERVER_PORT" in message
    assert "0.0.0.0" in message


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"220 mail.example ESMTP\r\n",
        b"HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
    ],
)
async def test_no_valid_answer_is_a_bad_gateway_and_asked_for_once(
    stage: Stage, client: aiohttp.ClientSession, reply: bytes
) -> None:
    async with saying(stage, reply) as upstream, client.get(stage.url()) as answer:
        assert (await error_of(answer))[:2] == (502, "web-server-not-answering")
    assert len(upstream.heads) == 1


async def test_headers_that_nobody_may_send_are_left_out(stage: Stage, client: aiohttp.ClientSession) -> None:
    reply = b"HTTP/1.1 200 OK\r\nLink: <\x01>\r\nX-Kept: caf\xe9\tau lait\r\nContent-Length: 2\r\n\r\nok"
    async with saying(stage, reply), client.get(stage.url()) as answer:
        assert (answer.status, await answer.read()) == (200, b"ok")
        assert "Link" not in answer.headers
        assert dict(answer.raw_headers)[b"x-kept"] == b"caf\xe9\tau lait"


async def test_an_unknown_key(stage: Stage, client: aiohttp.ClientSession) -> None:
    async with client.get(stage.url()) as answer:
        assert (await error_of(answer))[:2] == (404, "record-not-found")


async def test_a_run_that_is_over(stage: Stage, client: aiohttp.ClientSession) -> None:
    stage.targets[KEY] = BadGateway("run-finished", "The run has finished.")
    async with client.get(stage.url("/greenroom/web/" + KEY), headers={"Host": "localhost"}) as answer:
        assert await error_of(answer) == (502, "run-finished", "The run has finished.")


# The path form shares the API's origin


async def test_path_form_answers_are_sandboxed(stage: Stage, client: aiohttp.ClientSession, upstream: Any) -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(text=request.path, headers={"Content-Security-Policy": "default-src 'self'"})

    await upstream(handler)
    async with client.get(stage.url(f"/greenroom/web/{KEY}/page"), headers={"Host": "localhost"}) as answer:
        assert await answer.text() == "/page"
        assert values(answer, "Content-Security-Policy") == ["default-src 'self'", SANDBOX]
        assert "X-Frame-Options" not in answer.headers


@pytest.mark.parametrize(
    ("cookie", "expected"),
    [
        ("a=1", "a=1"),
        ("a=1; Path=/", f"a=1; Path=/greenroom/web/{KEY}/"),
        ("a=1; path=/app; HttpOnly", f"a=1; Path=/greenroom/web/{KEY}/app; HttpOnly"),
        ("a=1; Domain=localhost; Secure", "a=1; Secure"),
        ("a=1; Path=/; Path=/v2", f"a=1; Path=/greenroom/web/{KEY}/; Path=/greenroom/web/{KEY}/v2"),
        ("a=Path=/; Path=odd", "a=Path=/; Path=odd"),
    ],
)
async def test_path_form_cookies_stay_below_the_path(
    stage: Stage, client: aiohttp.ClientSession, upstream: Any, cookie: str, expected: str
) -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(headers={"Set-Cookie": cookie})

    await upstream(handler)
    async with client.get(stage.url(f"/greenroom/web/{KEY}/"), headers={"Host": "localhost"}) as answer:
        assert values(answer, "Set-Cookie") == [expected]


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("/login?a=1#b", f"/greenroom/web/{KEY}/login?a=1#b"),
        ("http://localhost:1/login", f"http://localhost:1/greenroom/web/{KEY}/login"),
        ("http://elsewhere.example/login", "http://elsewhere.example/login"),
        ("//elsewhere.example/login", "//elsewhere.example/login"),
        ("next", "next"),
        ("http://[::bad", "http://[::bad"),
    ],
)
async def test_path_form_redirects_stay_below_the_path(
    stage: Stage, client: aiohttp.ClientSession, upstream: Any, location: str, expected: str
) -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": location})

    await upstream(handler)
    url, headers = stage.url(f"/greenroom/web/{KEY}/"), {"Host": "localhost:1"}
    async with client.get(url, headers=headers, allow_redirects=False) as answer:
        assert answer.headers["Location"] == expected


# WebSockets


def talking(talk: Callable[[web.WebSocketResponse], Awaitable[None]], **options: Any) -> Handler:
    async def handler(request: web.Request) -> web.WebSocketResponse:
        web_socket = web.WebSocketResponse(max_msg_size=0, **options)
        await web_socket.prepare(request)
        await talk(web_socket)
        return web_socket

    return handler


def handshake(stage: Stage) -> bytes:
    upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    key = "Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n"
    return f"GET / HTTP/1.1\r\nHost: {stage.host}\r\n{upgrade}{key}\r\n".encode()


async def echo(web_socket: web.WebSocketResponse) -> None:
    async for message in web_socket:
        if message.type is aiohttp.WSMsgType.TEXT:
            await web_socket.send_str(message.data)
        else:
            await web_socket.send_bytes(message.data)


@pytest.mark.parametrize("path", ["/socket", f"/greenroom/web/{KEY}/socket", f"/greenroom/web/{KEY}"])
async def test_messages_both_ways(stage: Stage, client: aiohttp.ClientSession, upstream: Any, path: str) -> None:
    await upstream(talking(echo))
    headers = {"Host": stage.host if path == "/socket" else "localhost"}
    async with client.ws_connect(stage.url(path), headers=headers) as web_socket:
        for text in ("žluť", ""):
            await web_socket.send_str(text)
            assert await web_socket.receive_str() == text
        for data in (b"\x00\xff", b""):
            await web_socket.send_bytes(data)
            assert await web_socket.receive_bytes() == data


async def test_the_container_may_speak_first(stage: Stage, client: aiohttp.ClientSession, upstream: Any) -> None:
    async def talk(web_socket: web.WebSocketResponse) -> None:
        await web_socket.send_str("welcome")
        await echo(web_socket)

    await upstream(talking(talk))
    async with client.ws_connect(stage.url()) as web_socket:
        assert await web_socket.receive_str() == "welcome"


@pytest.mark.parametrize("compress", [0, 15])
async def test_messages_of_16_megabytes(
    stage: Stage, client: aiohttp.ClientSession, upstream: Any, compress: int
) -> None:
    await upstream(talking(echo))
    async with client.ws_connect(stage.url(), max_msg_size=0, compress=compress) as web_socket:
        assert bool(web_socket.compress) is bool(compress)
        data = b"0123456789abcdef" * MEGABYTE
        await web_socket.send_bytes(data)
        assert await web_socket.receive_bytes() == data


@pytest.mark.parametrize(
    ("asked", "spoken", "chosen"),
    [(("a", "b"), ("b",), "b"), (("a", "b"), (), None), (("a",), ("other",), None), ((), ("a",), None)],
)
async def test_the_container_chooses_the_subprotocol(
    stage: Stage,
    client: aiohttp.ClientSession,
    upstream: Any,
    asked: tuple[str, ...],
    spoken: tuple[str, ...],
    chosen: str | None,
) -> None:
    await upstream(talking(echo, protocols=spoken))
    async with client.ws_connect(stage.url(), protocols=asked) as web_socket:
        assert web_socket.protocol == chosen


async def test_handshake_headers_go_up(stage: Stage, client: aiohttp.ClientSession, upstream: Any) -> None:
    async def handler(request: web.Request) -> web.WebSocketResponse:
        web_socket = web.WebSocketResponse()
        await web_socket.prepare(request)
        await web_socket.send_json([(name.lower(), value) for name, value in request.headers.items()])
        return web_socket

    await upstream(handler)
    headers = {"Origin": "http://page.example", "Cookie": "a=1", "Authorization": "Basic eDp5"}
    async with client.ws_connect(stage.url(), headers=headers) as web_socket:
        seen = [(name, value) for name, value in await web_socket.receive_json()]
    assert {("origin", "http://page.example"), ("cookie", "a=1"), ("authorization", "Basic eDp5")} <= set(seen)
    assert {("host", stage.host), ("x-forwarded-host", stage.host), ("x-forwarded-proto", "http")} <= set(seen)
    assert len([name for name, _ in seen if name == "sec-websocket-key"]) == 1
    assert "sec-websocket-extensions" not in dict(seen)


async def refused(client: aiohttp.ClientSession, url: URL) -> aiohttp.WSServerHandshakeError:
    with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
        await client.ws_connect(url)
    return refusal.value


async def test_the_containers_refusal_passes(stage: Stage, client: aiohttp.ClientSession, upstream: Any) -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(status=401, text="who are you?", headers={"WWW-Authenticate": "Basic"})

    await upstream(handler)
    refusal = await refused(client, stage.url())
    assert refusal.status == 401
    assert refusal.headers is not None
    assert refusal.headers["WWW-Authenticate"] == "Basic"


async def test_a_handshake_is_not_redirected(stage: Stage, client: aiohttp.ClientSession, upstream: Any) -> None:
    paths = []

    async def handler(request: web.Request) -> web.StreamResponse:
        paths.append(request.path)
        if request.path == "/elsewhere":
            return await talking(echo)(request)
        return web.Response(status=307, headers={"Location": "/elsewhere"})

    await upstream(handler)
    async with connected(stage) as (reader, writer):
        writer.write(handshake(stage))
        head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 307 ")
    assert b"location: /elsewhere" in head.lower()
    assert paths == ["/"]


@pytest.mark.parametrize(("listens", "status"), [(False, 502), (None, 404)])
async def test_errors_before_the_handshake(
    stage: Stage, client: aiohttp.ClientSession, listens: bool | None, status: int
) -> None:
    if listens is not None:
        stage.leads_to(closed_port())
    assert (await refused(client, stage.url())).status == status


async def test_a_server_that_cannot_refuse_with_a_status(stage: Stage, upstream: Any) -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(status=401)

    await upstream(handler)
    sent = await called(stage, {**WEB_SOCKET, "extensions": {}}, [{"type": "websocket.connect"}])
    assert sent == [{"type": "websocket.close"}]


@pytest.mark.parametrize(("code", "reason"), [(1000, ""), (1001, "bye"), (3001, "mine"), (4999, "žluť")])
async def test_the_clients_close_goes_up(
    stage: Stage, client: aiohttp.ClientSession, upstream: Any, code: int, reason: str
) -> None:
    closed: asyncio.Future[tuple[int, str]] = asyncio.get_running_loop().create_future()

    async def talk(web_socket: web.WebSocketResponse) -> None:
        message = await web_socket.receive()
        closed.set_result((message.data, message.extra or ""))

    await upstream(talking(talk))
    async with client.ws_connect(stage.url()) as web_socket:
        await web_socket.close(code=code, message=reason.encode())
        assert await closed == (code, reason)


@pytest.mark.parametrize(("code", "reason"), [(1000, ""), (1008, "no"), (1011, "žluť"), (1012, ""), (4001, "mine")])
async def test_the_containers_close_comes_down(
    stage: Stage, client: aiohttp.ClientSession, upstream: Any, code: int, reason: str
) -> None:
    answered: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()

    async def talk(web_socket: web.WebSocketResponse) -> None:
        await web_socket.send_str("last words")
        await web_socket.close(code=code, message=reason.encode())
        answered.set_result(web_socket.close_code)

    await upstream(talking(talk))
    async with client.ws_connect(stage.url()) as web_socket:
        assert await web_socket.receive_str() == "last words"
        message = await web_socket.receive()
        assert (message.type, message.data, message.extra or "") == (aiohttp.WSMsgType.CLOSE, code, reason)
    assert await answered == code


async def test_a_close_without_a_code_is_a_normal_one(
    stage: Stage, client: aiohttp.ClientSession, upstream: Any
) -> None:
    async def talk(web_socket: web.WebSocketResponse) -> None:
        await web_socket.send_frame(b"", aiohttp.WSMsgType.CLOSE)
        await web_socket.receive()

    await upstream(talking(talk))
    async with client.ws_connect(stage.url()) as web_socket:
        message = await web_socket.receive()
        assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, 1000)


async def test_a_container_that_dies_ends_the_connection_without_a_close(
    stage: Stage, client: aiohttp.ClientSession, upstream: Any
) -> None:
    async def handler(request: web.Request) -> web.WebSocketResponse:
        web_socket = web.WebSocketResponse()
        await web_socket.prepare(request)
        await web_socket.send_str("last words")
        await web_socket.receive()
        assert request.transport is not None
        request.transport.abort()
        return web_socket

    await upstream(handler)
    async with client.ws_connect(stage.url(), autoclose=False) as web_socket:
        assert await web_socket.receive_str() == "last words"
        await web_socket.send_str("die")
        message = await web_socket.receive()
        assert message.type is aiohttp.WSMsgType.CLOSED


async def test_a_client_that_vanishes_is_going_away(stage: Stage, upstream: Any) -> None:
    begun, closed = asyncio.Event(), asyncio.get_running_loop().create_future()

    async def talk(web_socket: web.WebSocketResponse) -> None:
        begun.set()
        closed.set_result((await web_socket.receive()).data)

    await upstream(talking(talk))
    async with connected(stage) as (reader, writer):
        writer.write(handshake(stage))
        await reader.readuntil(b"\r\n\r\n")
        await begun.wait()
        writer.transport.abort()
    assert await closed == 1001


async def test_pings_of_both_sides_are_answered(stage: Stage, client: aiohttp.ClientSession, upstream: Any) -> None:
    async def talk(web_socket: web.WebSocketResponse) -> None:
        await web_socket.ping(b"up there?")
        pong = await web_socket.receive()
        await web_socket.send_str(f"{pong.type.name} {pong.data.decode()}")

    await upstream(talking(talk, autoping=False))
    async with client.ws_connect(stage.url(), autoping=False) as web_socket:
        assert await web_socket.receive_str() == "PONG up there?"

    await upstream(talking(echo))
    async with client.ws_connect(stage.url(), autoping=False) as web_socket:
        await web_socket.ping(b"down there?")
        pong = await web_socket.receive()
        assert (pong.type, bytes(pong.data)) == (aiohttp.WSMsgType.PONG, b"down there?")


# Without a server


async def test_a_server_that_tells_once_that_the_client_has_gone(stage: Stage, upstream: Any) -> None:
    begun, cancelled = asyncio.Event(), asyncio.Event()

    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"begun")
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()
        return response

    async def leave() -> Message:
        if begun.is_set():
            return await never()
        await begun.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if message.get("body") == b"begun":
            begun.set()

    await upstream(handler)
    scope = {"type": "http", "method": "POST", "raw_path": b"/", "headers": [(b"content-length", b"9")]}
    await called(stage, scope, [{"type": "http.request", "body": b"part", "more_body": True}], leave, send)
    await cancelled.wait()


async def test_a_container_that_does_not_accept_a_connection(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.web_server.container_session.CONNECT_TIMEOUT_SECS", 0.2)
    with socket.socket() as deaf, socket.socket() as first, socket.socket() as second:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        for filler in (first, second):
            filler.setblocking(False)
            filler.connect_ex(deaf.getsockname())
        stage.leads_to(deaf.getsockname()[1])
        sent = await called(stage, {"type": "http", "method": "GET", "raw_path": b"/"}, [])
    assert (sent[0]["status"], json.loads(sent[1]["body"])["error"]["type"]) == (502, "web-server-not-listening")


async def test_messages_to_a_dead_container_go_nowhere(stage: Stage, upstream: Any) -> None:
    async def handler(request: web.Request) -> web.WebSocketResponse:
        web_socket = web.WebSocketResponse()
        await web_socket.prepare(request)
        await web_socket.receive()
        assert request.transport is not None
        request.transport.abort()
        return web_socket

    accepted = asyncio.Event()

    async def talk_on() -> Message:
        await accepted.wait()
        await asyncio.sleep(0)
        return {"type": "websocket.receive", "text": "anybody?"}

    async def send(message: Message) -> None:
        accepted.set()

    await upstream(handler)
    sent = await called(stage, WEB_SOCKET, [{"type": "websocket.connect"}], talk_on, send)
    assert [message["type"] for message in sent] == ["websocket.accept"]


async def test_a_client_that_leaves_during_the_handshake_ends_it(stage: Stage, upstream: Any) -> None:
    begun, cancelled = asyncio.Event(), asyncio.Event()

    async def handler(request: web.Request) -> web.Response:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()
        return web.Response()

    await upstream(handler)
    async with connected(stage) as (_, writer):
        writer.write(handshake(stage))
        await begun.wait()
    await cancelled.wait()


async def test_a_close_is_answered_before_the_client_answers(stage: Stage, upstream: Any) -> None:
    answered: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()

    async def talk(web_socket: web.WebSocketResponse) -> None:
        await web_socket.close(code=4001)
        answered.set_result(web_socket.close_code)

    await upstream(talking(talk))
    sent = await called(stage, WEB_SOCKET, [{"type": "websocket.connect"}])
    assert sent[-1] == {"type": "websocket.close", "code": 4001, "reason": ""}
    assert await answered == 4001


async def test_a_close_is_not_lost_where_sending_has_failed(stage: Stage, upstream: Any) -> None:
    """A server may raise OSError from `send` before it hands out the client's close."""
    failed, closed = asyncio.Event(), asyncio.get_running_loop().create_future()

    async def talk(web_socket: web.WebSocketResponse) -> None:
        await web_socket.send_str("never arrives")
        closed.set_result((await web_socket.receive()).data)

    async def receive() -> Message:
        await failed.wait()
        return {"type": "websocket.disconnect", "code": 4001}

    async def send(message: Message) -> None:
        if message["type"] == "websocket.send":
            failed.set()
            raise OSError

    await upstream(talking(talk))
    await called(stage, WEB_SOCKET, [{"type": "websocket.connect"}], receive, send)
    assert await closed == 4001


WEB_SOCKET = {
    "type": "websocket",
    "scheme": "ws",
    "subprotocols": [],
    "raw_path": b"/",
    "extensions": {"websocket.http.response": {}},
}


async def never() -> Message:
    await asyncio.Event().wait()
    raise AssertionError


async def called(
    stage: Stage,
    scope: dict[str, Any],
    messages: list[Message],
    then_receive: Receive = never,
    then_send: Send | None = None,
) -> list[Message]:
    """What the proxy sends for a hand-made scope and `messages`, followed by what `then_receive` gives."""
    host = (b"host", stage.host.encode())
    whole: Scope = {"scheme": "http", "query_string": b"", "path": scope["raw_path"].decode(), **scope}
    whole["headers"] = [host, *scope.get("headers", [])]
    sent: list[Message] = []
    left = iter(messages)

    async def receive() -> Message:
        return next(left, None) or await then_receive()

    async def send(message: Message) -> None:
        sent.append(message)
        if then_send is not None:
            await then_send(message)

    proxy = WebServerProxy(stage.target_of)
    await proxy(whole, receive, send)
    await proxy.close()
    return sent
