"""The proxy's connections on the test's own event loop, web sites for them, and clients that send raw bytes."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from runtime.base.clock import Clock, SystemClock
from runtime.base.proxy_settings import ProxySettings
from runtime.proxy.accounts import Accounts
from runtime.proxy.client_connection import ClientConnection, ProxyContext
from runtime.proxy.counters import Counters
from runtime.proxy.destinations import Destinations
from runtime.proxy.exits import Exits
from runtime.proxy.faults import Faults
from runtime.proxy.protocol import Account
from runtime.proxy.recent_requests import RecentRequests

PASSWORD = "run-password"
RUN = "run1"
API_PORT = 3333
PATIENCE_SECS = 10
SYSTEM_CLOCK = SystemClock()

Site = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def authorization(username: str = "auto", password: str = PASSWORD) -> bytes:
    return b"Proxy-Authorization: Basic " + base64.b64encode(f"{username}:{password}".encode()) + b"\r\n"


@dataclass(frozen=True)
class ProxyStage:
    """A proxy that serves `port`."""

    context: ProxyContext
    port: int

    async def open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port)

    async def send(self, request: bytes) -> bytes:
        """Send this, close the sending side, and return everything that arrives."""
        reader, writer = await self.open()
        writer.write(request)
        writer.write_eof()
        response = await asyncio.wait_for(reader.read(), PATIENCE_SECS)
        writer.close()
        return response

    async def get(self, url: str, username: str = "auto", password: str = PASSWORD, method: str = "GET") -> bytes:
        head = f"{method} {url} HTTP/1.1\r\nHost: ignored\r\n".encode()
        return await self.send(head + authorization(username, password) + b"\r\n")

    async def connect(self, target: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Open a tunnel."""
        reader, writer = await self.open()
        writer.write(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n".encode() + authorization() + b"\r\n")
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
        return reader, writer


@asynccontextmanager
async def proxying(
    settings: ProxySettings, max_open: int = 100, clock: Clock = SYSTEM_CLOCK
) -> AsyncIterator[ProxyStage]:
    """A proxy with the account of one run. Its interfaces are unknown, so only the rules for addresses apply."""
    destinations = Destinations(settings, {API_PORT}, "127.0.0.1", lambda: frozenset())
    context = ProxyContext(
        accounts=Accounts([Account(PASSWORD, "user1", RUN)]),
        counters=Counters(),
        recent=RecentRequests(),
        clock=clock,
        faults=Faults(),
        exits=Exits(settings, destinations),
        groups=settings.groups,
        port=8000,
        max_open=max_open,
    )
    tasks: set[asyncio.Task[None]] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        await ClientConnection(context, reader, writer).serve()

    server = await asyncio.start_server(accept, "127.0.0.1", 0, limit=32_768)
    try:
        yield ProxyStage(context, server.sockets[0].getsockname()[1])
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def serving(site: Site) -> AsyncIterator[int]:
    """Serve a site and yield its port."""
    server = await asyncio.start_server(site, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


def responding(response: bytes, received: list[bytes] | None = None) -> Site:
    """A site that returns this to every request, and closes the connection."""

    async def respond(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if received is not None:
            received.append(head)
        writer.write(response)
        writer.close()

    return respond


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A site that returns what it receives, until the client closes its side."""
    while data := await reader.read(65_536):
        writer.write(data)
        await writer.drain()
    writer.write(b"<end>")
    writer.close()
