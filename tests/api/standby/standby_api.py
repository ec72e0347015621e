"""The API in a real server, with Actors that serve Standby requests."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx
from aiohttp import web

from api.connections.server_options import server_options
from api.standby.forwarding import StandbyEntrance
from runtime.base.records import Actor, Run, User
from tests.fakes.api import Api, Json
from tests.listening import bound_socket, listening

PATIENCE_SECS = 20


class StandbyApi(Api):
    """An API in a real server, whose containers have a real web server.

    `answer` is the handler of the containers, and `requests` are what they received.
    """

    def __init__(self, data_dir: Path, **settings: Any) -> None:
        self._bound = bound_socket()
        super().__init__(data_dir, port=self._bound.getsockname()[1], **settings)
        self.requests: list[web.BaseRequest] = []

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        if "x-apify-container-server-readiness-probe" not in request.headers:
            self.requests.append(request)
        return web.json_response({"path": request.raw_path})

    async def open(self) -> None:
        await super().open()
        self._stack = AsyncExitStack()
        options = server_options(self.app.web_servers)
        await self._stack.enter_async_context(listening(self.app, self._bound, **options))
        server = web.ServerRunner(web.Server(lambda request: self.answer(request)))
        await server.setup()
        self._stack.push_async_callback(server.cleanup)
        await web.TCPSite(server, "127.0.0.1", 0).start()
        address = server.addresses[0]
        self.engine.on_create = lambda container: setattr(container, "address", address)
        self._http = await self._stack.enter_async_context(httpx.AsyncClient(trust_env=False))

    async def close(self, *, stop_runs: bool = False) -> int:
        self.app.web_servers.close()
        await self._stack.aclose()
        return await super().close(stop_runs=stop_runs)

    async def create_standby_actor(self, name: str = "hello", user: User | None = None, **fields: Any) -> Actor:
        actor = await self.create_actor(name, user)
        extra = {"actorStandby": {"isEnabled": True}}
        return await self.orchestrator.actors.update(actor, lambda now: {"extra": extra, **fields})

    def host(self, label: str) -> str:
        """The host form of an address."""
        return f"http://{label}.localhost:{self.settings.port}"

    async def send(
        self, url: str, method: str = "GET", *, token: str | None = "ann", headers: Json | None = None, **body: Any
    ) -> httpx.Response:
        """Send a request, and let time pass until it is answered. This machine need not resolve the host's name."""
        parts = urlsplit(url)
        target = urlunsplit(("http", f"127.0.0.1:{self.settings.port}", *parts[2:]))
        sent = {"Host": parts.netloc or f"localhost:{self.settings.port}", **(headers or {})}
        if token is not None:
            sent = {"Authorization": f"Bearer {token}", **sent}
        call = asyncio.create_task(self._http.request(method, target, headers=sent, **body))
        async with asyncio.timeout(PATIENCE_SECS):
            while not call.done():
                await self.clock.advance(0.1)
                await asyncio.wait({call}, timeout=0.005)
        return await call

    @property
    def entrance(self) -> StandbyEntrance:
        entrance = self.app.web_servers._others
        assert isinstance(entrance, StandbyEntrance)
        return entrance

    @property
    def live(self) -> list[Run]:
        return self.orchestrator.runs.unfinished()
