"""Probes on an engine that is slow: nothing of them remains, and a container that does not end is reported."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any, cast

import docker.errors
import pytest
import requests

from runtime.containers import StartFailed
from runtime.containers.connection import EngineConnection
from runtime.containers.probes import TIMED_OUT, EngineProbes
from runtime.containers.tiny_programs import MACHINES

MACHINE = MACHINES["x86_64"]


class SlowEngine:
    """Creates a container when `may_create` is set. Its containers never end."""

    def __init__(self) -> None:
        self.is_creating, self.may_create = threading.Event(), threading.Event()
        self.existing: set[str] = set()

    def import_image_from_data(self, *_: Any, **__: Any) -> str:
        self.existing.add("image")
        return '{"status": "image"}'

    def create_host_config(self, **_: Any) -> dict[str, Any]:
        return {}

    def create_container(self, *_: Any, **__: Any) -> dict[str, str]:
        self.is_creating.set()
        self.may_create.wait(10)
        self.existing.add("container")
        return {"Id": "container"}

    def start(self, _: str) -> None: ...

    def wait(self, _: str, timeout: float) -> dict[str, int]:
        raise requests.exceptions.ReadTimeout("read timeout")

    def remove_container(self, id: str, **_: Any) -> None:
        self.existing.remove(id)

    def remove_image(self, id: str, **_: Any) -> None:
        self.existing.remove(id)

    def close(self) -> None: ...


@pytest.fixture
def engine() -> SlowEngine:
    return SlowEngine()


@pytest.fixture
def probes(engine: SlowEngine) -> Iterator[EngineProbes]:
    connection = EngineConnection(None)
    connection._api = cast(Any, engine)
    yield EngineProbes(connection, "doctor")
    connection.close()


async def test_a_container_that_does_not_end_has_timed_out(engine: SlowEngine, probes: EngineProbes) -> None:
    """A firewall that drops packets has this effect."""
    engine.may_create.set()
    assert await probes.connect_from_container(MACHINE, "network", "127.0.0.1") == TIMED_OUT
    assert engine.existing == set()


async def test_an_engine_that_rejects_the_container(
    engine: SlowEngine, probes: EngineProbes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def reject(*_: Any, **__: Any) -> None:
        raise docker.errors.APIError("no such driver")

    monkeypatch.setattr(engine, "create_container", reject)
    with pytest.raises(StartFailed, match="no such driver"):
        await probes.kills_at_the_memory_limit(MACHINE)
    assert engine.existing == set()


async def test_an_interrupt_while_a_container_is_created_leaves_nothing_behind(
    engine: SlowEngine, probes: EngineProbes
) -> None:
    task = asyncio.create_task(probes.kills_at_the_memory_limit(MACHINE))
    await asyncio.to_thread(engine.is_creating.wait, 10)
    task.cancel()
    await asyncio.sleep(0)
    engine.may_create.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert engine.existing == set()
