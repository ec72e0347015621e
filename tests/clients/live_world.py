"""The objects of `tests/world.py` on a real server, with real containers."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx

from testing.api_client import TOKEN
from tests.world import World

TIMEOUT_SECS = 60


class LiveWorld(World):
    """A context manager, because it holds connections to the server."""

    def __init__(self, url: str) -> None:
        super().__init__()
        headers = {"Authorization": f"Bearer {TOKEN}"}
        self.http = httpx.AsyncClient(base_url=url, headers=headers, timeout=TIMEOUT_SECS, trust_env=False)

    async def __aenter__(self) -> LiveWorld:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.aclose()

    async def call(self, method: str, path: str, json: Any = None) -> httpx.Response:
        return await self.http.request(method, path, json=json)

    async def pass_time(self) -> None:
        await asyncio.sleep(0.02)
