"""Which container gets the requests of a run's address."""

from __future__ import annotations

import asyncio
import inspect
from typing import Any, cast

import pytest

from api.web_server.targets import WebServerTargets
from runtime.base.errors import BadGateway, NotFound
from runtime.base.lifecycle import JobStatus
from runtime.container_http.target import Target


class Orchestrator:
    """A run with the key `key`, whose container can be replaced. `lookups` counts what is not remembered."""

    def __init__(self) -> None:
        self.runs = self.live_runs = self
        self.id = "run"
        self.status = JobStatus.RUNNING
        self.container: object | None = object()
        self.port: int | None = 1
        self.lookups = 0

    def find_by_web_key(self, key: str) -> Orchestrator | None:
        self.lookups += 1
        return self if key == "key" else None

    def container_of(self, run_id: str) -> object | None:
        return self.container

    async def web_server_address(self, run_id: str) -> tuple[str, int] | None:
        self.lookups += 1
        await asyncio.sleep(0)
        return None if self.port is None else ("127.0.0.1", self.port)


async def target_of(targets: WebServerTargets, key: str = "key") -> Target:
    found = targets.find(key)
    return found if isinstance(found, Target) else await found


async def test_a_container_is_found_once_until_it_is_replaced() -> None:
    stage = Orchestrator()
    targets = WebServerTargets(cast(Any, stage))
    first, same = await asyncio.gather(target_of(targets), target_of(targets))
    assert first is same
    before = stage.lookups
    assert not inspect.isawaitable(targets.find("key"))
    assert stage.lookups == before
    stage.container, stage.port = object(), 2
    replaced = await target_of(targets)
    assert (replaced.port, replaced is first) == (2, False)
    assert await target_of(targets) is replaced


async def test_a_run_without_a_container() -> None:
    stage = Orchestrator()
    targets = WebServerTargets(cast(Any, stage))
    with pytest.raises(NotFound):
        targets.find("other")
    stage.port = None
    with pytest.raises(BadGateway, match="not running yet"):
        await target_of(targets)
    stage.port = 1
    await target_of(targets)
    stage.container, stage.status = None, JobStatus.SUCCEEDED
    with pytest.raises(BadGateway, match="has ended"):
        targets.find("key")
