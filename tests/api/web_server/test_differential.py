"""The same request, sent through the proxy and directly, has the same meaning for the container and for the client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import h11
from aiohttp import web
from hypothesis import given
from hypothesis import settings as with_settings
from hypothesis import strategies as st

from api.connections.server_options import server_options
from tests.api.web_server.proxy_stage import ProxyStage, no_application
from tests.examples import examples
from tests.listening import bound_socket, listening

HOPS = {"host", "connection", "transfer-encoding", "content-length", "keep-alive", "date", "server", "trailer"}
ADDED = {"x-forwarded-for", "x-forwarded-host", "x-forwarded-proto"}

TOKENS = st.text("abcXYZ-_09", min_size=1, max_size=8).map(lambda text: "x-" + text)
VALUES = st.text("abc ;=,\"'éž\t/", max_size=12).map(str.strip)
HEADERS = st.lists(st.tuples(TOKENS, VALUES), max_size=4)
PATHS = st.text("ab/%2F.?=&;[]|~", max_size=12).map(lambda text: "/" + text)
BODIES = st.one_of(
    st.just(b""), st.binary(max_size=60), st.integers(1, 4).map(lambda count: b"0123456789abcdef" * 5000 * count)
)


@dataclass(frozen=True)
class Example:
    """A request, the response to it, and how both are framed and cut."""

    method: str
    path: str
    headers: list[tuple[str, str]]
    body: bytes
    body_chunks: int
    """0 announces the length of the body."""
    cuts: list[int]
    status: int
    reply: bytes
    reply_chunks: int
    reply_headers: list[tuple[str, str]]

    def request(self, host: str) -> bytes:
        lines = [f"{self.method} {self.path} HTTP/1.1", f"Host: {host}", *(f"{n}: {v}" for n, v in self.headers)]
        if self.body_chunks:
            lines.append("Transfer-Encoding: chunked")
        elif self.body or self.method in ("POST", "PUT"):
            lines.append(f"Content-Length: {len(self.body)}")
        head = "\r\n".join([*lines, "", ""]).encode()
        return head + (chunks(self.body, self.body_chunks) if self.body_chunks else self.body)


EXAMPLES = st.builds(
    Example,
    method=st.sampled_from(["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"]),
    path=PATHS,
    headers=HEADERS,
    body=BODIES,
    body_chunks=st.sampled_from([0, 0, 1, 7, 5000]),
    cuts=st.lists(st.integers(1, 300), max_size=5),
    status=st.sampled_from([200, 201, 204, 302, 304, 404, 500]),
    reply=BODIES,
    reply_chunks=st.sampled_from([0, 0, 1, 1000]),
    reply_headers=HEADERS,
)


def chunks(body: bytes, count: int) -> bytes:
    size = max(1, len(body) // count)
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


Exchange = Callable[[Example], Coroutine[Any, Any, tuple[object, object]]]


@asynccontextmanager
async def exchanging() -> AsyncIterator[Exchange]:
    """A function that returns what container and client got directly, and through the proxy."""
    current: list[Example] = []
    seen: list[object] = []

    async def handler(request: web.Request) -> web.StreamResponse:
        body, example = await request.read(), current[0]
        headers = sorted((name.lower().decode(), value.decode()) for name, value in request.raw_headers)
        own = [header for header in headers if header[0] not in HOPS | ADDED]
        seen.append((request.method, request.raw_path, own, body))
        response = web.StreamResponse(status=example.status)
        for name, value in example.reply_headers:
            response.headers.add(name, value)
        if request.method == "HEAD" or example.status in (204, 304):
            await response.prepare(request)
            return response
        if example.reply_chunks:
            response.enable_chunked_encoding()
        else:
            response.content_length = len(example.reply)
        await response.prepare(request)
        size = max(1, len(example.reply) // max(1, example.reply_chunks))
        for start in range(0, len(example.reply), size):
            await response.write(example.reply[start : start + size])
        return response

    application = web.Application(client_max_size=0)
    application.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    bound = bound_socket()
    stage = ProxyStage(bound.getsockname()[1])
    stage.leads_to(port)
    async with listening(no_application, bound, **server_options(stage.web_servers)):
        direct, proxied = await connect(port), await connect(stage.port)

        async def exchange(example: Example) -> tuple[object, object]:
            current[:], results = [example], []
            for connection in (direct, proxied):
                received = await connection(example, stage.host)
                results.append((seen.pop(), received))
            return results[0], results[1]

        yield exchange
        stage.target.close()
    await runner.cleanup()


async def connect(port: int) -> Callable[[Example, str], Awaitable[object]]:
    """A connection for all requests, opened again when the server closes it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)

    async def send(example: Example, host: str) -> object:
        nonlocal reader, writer
        if reader.at_eof() or writer.is_closing():
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
        message = example.request(host)
        for size in example.cuts:
            writer.write(message[:size])
            message = message[size:]
            await asyncio.sleep(0)
        writer.write(message)
        return await receive(reader, example.method)

    return send


async def receive(reader: asyncio.StreamReader, method: str) -> object:
    parser = h11.Connection(h11.CLIENT, max_incomplete_event_size=1_000_000)
    parser.send(h11.Request(method=method, target="/", headers=[("Host", "x")]))
    parser.send(h11.EndOfMessage())
    head, body = None, b""
    while True:
        event = parser.next_event()
        if event is h11.NEED_DATA:
            parser.receive_data(await reader.read(65_536))
        elif isinstance(event, h11.Response):
            headers = sorted((n.decode(), v) for n, v in event.headers)
            head = (event.status_code, event.reason, [each for each in headers if each[0] not in HOPS])
        elif isinstance(event, h11.Data):
            body += event.data
        elif isinstance(event, h11.EndOfMessage):
            return head, body


def test_the_proxy_changes_nothing() -> None:
    with asyncio.Runner() as runner:
        stage = exchanging()
        exchange = runner.run(stage.__aenter__())

        @with_settings(max_examples=examples(40), deadline=None)
        @given(st.lists(EXAMPLES, min_size=1, max_size=3))
        def check(sent: list[Example]) -> None:
            for example in sent:
                direct, proxied = runner.run(exchange(example))
                assert proxied == direct

        check()
        runner.run(stage.__aexit__(None, None, None))
