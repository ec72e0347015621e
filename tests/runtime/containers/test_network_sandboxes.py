"""Containers that join a prepared network, on a real engine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Any

import pytest

from runtime.base.addresses import HOST_IN_CONTAINERS
from runtime.containers import INSTANCE_LABEL, Container, sandbox_pool
from runtime.containers.docker import DockerContainers
from runtime.containers.network_sandboxes import JOINED_LABEL, MEMORY_BYTES, PIDS, SANDBOX_LABEL
from tests.engine import engine, left_on
from tests.runtime.containers.conftest import SERVE, container_spec, fetch_status, first_line, text_of

pytestmark = pytest.mark.docker

NAMES = f"""
import os, socket
own = socket.gethostname()
print(own == os.environ['HOSTNAME'], socket.gethostbyname(own), socket.gethostbyname('{HOST_IN_CONTAINERS}'))
"""


@pytest.fixture
async def connect(
    script_image: str, instance_id: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Callable[[], Awaitable[DockerContainers]]]:
    """Opens doors of one instance that prepare one network."""
    monkeypatch.setattr(sandbox_pool, "QUIET_SECS", 0.05)
    doors: list[DockerContainers] = []

    async def connect() -> DockerContainers:
        doors.append(DockerContainers(instance_id, prepared_networks=1))
        engine = await doors[-1].open()
        if not (engine.reaches_containers and engine.reads_cgroups):
            pytest.skip("this host does not reach the containers of this engine")
        return doors[-1]

    yield connect
    for container in await doors[-1].list():
        await container.remove()
    for door in doors:
        await door.close()
    with engine() as client:
        assert left_on(client, instance_id) == []
        assert client.images.list(all=True, filters={"label": f"{INSTANCE_LABEL}={instance_id}"}) == []


@pytest.fixture
async def prepared(connect: Callable[[], Awaitable[DockerContainers]]) -> DockerContainers:
    """A door with one prepared network."""
    door = await connect()
    await next_sandbox(door)
    return door


async def sandboxes(door: DockerContainers) -> list[dict[str, Any]]:
    """Return what the engine lists as sandboxes of the instance, running or not."""
    own = door.engine.network.removeprefix("greenroom-")
    filters = {"label": [f"{INSTANCE_LABEL}={own}", SANDBOX_LABEL]}
    found: list[dict[str, Any]] = await door.connection.call(door.connection.api.containers, all=True, filters=filters)
    return found


async def next_sandbox(door: DockerContainers, *earlier: str) -> str:
    """Wait until a sandbox that is not one of `earlier` runs, and return its id."""
    async with asyncio.timeout(30):
        while True:
            for each in await sandboxes(door):
                if each["State"] == "running" and each["Id"] not in earlier:
                    await asyncio.sleep(0.1)  # until the pool has it
                    return str(each["Id"])
            await asyncio.sleep(0.05)


async def until_removed(door: DockerContainers, sandbox: str) -> None:
    async with asyncio.timeout(30):
        while sandbox in [each["Id"] for each in await sandboxes(door)]:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def create(door: DockerContainers, image: str, script: str) -> Container:
    hosts = {HOST_IN_CONTAINERS: door.engine.gateway}
    return await door.create(container_spec(image, script, hosts=hosts))


async def test_containers_have_the_addresses_names_and_counters_of_their_sandboxes(
    prepared: DockerContainers, script_image: str
) -> None:
    sandbox = await next_sandbox(prepared)
    serving, *others = await asyncio.gather(*(create(prepared, script_image, f"{NAMES}\n{SERVE}") for _ in range(3)))
    assert serving.labels[JOINED_LABEL] == sandbox
    assert not any(JOINED_LABEL in other.labels for other in others)
    await serving.start()
    async with aclosing(serving.samples()) as samples:
        before = await anext(samples)
        assert (before.net_rx_bytes or 0) < 1000  # the earlier traffic of the sandbox does not count
        assert await fetch_status(serving, 4321) == 200
        after = await anext(samples)
    assert after.net_rx_bytes is not None and after.net_rx_bytes > (before.net_rx_bytes or 0)
    address = await serving.address_of(4321)
    assert address
    assert await first_line(serving) == f"True {address[0]} {prepared.engine.gateway}".encode()
    await assert_separated(prepared, script_image, serving, address[0])
    await serving.remove()
    await until_removed(prepared, sandbox)


async def assert_separated(door: DockerContainers, image: str, serving: Container, address: str) -> None:
    await next_sandbox(door, serving.labels[JOINED_LABEL])
    calling = await create(
        door,
        image,
        f"import socket\ntry: socket.create_connection(('{address}', 4321), 2); print('reached')\n"
        "except OSError: print('separated')",
    )
    assert calling.labels[JOINED_LABEL] != serving.labels[JOINED_LABEL]
    await calling.start()
    assert await text_of(calling) == "separated"


async def test_a_container_starts_with_its_own_network_if_no_sandbox_fits_or_it_was_lost(
    prepared: DockerContainers, script_image: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox = await next_sandbox(prepared)
    with_other_hosts = await prepared.create(container_spec(script_image, "", hosts={"host.example": "10.1.2.3"}))
    assert JOINED_LABEL not in with_other_hosts.labels
    container = await create(prepared, script_image, SERVE)
    created = container.id
    await prepared.connection.call(prepared.connection.api.kill, sandbox)
    await container.start()
    assert container.id != created and JOINED_LABEL not in container.labels
    assert {each.id for each in await prepared.list()} == {container.id, with_other_hosts.id}
    assert await fetch_status(container, 4321) == 200
    # Some engines reject a network that does not exist when a container is created, others when it starts.
    monkeypatch.setattr("runtime.containers.network_sandboxes.NetworkSandboxes.take", lambda *_: 64 * "0")
    other = await create(prepared, script_image, "print('ran')")
    await other.start()
    assert JOINED_LABEL not in other.labels
    assert await text_of(other) == "ran"


async def test_a_sandbox_has_tiny_limits_and_is_replaced_when_it_ends(
    prepared: DockerContainers, script_image: str
) -> None:
    lost = await next_sandbox(prepared)
    found = await prepared.connection.call(prepared.connection.api.inspect_container, lost)
    config = found["HostConfig"]
    assert (config["Memory"], config["PidsLimit"], config["CapDrop"]) == (MEMORY_BYTES, PIDS, ["ALL"])
    assert (config["LogConfig"]["Type"], config["ReadonlyRootfs"]) == ("none", True)
    await prepared.connection.call(prepared.connection.api.kill, lost, "SIGTERM")
    replacement = await next_sandbox(prepared, lost)
    container = await create(prepared, script_image, "print('ran')")
    assert container.labels[JOINED_LABEL] == replacement
    await container.start()
    assert await text_of(container) == "ran"


async def test_after_a_crash_only_the_networks_of_containers_are_used(
    connect: Callable[[], Awaitable[DockerContainers]], prepared: DockerContainers, script_image: str
) -> None:
    container = await create(prepared, script_image, SERVE)
    await container.start()
    used = container.labels[JOINED_LABEL]
    unused = await next_sandbox(prepared, used)
    after_crash = await connect()
    await next_sandbox(after_crash, used, unused)
    await until_removed(after_crash, unused)
    [adopted] = await after_crash.list()
    assert await fetch_status(adopted, 4321) == 200
    await adopted.remove()
    await until_removed(after_crash, used)
