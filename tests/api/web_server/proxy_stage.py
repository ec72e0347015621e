"""Helpers for the tests of the proxy: the proxy as its callers see it, and containers behind it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web
from starlette.types import Receive, Scope, Send
from yarl import URL

from api.web_server.proxy import WebServers
from runtime.base.errors import GreenroomError, record_not_found
from runtime.container_http.target import Target

KEY = "k3yk3yk3yk3yk3yk3"
MEGABYTE = 1024 * 1024
PATIENCE_SECS = 30
"""A test that waits longer than this is hanging."""
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Upstream = Callable[[Handler], Awaitable[None]]
"""Starts a container whose web server has this handler for all paths."""


@dataclass
class ProxyStage:
    """A proxy in a real uvicorn, and the targets of its keys."""

    port: int
    targets: dict[str, Target | GreenroomError] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.web_servers = WebServers(self.target_of, lambda host: None)

    @property
    def host(self) -> str:
        return f"{KEY}.runs.localhost:{self.port}"

    def url(self, path: str = "/") -> URL:
        return URL(f"http://127.0.0.1:{self.port}{path}", encoded=True)

    def target_of(self, key: str) -> Target:
        found = self.targets.get(key, record_not_found("Web server", key))
        if isinstance(found, GreenroomError):
            raise found
        return found

    @property
    def target(self) -> Target:
        found = self.targets[KEY]
        assert isinstance(found, Target)
        return found

    def leads_to(self, port: int) -> None:
        self.targets[KEY] = Target("127.0.0.1", port)


@dataclass
class EndlessHandler:
    """Sends the `beginning` of a response, if there is one, and waits until it is cancelled."""

    beginning: bytes = b""
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    cancelled: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        if self.beginning:
            await response.prepare(request)
            await response.write(self.beginning)
        self.begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.cancelled.set()
        return response


@dataclass
class RawUpstream:
    """Sends the same bytes in reply to every request, then closes. `heads` are the heads of the requests."""

    heads: list[bytes] = field(default_factory=list)


@asynccontextmanager
async def replying(stage: ProxyStage, reply: bytes) -> AsyncIterator[RawUpstream]:
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
async def connected(stage: ProxyStage) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", stage.port)
    yield reader, writer
    writer.close()


def closed_port() -> int:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port: int = unused.getsockname()[1]
        return port


def values(response: aiohttp.ClientResponse, name: str) -> list[str]:
    return list(response.headers.getall(name, []))


async def no_application(scope: Scope, receive: Receive, send: Send) -> None:
    """The API, which gets all requests without a run's address."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"3")]})
    await send({"type": "http.response.body", "body": b"API"})
