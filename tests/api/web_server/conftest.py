"""Fixtures: the proxy in a real uvicorn, a client, and a container behind the proxy."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest_asyncio
from aiohttp import web

from api.connections.server_options import server_options
from tests.api.web_server.proxy_stage import MEGABYTE, PATIENCE_SECS, Handler, ProxyStage, Upstream, no_application
from tests.listening import bound_socket, listening


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def served() -> AsyncIterator[ProxyStage]:
    bound = bound_socket()
    stage = ProxyStage(bound.getsockname()[1])
    async with listening(no_application, bound, **server_options(stage.web_servers)):
        yield stage
    stage.web_servers.close()


@pytest_asyncio.fixture(loop_scope="module")
async def stage(served: ProxyStage) -> AsyncIterator[ProxyStage]:
    """Wait until all tasks of the proxy have ended after the test."""
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
async def client(stage: ProxyStage) -> AsyncIterator[aiohttp.ClientSession]:
    """A client that uses the host form of the address, without cookies and without decompression."""
    async with aiohttp.ClientSession(
        headers={"Host": stage.host},
        auto_decompress=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        max_field_size=MEGABYTE,
        max_line_size=MEGABYTE,
    ) as session:
        yield session


@pytest_asyncio.fixture(loop_scope="module")
async def upstream(stage: ProxyStage) -> AsyncIterator[Upstream]:
    runners: list[web.AppRunner] = []
    ends: list[asyncio.Event] = []

    async def serve(handler: Handler) -> None:
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

    yield serve
    async with asyncio.timeout(PATIENCE_SECS):
        for end in ends:
            await end.wait()
    for runner in runners:
        await runner.cleanup()
