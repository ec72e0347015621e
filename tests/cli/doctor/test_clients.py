"""The checks that only a command can make."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from pathlib import Path

import pytest

from cli.doctor.clients import examine_clients
from cli.server import RunningServer
from runtime.doctor import Check, Verdict

SERVER = RunningServer(1, "http://localhost:3333", "token")
PLATFORM = "api.apify.com"


def examine(
    *, port: int = 1, server: RunningServer | None = SERVER, environment: Mapping[str, str] | None = None
) -> dict[str, Check]:
    return {check.name: check for check in examine_clients(port, server, environment or {"PATH": ""})}


@pytest.fixture
def with_apify(tmp_path: Path) -> str:
    """A PATH on which the `apify` command is."""
    command = tmp_path / "bin" / "apify"
    command.parent.mkdir()
    command.write_text("#!/bin/sh\n")
    command.chmod(0o755)
    return str(command.parent)


def test_a_taken_port_is_a_warning_unless_our_server_has_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert examine(port=port, server=None)["port"].verdict is Verdict.WARN
        assert examine(port=port)["port"].verdict is Verdict.OK
    assert examine(port=port, server=None)["port"].verdict is Verdict.OK


def test_the_apify_command_is_skipped_if_it_is_not_installed() -> None:
    assert examine()["apify command"].verdict is Verdict.SKIP


@pytest.mark.parametrize(
    ("url", "verdict", "named"),
    [
        (None, Verdict.WARN, PLATFORM),
        ("http://localhost:3333", Verdict.OK, "localhost:3333"),
        ("http://localhost:8080", Verdict.WARN, "localhost:3333"),
    ],
)
def test_where_the_apify_command_points(with_apify: str, url: str | None, verdict: Verdict, named: str) -> None:
    environment = {"PATH": with_apify} | ({"APIFY_CLIENT_BASE_URL": url} if url else {})
    check = examine(environment=environment)["apify command"]
    assert (check.verdict, named in check.found) == (verdict, True)


def test_a_token_without_an_address_would_be_sent_to_the_platform() -> None:
    check = examine(environment={"PATH": "", "APIFY_TOKEN": "secret-token"})["variables"]
    assert (check.verdict, PLATFORM in check.found, "secret-token" in check.found) == (Verdict.WARN, True, False)
