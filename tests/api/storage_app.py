"""The whole application on an empty data directory, without an engine, which storages do not need."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import httpx

from api.app import App
from api.response.presenters import present_job
from runtime.base.addresses import Addresses
from runtime.base.clock import Clock
from runtime.base.data_directory import DataDirectory
from runtime.base.settings import DEFAULT_PORT, Settings
from runtime.doctor.examination import Examination
from runtime.orchestrator import Orchestrator
from tests.fakes.api import INFO, no_checks
from tests.fakes.data_directory import with_database

BASE = "http://localhost:3333"


@asynccontextmanager
async def serving(
    data_dir: Path,
    clock: Clock,
    users: dict[str, str] | None = None,
    origins: Collection[str] = (),
    port: int = DEFAULT_PORT,
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the API, which is in its `_transport.app`. The client's token is `ann`."""
    settings = Settings(
        data_dir=with_database(data_dir), users=users or {}, allowed_origins=frozenset(origins), port=port
    )
    data_directory = DataDirectory(data_dir)
    orchestrator = Orchestrator(
        settings,
        Addresses(port, resolves_subdomains=False),
        data_directory,
        lambda _: cast(Any, None),
        clock,
        present_job,
    )
    orchestrator.engine = cast(Any, SimpleNamespace(gateway=None))
    await orchestrator.users.open()
    app = App(orchestrator, "control", lambda: INFO, lambda _: 0, Examination(no_checks, clock))
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    headers = {"Authorization": "Bearer ann", "Accept-Encoding": "identity"}
    async with httpx.AsyncClient(transport=transport, base_url=BASE, headers=headers) as client:
        yield client
    orchestrator.database.close()
    data_directory.close()


def problem(response: httpx.Response) -> tuple[int, str]:
    """The status and the type of an error response. Its body is the platform's error object and nothing else."""
    body = response.json()
    assert set(body) == {"error"} and set(body["error"]) == {"type", "message"}
    return response.status_code, body["error"]["type"]
