"""The checks of this host."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from pathlib import Path

import pytest

from cli.doctor.host import examine_host
from cli.server import RunningServer
from runtime.doctor import Check, Verdict

SERVER = RunningServer(1, "http://localhost:3333", "token")
PLATFORM = "api.apify.com"


def examine(
    data_dir: Path,
    *,
    port: int = 1,
    server: RunningServer | None = SERVER,
    environment: Mapping[str, str] | None = None,
) -> dict[str, Check]:
    return {check.name: check for check in examine_host(data_dir, port, server, environment or {"PATH": ""})}


@pytest.fixture
def with_apify(tmp_path: Path) -> str:
    """A PATH on which the `apify` command is."""
    command = tmp_path / "bin" / "apify"
    command.parent.mkdir()
    command.write_text("#!/bin/sh\n")
    command.chmod(0o755)
    return str(command.parent)


def test_a_data_directory_that_does_not_exist_yet_can_be_created(tmp_path: Path) -> None:
    assert examine(tmp_path / "new" / "data")["data directory"].verdict is Verdict.OK
    assert not (tmp_path / "new").exists()


def test_a_data_directory_below_a_file_fails(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert examine(tmp_path / "file" / "data")["data directory"].verdict is Verdict.FAIL


@pytest.mark.parametrize(
    ("free", "verdict"), [(10 * 1024**2, Verdict.FAIL), (2 * 1024**3, Verdict.WARN), (9 * 1024**3, Verdict.OK)]
)
def test_free_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, verdict: Verdict) -> None:
    usage = type("Usage", (), {"free": free})
    monkeypatch.setattr("cli.doctor.host.shutil.disk_usage", lambda _: usage)
    assert examine(tmp_path)["free disk"].verdict is verdict


def test_a_taken_port_is_a_warning_unless_our_server_has_it(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert examine(tmp_path, port=port, server=None)["port"].verdict is Verdict.WARN
        assert examine(tmp_path, port=port)["port"].verdict is Verdict.OK
    assert examine(tmp_path, port=port, server=None)["port"].verdict is Verdict.OK


def test_the_apify_command_is_skipped_if_it_is_not_installed(tmp_path: Path) -> None:
    assert examine(tmp_path)["apify command"].verdict is Verdict.SKIP


@pytest.mark.parametrize(
    ("url", "verdict", "named"),
    [
        (None, Verdict.WARN, PLATFORM),
        ("http://localhost:3333", Verdict.OK, "localhost:3333"),
        ("http://localhost:8080", Verdict.WARN, "localhost:3333"),
    ],
)
def test_where_the_apify_command_points(
    tmp_path: Path, with_apify: str, url: str | None, verdict: Verdict, named: str
) -> None:
    environment = {"PATH": with_apify} | ({"APIFY_CLIENT_BASE_URL": url} if url else {})
    check = examine(tmp_path, environment=environment)["apify command"]
    assert (check.verdict, named in check.found) == (verdict, True)


def test_a_token_without_an_address_would_be_sent_to_the_platform(tmp_path: Path) -> None:
    check = examine(tmp_path, environment={"PATH": "", "APIFY_TOKEN": "secret-token"})["variables"]
    assert (check.verdict, PLATFORM in check.found, "secret-token" in check.found) == (Verdict.WARN, True, False)
