"""What containers of runs in development get: mounts of this machine's files, and published ports."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest

from runtime.containers import Mount
from runtime.containers.docker import DockerContainers
from testing.live_server import free_port
from tests.runtime.containers.conftest import Start, first_line, text_of

pytestmark = pytest.mark.docker

WRITES = """
import os
file = "/source/main.py"
print(open(file).read())
for change in (lambda: open(file, "a"), lambda: open("/source/new", "w"), lambda: os.remove(file)):
    try:
        change()
    except OSError as error:
        print(error.strerror)
"""
LISTENS = "import socket, time; s = socket.create_server(('0.0.0.0', {port})); print('ready'); time.sleep(600)"
CONNECTS = """
import socket
try:
    socket.create_connection(("host", {port}), 5)
    print("connected")
except OSError as error:
    print("failed:", error)
"""


async def test_a_container_cannot_change_a_mounted_folder(start: Start, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    source.chmod(0o777)
    (source / "main.py").write_text("of this machine")
    (source / "main.py").chmod(0o666)
    container = await start(WRITES, mounts=[Mount(str(source), "/source")])
    assert (await text_of(container)).splitlines() == ["of this machine", *["Read-only file system"] * 3]
    assert [(each.name, each.read_text()) for each in source.iterdir()] == [("main.py", "of this machine")]


async def test_another_port_can_be_reached_from_this_host_only(door: DockerContainers, start: Start) -> None:
    port = free_port()
    container = await start(LISTENS.format(port=port), other_ports=[port])
    assert await first_line(container) == b"ready"
    address = await container.address_of(port)
    assert address is not None
    await asyncio.to_thread(lambda: socket.create_connection(address, 10).close())
    with pytest.raises(OSError):  # the message depends on the system
        await asyncio.to_thread(socket.create_connection, (door.engine.gateway, port), 5)
    other = await start(CONNECTS.format(port=port), hosts={"host": door.engine.gateway})
    assert (await text_of(other)).startswith("failed:")
