from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.proxy_port import FIRST_PORT, PORTS, listen_for_proxy

INSTANCE = "0000abcd"


@pytest.fixture
def opened() -> Iterator[list[socket.socket]]:
    opened: list[socket.socket] = []
    yield opened
    for each in opened:
        each.close()


def port_of(data_dir: Path, opened: list[socket.socket], instance: str = INSTANCE) -> int:
    sockets = listen_for_proxy(data_dir, instance)
    opened += sockets
    return int(sockets[0].getsockname()[1])


def test_a_second_server_gets_another_port(tmp_path: Path, opened: list[socket.socket]) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    ports = {port_of(first, opened), port_of(second, opened)}
    assert len(ports) == 2
    assert all(FIRST_PORT <= port < FIRST_PORT + PORTS for port in ports)


def test_a_restarted_server_gets_the_port_of_the_last_one(tmp_path: Path, opened: list[socket.socket]) -> None:
    """Even if it had to use another one than the first of its search."""
    other = tmp_path / "other"
    other.mkdir()
    port_of(other, opened)
    port = port_of(tmp_path, opened)
    while opened:
        opened.pop().close()
    assert port_of(tmp_path, opened) == port


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"port": "x"}', '{"port": 70000}'])
def test_a_damaged_file_is_replaced(tmp_path: Path, opened: list[socket.socket], content: str) -> None:
    (tmp_path / "proxy.json").write_text(content)
    port = port_of(tmp_path, opened)
    assert json.loads((tmp_path / "proxy.json").read_text()) == {"port": port}
