"""A reverse proxy between a client and the server that records the requests and their order."""

from __future__ import annotations

import asyncio
import itertools
import re
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

from aiohttp import ClientSession, ClientTimeout, web

HOP_HEADERS = frozenset({"host", "connection", "transfer-encoding", "keep-alive"})
NO_BODY = frozenset({204, 304})
ID = re.compile(r"(?<=/)([a-zA-Z0-9]{17}|[a-zA-Z0-9]{15})(?=/|$)")
"""Ids of the platform. The ids of requests in a queue have 15 characters."""
NAME = re.compile(r"(?<=^actors/)[^/]+~[^/]+")


@dataclass
class Exchange:
    """One request and its response. `began` and `ended` are positions in the order of all starts and ends."""

    method: str
    path: str
    query: dict[str, str]
    encoding: str | None
    began: int
    status: int | None = None
    ended: int | None = None
    is_whole: bool = False

    @property
    def operation(self) -> str:
        """For example `GET actor-runs/{id}`. It is the same for all runs, and for `acts` and `actors` in the path."""
        path = ID.sub("{id}", self.path.removeprefix("/v2/"))
        return f"{self.method} {NAME.sub('{name}', re.sub('^acts(?=/|$)', 'actors', path))}"


@dataclass
class Recorder:
    """Records the exchanges with the server at `target`. Clients use `url` as the API's base URL."""

    target: str
    url: str = ""
    exchanges: list[Exchange] = field(default_factory=list)
    _positions: Iterator[int] = field(default_factory=itertools.count)

    def of(self, operation: str) -> list[Exchange]:
        return [exchange for exchange in self.exchanges if exchange.operation == operation]

    def counts(self) -> Counter[str]:
        return Counter(exchange.operation for exchange in self.exchanges)

    async def handle(self, session: ClientSession, request: web.Request) -> web.StreamResponse:
        exchange = Exchange(
            request.method,
            request.path,
            dict(request.query),
            request.headers.get("Content-Encoding"),
            next(self._positions),
        )
        self.exchanges.append(exchange)
        try:
            return await self._forward(session, request, exchange)
        finally:
            exchange.ended = next(self._positions)

    async def _forward(self, session: ClientSession, request: web.Request, exchange: Exchange) -> web.StreamResponse:
        headers = {name: value for name, value in request.headers.items() if name.lower() not in HOP_HEADERS}
        body = await request.read()
        async with session.request(
            request.method, self.target + request.raw_path, headers=headers, data=body, allow_redirects=False
        ) as upstream:
            exchange.status = upstream.status
            passed_headers = {
                name: value for name, value in upstream.headers.items() if name.lower() not in HOP_HEADERS
            }
            response = web.StreamResponse(status=upstream.status, reason=upstream.reason, headers=passed_headers)
            await response.prepare(request)
            if request.method != "HEAD" and upstream.status not in NO_BODY:
                async for chunk in upstream.content.iter_any():
                    await response.write(chunk)
            await response.write_eof()
            exchange.is_whole = True
            return response


@contextmanager
def recording(target: str) -> Iterator[Recorder]:
    """Run a recorder in front of a server, in its own thread."""
    recorder, loop, ready = Recorder(target), asyncio.new_event_loop(), threading.Event()
    stop = asyncio.Event()
    thread = threading.Thread(target=lambda: loop.run_until_complete(_serve(recorder, ready, stop)))
    thread.start()
    try:
        assert ready.wait(timeout=30)
        yield recorder
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()


async def _serve(recorder: Recorder, ready: threading.Event, stop: asyncio.Event) -> None:
    async with ClientSession(auto_decompress=False, timeout=ClientTimeout(total=None)) as session:
        app = web.Application(client_max_size=2**30)
        app.router.add_route("*", "/{path:.*}", partial(recorder.handle, session))
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1, auto_decompress=False)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        recorder.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        ready.set()
        await stop.wait()
        await runner.cleanup()
