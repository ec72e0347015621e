"""The fake engine behaves as its interface documents."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TypeVar

import pytest

from runtime.base.clock import SystemClock
from runtime.containers import BuildFailed, BuildSpec, Containers, ContainerSpec, ImageMissing
from tests.fakes.containers import FakeContainers

T = TypeVar("T")


def spec(image: str = "app") -> ContainerSpec:
    return ContainerSpec(
        name="run",
        image=image,
        labels={"run": "1"},
        environment={},
        memory_bytes=1,
        cpus=1,
        disk_bytes=1,
        pids=1,
        shm_bytes=1,
        web_server_port=4321,
        hosts={},
    )


async def test_a_container_follows_the_script() -> None:
    engine = FakeContainers(SystemClock())
    door: Containers = engine
    engine.add_image("app")
    container = await door.create(spec())
    fake = engine.created[0]
    await container.start()
    fake.prints("one", "two")
    fake.uses(5)
    results = asyncio.gather(_all(container.logs()), _all(container.samples()), container.wait())
    await asyncio.sleep(0)
    fake.prints("three", stream="stderr")
    fake.runs_out_of_memory()
    batches, samples, state = await results
    assert [line.text for lines in batches for line in lines] == [b"one", b"two", b"three"]
    assert [sample.memory_bytes for sample in samples] == [5]
    assert state and state.oom_killed and state.exit_code == 137
    await container.remove()
    assert await container.inspect() is None and await door.list() == []


@pytest.mark.parametrize(("ignores", "signals", "code"), [(False, 1, 143), (True, 2, 137)])
async def test_a_container_that_ignores_sigterm_is_killed(ignores: bool, signals: int, code: int) -> None:
    engine = FakeContainers(SystemClock())
    engine.add_image("app")
    container = await engine.create(spec())
    await container.start()
    engine.created[0].ignores_sigterm = ignores
    await container.stop(0 if ignores else 3600)
    state = await container.inspect()
    assert state and state.exit_code == code
    assert engine.created[0].signals == ["SIGTERM", "SIGKILL"][:signals]


async def test_errors() -> None:
    engine = FakeContainers(SystemClock())
    with pytest.raises(ImageMissing):
        await engine.create(spec("none"))
    build = BuildSpec(
        context=Path("x.tar"), dockerfile="Dockerfile", tag="x", build_args={}, use_cache=True, memory_bytes=1
    )
    engine.build_error = "no"
    with pytest.raises(BuildFailed):
        await engine.build(build, print)


async def _all(items: AsyncIterator[T]) -> list[T]:
    return [item async for item in items]
