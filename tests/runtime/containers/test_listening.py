"""The addresses at which a container listens, from the kernel's tables."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from pathlib import Path

import pytest

from runtime.containers.docker import DockerContainers
from runtime.containers.listening import listening, parse_tables
from tests.runtime.containers.conftest import Start

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
TCP = (
    f"{HEAD}"
    "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1\n"
    "   1: 0B00007F:8D2F 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 2 1\n"
    "   2: 00000000:10E1 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 3 1\n"
    "   3: 020011AC:C350 010011AC:0D05 01 00000000:00000000 00:00000000 00000000     0        0 4 1\n"
)
TCP6 = (
    f"{HEAD}"
    "   0: 00000000000000000000000000000000:0BB8 00000000000000000000000000000000:0000 0A 0 0 0\n"
    "   1: 00000000000000000000000001000000:0BB9 00000000000000000000000000000000:0000 0A 0 0 0\n"
)


def test_only_listening_sockets_count_without_the_engines_name_server() -> None:
    assert parse_tables([TCP, TCP6]) == ("[::]:3000", "[::1]:3001", "0.0.0.0:4321", "127.0.0.1:8080")
    assert parse_tables([HEAD, ""]) == ()


def test_a_kernel_without_ipv6_and_a_process_that_has_ended(tmp_path: Path) -> None:
    (tmp_path / "7" / "net").mkdir(parents=True)
    (tmp_path / "7" / "net" / "tcp").write_text(TCP)
    assert listening(7, tmp_path) == ("0.0.0.0:4321", "127.0.0.1:8080")
    assert listening(8, tmp_path) == ()


@pytest.mark.docker
async def test_a_container_shows_where_it_listens(door: DockerContainers, start: Start) -> None:
    if not door.engine.reads_cgroups:
        pytest.skip("this host does not see the processes of containers")
    script = "import socket, time\ns = socket.create_server(('', 8099))\nprint('ready')\ntime.sleep(600)"
    container = await start(script)
    async with asyncio.timeout(30), aclosing(container.samples()) as samples:
        assert await anext(sample.listening async for sample in samples if sample.listening) == ("0.0.0.0:8099",)
