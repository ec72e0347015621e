"""Containers on a real engine. Without an engine, the tests are skipped with the reason."""

from __future__ import annotations

import asyncio
import secrets
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from runtime.builds.contexts import pack
from runtime.containers import BuildSpec, Container, ContainerSpec, LogLine
from runtime.containers.docker import DockerContainers

BASE_IMAGE = "apify/actor-python:3.13"
MIB = 1024 * 1024
SLEEP = "import time; print('ready'); time.sleep(600)"
SERVE = "import http.server as h; h.test(h.SimpleHTTPRequestHandler, port=4321)"

Start = Callable[..., Awaitable[Container]]


@pytest.fixture(scope="session")
def script_image(tmp_path_factory: pytest.TempPathFactory, engine_problem: str | None) -> Iterator[str]:
    """An image that runs the Python code in its environment variable SCRIPT."""
    if engine_problem:
        yield ""
    else:
        yield from build_script_image(tmp_path_factory.mktemp("context"), None)


def build_script_image(folder: Path, docker_host: str | None) -> Iterator[str]:
    tag = f"greenroom-test-{secrets.token_hex(4)}"
    (folder / "Dockerfile").write_text(
        f'FROM {BASE_IMAGE}\nCMD ["python", "-c", "import os; exec(os.environ[\'SCRIPT\'])"]\n'
    )
    asyncio.run(_build(folder, tag, docker_host))
    yield tag
    asyncio.run(_remove(tag, docker_host))


async def _build(folder: Path, tag: str, docker_host: str | None) -> None:
    door = DockerContainers(f"test-{secrets.token_hex(4)}", docker_host=docker_host)
    await door.open()
    if await door.image(BASE_IMAGE) is None:
        await door.close()
        pytest.skip(f"{BASE_IMAGE} is not on the engine")
    await door.build(build_spec(folder, tag), lambda lines: None)
    await door.close()


async def _remove(tag: str, docker_host: str | None) -> None:
    door = DockerContainers(f"test-{secrets.token_hex(4)}", docker_host=docker_host)
    await door.open()
    await door.remove_image(tag)
    await door.close()


@pytest.fixture
def instance_id() -> str:
    return f"test-{secrets.token_hex(4)}"


@pytest.fixture
async def door(script_image: str, instance_id: str) -> AsyncIterator[DockerContainers]:
    door = DockerContainers(instance_id)
    await door.open()
    yield door
    await clean_up(door)


@pytest.fixture
async def remote_door(script_image: str, instance_id: str) -> AsyncIterator[DockerContainers]:
    """Like `door`, on a host that reaches no container's address, because its engine is in a virtual machine."""
    door = DockerContainers(instance_id)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("runtime.containers.docker.is_own_address", lambda address: False)
        await door.open()
    yield door
    await clean_up(door)


@pytest.fixture
def start(door: DockerContainers, script_image: str) -> Start:
    """`await start("print(1)", memory_bytes=...)` starts a container that runs the script."""

    async def start(script: str, **changes: Any) -> Container:
        container = await door.create(container_spec(script_image, script, **changes))
        await container.start()
        return container

    return start


def container_spec(image: str, script: str, **changes: Any) -> ContainerSpec:
    fields: dict[str, Any] = {
        "name": f"greenroom-test-{secrets.token_hex(6)}",
        "image": image,
        "labels": {"run": "r1"},
        "environment": {"SCRIPT": script, "PYTHONUNBUFFERED": "1"},
        "memory_bytes": 256 * MIB,
        "cpus": 2.0,
        "disk_bytes": 512 * MIB,
        "pids": 256,
        "shm_bytes": 64 * MIB,
        "web_server_port": 4321,
        "hosts": {},
    }
    return ContainerSpec(**{**fields, **changes})


def build_spec(folder: Path, tag: str, dockerfile: Path | None = None, **changes: Any) -> BuildSpec:
    """Describe the build of a folder, whose archive is written beside it."""
    archive = folder.parent / f"{folder.name}-{secrets.token_hex(4)}.tar"
    context = pack(folder, dockerfile or folder / "Dockerfile", archive, lambda: None)
    fields: dict[str, Any] = {
        "context": context.archive,
        "dockerfile": context.dockerfile,
        "tag": tag,
        "build_args": {},
        "use_cache": True,
        "memory_bytes": 512 * MIB,
    }
    return BuildSpec(**{**fields, **changes})


async def log_of(container: Container) -> list[LogLine]:
    return [line async for lines in container.logs() for line in lines]


async def text_of(container: Container) -> str:
    return "\n".join(line.text.decode() for line in await log_of(container))


async def clean_up(door: DockerContainers) -> None:
    for container in await door.list():
        await container.remove()
    await door.close()


async def first_line(container: Container) -> bytes:
    async with aclosing(container.logs()) as batches:
        lines: list[LogLine] = await anext(batches)
        return lines[0].text


async def fetch_status(container: Container, port: int) -> int:
    async with asyncio.timeout(60):
        while True:
            address = await container.address_of(port)
            assert address
            try:
                return await asyncio.to_thread(_get, f"http://{address[0]}:{address[1]}/")
            except OSError:
                await asyncio.sleep(0.1)


def _get(url: str) -> int:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=5) as response:
        return int(response.status)


async def wait_until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.02)
