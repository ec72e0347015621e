"""Neither side gets far ahead of the other."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator

import aiohttp
import psutil
import pytest
from aiohttp import web

from tests.api.web_server.proxy_stage import MEGABYTE, ProxyStage, Upstream

TOTAL = 96 * MEGABYTE
MAX_LEAD = 24 * MEGABYTE

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def turns(count: int) -> None:
    """Let the other tasks run."""
    for _ in range(count):
        await asyncio.sleep(0)


async def test_a_slow_reader_slows_the_container(
    stage: ProxyStage, client: aiohttp.ClientSession, upstream: Upstream
) -> None:
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
    async with client.get(stage.url()) as response:
        async for piece in response.content.iter_chunked(MEGABYTE):
            received += len(piece)
            lead = max(lead, sent - received)
            await turns(50)
    assert received == TOTAL
    assert lead < MAX_LEAD


async def test_a_slow_container_slows_the_upload(
    stage: ProxyStage, client: aiohttp.ClientSession, upstream: Upstream
) -> None:
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
    async with client.post(stage.url(), data=body()) as response:
        assert response.status == 200
    assert received == TOTAL
    assert lead < MAX_LEAD


async def test_memory_stays_flat(stage: ProxyStage, client: aiohttp.ClientSession, upstream: Upstream) -> None:
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
    async with client.post(stage.url(), data=body()) as response:
        async for piece in response.content.iter_any():
            received += len(piece)
            peak = max(peak, memory().rss)
    assert received == size
    assert peak - before < size / 4
