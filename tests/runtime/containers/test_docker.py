"""The engine, its network and its images; creating containers."""

from __future__ import annotations

import asyncio
import secrets
import time
from pathlib import Path

import pytest

from runtime.base.clock import SystemClock
from runtime.containers import DiskEnforcement, EngineUnavailable, ImageMissing, StartFailed
from runtime.containers.docker import UNCOUNTED, DockerContainers
from tests.runtime.containers.conftest import (
    BASE_IMAGE,
    SERVE,
    SLEEP,
    Start,
    build_spec,
    clean_up,
    container_spec,
    fetch_status,
    text_of,
)

pytestmark = pytest.mark.docker


async def test_open_returns_the_properties_of_the_engine(door: DockerContainers) -> None:
    engine = door.engine
    assert engine.version and engine.api_version and engine.memory_bytes > 0 and engine.cpus > 0
    assert engine.cgroup_version in ("1", "2")
    assert engine.disk in (DiskEnforcement.HARD, DiskEnforcement.POLLED) and engine.disk_note
    assert await door.list() == []


async def test_the_engines_description_states_that_removed_files_do_not_count(
    door: DockerContainers, remote_door: DockerContainers, monkeypatch: pytest.MonkeyPatch, instance_id: str
) -> None:
    if door.engine.disk is not DiskEnforcement.POLLED:
        pytest.skip("this engine has quotas")
    assert UNCOUNTED in remote_door.engine.disk_note
    monkeypatch.setattr("runtime.containers.docker.can_read", lambda folder: False)
    unprivileged = DockerContainers(instance_id)
    assert UNCOUNTED in (await unprivileged.open()).disk_note
    await unprivileged.close()


async def test_the_error_for_a_missing_engine_names_its_address(tmp_path: Path) -> None:
    address = f"unix://{tmp_path}/none.sock"
    with pytest.raises(EngineUnavailable, match=r"none\.sock.*DOCKER_HOST"):
        await DockerContainers("test", docker_host=address).open()


async def test_the_last_start_of_the_engine_is_known(door: DockerContainers) -> None:
    start = await door.restarted_since(0)
    assert start is not None and 0 < start.at < time.time() * 1000
    assert await door.restarted_since(start.at) == start
    assert await door.restarted_since(start.at + 1) is None


async def test_a_network_left_behind_is_reused(door: DockerContainers) -> None:
    network = await door.connection.call(door.connection.api.inspect_network, door.engine.network)
    assert network["Options"]["com.docker.network.bridge.enable_icc"] == "false"
    restarted = DockerContainers(door.engine.network.removeprefix("greenroom-"))
    engine = await restarted.open()
    assert (await restarted.connection.call(restarted.connection.api.inspect_network, engine.network))["Id"] == network[
        "Id"
    ]
    assert engine.gateway == door.engine.gateway
    await restarted.close()


async def test_the_files_and_processes_of_a_container(door: DockerContainers, start: Start) -> None:
    started_at = SystemClock().now()
    container = await start(f"open('/tmp/made', 'w'); import os; os.system('sleep 600 &'); {SLEEP}")
    async with asyncio.timeout(30):
        await anext(line async for line in container.logs() if line)  # it is ready
    found = await door.processes(container.id)
    assert any("sleep 600" in each.command for each in found)
    assert await door.modified_at(container.id, "/tmp/other") is None
    await container.kill()
    await container.wait()
    made_at = await door.modified_at(container.id, "/tmp/made")
    assert made_at is not None and started_at <= made_at <= SystemClock().now()
    assert await door.processes(container.id) == ()
    await container.remove()
    assert await door.modified_at(container.id, "/tmp/made") is None


async def test_containers_cannot_reach_each_other(door: DockerContainers, start: Start) -> None:
    serving = await start(SERVE)
    await fetch_status(serving, 4321)
    address = await serving.address_of(4321)
    assert address
    host = address[0] if door.engine.reaches_containers else "unknown"
    calling = await start(
        f"import socket\ntry: socket.create_connection(('{host}', 4321), 2); print('reached')\n"
        "except OSError: print('separated')"
    )
    assert await text_of(calling) == "separated"


