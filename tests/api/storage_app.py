"""The whole application on an empty data directory, without an engine: storages need none."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import httpx

from api.app import App
from api.response.presenters import present_job
from runtime.base.addresses import Addresses
from runtime.base.clock import Clock
from runtime.base.data_directory import Instance
from runtime.base.settings import Settings
from runtime.orchestrator import Orchestrator

BASE = "http://localhost:3333"


@asynccontextmanager
async def serving(
    data_dir: Path, clock: Clock, users: dict[str, str] | None = None
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the API; its token is `ann`, which is valid also where `users` names others."""
    settings = Settings(data_dir=data_dir, users=users or {})
    instance = Instance(data_dir)
    orchestrator = Orchestrator(
        settings, Addresses(3333, resolves_subdomains=False), instance, lambda _: cast(Any, None), clock, present_job
    )
    orchestrator.engine = cast(Any, SimpleNamespace(gateway=None))
    await orchestrator.users.open()
    app = App(orchestrator, "control", dict, lambda _: None)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    headers = {"Authorization": "Bearer ann", "Accept-Encoding": "identity"}
    async with httpx.AsyncClient(transport=transport, base_url=BASE, headers=headers) as client:
        yield client
    orchestrator.database.close()
    instance.close()


def problem(response: httpx.Response) -> tuple[int, str]:
    """An error answer's status and type; its body has nothing but the platform's error object."""
    body = response.json()
    assert set(body) == {"error"} and set(body["error"]) == {"type", "message"}
    return response.status_code, body["error"]["type"]
