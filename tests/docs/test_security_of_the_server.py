"""Sentences of the security model about the server's process and its files, and about comparisons of secrets."""

from __future__ import annotations

import ast
import stat
from pathlib import Path

import docker
import psutil
import pytest

from runtime.containers import INSTANCE_LABEL
from testing.live_server import LiveServer

ROOT = Path(__file__).resolve().parents[2]
SECRET_WORDS = {"token", "signature", "digest", "hmac", "password", "secret"}


@pytest.mark.docker
def test_the_server_listens_only_on_loopback_and_its_gateway(server: LiveServer) -> None:
    process = psutil.Process(server.pid)
    listening = {
        connection.laddr.ip
        for each in (process, *process.children(recursive=True))
        for connection in each.net_connections()
        if connection.status == psutil.CONN_LISTEN
    }
    client = docker.from_env()
    networks = client.networks.list(filters={"label": f"{INSTANCE_LABEL}={server.instance_id}"})
    gateways = {config["Gateway"] for network in networks for config in network.attrs["IPAM"]["Config"]}
    client.close()
    assert {"127.0.0.1"} <= listening <= {"127.0.0.1", "::1", *gateways}


@pytest.mark.docker
def test_the_server_json_is_private_and_deleted_when_the_server_stops(own_server: LiveServer) -> None:
    described = own_server.data_dir / "server.json"
    assert stat.S_IMODE(described.stat().st_mode) == 0o600
    own_server.interrupt()
    assert not described.exists()
    own_server.start()


@pytest.mark.parametrize("folder", ["api", "runtime"])
def test_secrets_are_compared_in_constant_time(folder: str) -> None:
    """No `==`, `!=` or `in` has a secret on one of its sides; `hmac.compare_digest` compares them."""
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in sorted((ROOT / folder).rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Compare) and compares_a_secret(node)
    ]
    assert found == []


def compares_a_secret(node: ast.Compare) -> bool:
    """Comparisons with constants and of types, lengths or the presence of a secret are none."""
    sides = [node.left, *node.comparators]
    is_equality = any(isinstance(operator, ast.Eq | ast.NotEq | ast.In | ast.NotIn) for operator in node.ops)
    return is_equality and not any(map(is_constant, sides)) and any(map(is_secret, sides))


def is_constant(node: ast.expr) -> bool:
    if isinstance(node, ast.Tuple | ast.List | ast.Set):
        return all(map(is_constant, node.elts))
    return isinstance(node, ast.Constant)


def is_secret(node: ast.expr) -> bool:
    name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
    return bool(SECRET_WORDS & set(name.lower().split("_")))