async def test_close_removes_the_network(script_image: str) -> None:
    door = DockerContainers(f"test-{secrets.token_hex(4)}")
    network = (await door.open()).network
    await door.close()
    other = DockerContainers(f"test-{secrets.token_hex(4)}")
    await other.open()
    assert await other.connection.call(other.connection.api.networks, names=[network]) == []
    await other.close()


async def test_an_instance_finds_only_its_own_containers_after_a_crash(door: DockerContainers, start: Start) -> None:
    container = await start(SLEEP)
    other = DockerContainers(f"test-{secrets.token_hex(4)}")
    await other.open()
    assert await other.list() == []
    await clean_up(other)
    after_crash = DockerContainers(door.engine.network.removeprefix("greenroom-"))
    await after_crash.open()
    [found] = await after_crash.list()
    assert found.id == container.id and found.labels["run"] == "r1"
    state = await found.inspect()
    assert state and state.running
    await clean_up(after_crash)


async def test_the_error_for_a_missing_image(door: DockerContainers) -> None:
    with pytest.raises(ImageMissing, match="No such image"):
        await door.create(container_spec("greenroom-test-none:1", ""))


async def test_the_error_for_a_container_that_cannot_start(door: DockerContainers, tmp_path: Path) -> None:
    tag = f"greenroom-test-{secrets.token_hex(4)}"
    (tmp_path / "Dockerfile").write_text(f'FROM {BASE_IMAGE}\nWORKDIR /nowhere\nUSER nobody-there\nCMD ["x"]\n')
    await door.build(build_spec(tmp_path, tag), lambda lines: None)
    container = await door.create(container_spec(tag, ""))
    with pytest.raises(StartFailed, match="nobody-there") as failed:
        await container.start()
    assert "OCI runtime" not in str(failed.value)
    await container.remove()
    await door.remove_image(tag)


async def test_a_container_replaces_a_leftover_one_of_the_same_name(door: DockerContainers, script_image: str) -> None:
    spec = container_spec(script_image, "")
    leftover, created = await door.create(spec), await door.create(spec)
    assert [each.id for each in await door.list()] == [created.id] != [leftover.id]


async def test_a_container_replaces_one_that_is_still_being_created(door: DockerContainers, script_image: str) -> None:
    """After a crash of the server, the engine continues the last request, whose container has a name but no record."""
    spec = container_spec(script_image, "")
    created = await asyncio.gather(*(door.create(spec) for _ in range(3)))
    [remaining] = await door.list()
    assert remaining.id in [each.id for each in created]


async def test_a_cancelled_create_leaves_nothing(door: DockerContainers, script_image: str) -> None:
    creating = asyncio.create_task(door.create(container_spec(script_image, "")))
    for _ in range(5):  # the request is sent, but the engine cannot have answered yet
        await asyncio.sleep(0)
    creating.cancel()
    with pytest.raises(asyncio.CancelledError):
        await creating
    assert await door.list() == []


async def test_host_names_are_resolved_in_the_container(start: Start) -> None:
    container = await start(
        "import socket; print(socket.gethostbyname('host.example'))", hosts={"host.example": "10.1.2.3"}
    )
    assert await text_of(container) == "10.1.2.3"


async def test_an_image_exists_until_its_last_name_is_removed(door: DockerContainers, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text(f"FROM {BASE_IMAGE}\nLABEL one={secrets.token_hex(6)}\n")
    names = [f"greenroom-test-{secrets.token_hex(4)}:{word}" for word in ("one", "two")]
    image = await door.build(build_spec(tmp_path, names[0]), lambda lines: None)
    await door.name_image(image, names[1])
    for name, is_left in zip(names, (True, False), strict=True):
        await door.remove_image(name)
        assert (await door.image(image.id) is not None) is is_left
