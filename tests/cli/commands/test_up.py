from __future__ import annotations

import os
import socket
from importlib.metadata import version
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.commands import up
from cli.main import app
from cli.server.ports import LOOPBACKS
from tests.cli.conftest import Served
from tests.cli.stub import info


@pytest.mark.parametrize(
    ("given", "origin"),
    [
        ("http://localhost:5173", "http://localhost:5173"),
        ("HTTPS://App.Example/", "https://app.example"),
        ("https://app.example:443", "https://app.example"),
        ("http://app.example:443", "http://app.example:443"),
        ("http://[::1]:80", "http://[::1]"),
    ],
)
def test_origins_are_parsed_as_browsers_send_them(given: str, origin: str) -> None:
    assert up.parse_origins([given]) == {origin}


@pytest.mark.parametrize(
    "given", ["*", "null", "", "localhost:5173", "http://a/path", "http://a:port", "ftp://a", "http://*.a"]
)
def test_invalid_origins_are_usage_errors(cli: CliRunner, tmp_path: Path, given: str) -> None:
    with pytest.raises(ValueError, match="is not an origin"):
        up.parse_origins([given])
    assert cli.invoke(app, ["up", "--data-dir", str(tmp_path), "--allow-origin", given]).exit_code == 64


def test_users_are_parsed_into_a_map_from_token_to_name() -> None:
    assert up.parse_users(["ann:secret", "bob:a:b"]) == {"secret": "ann", "a:b": "bob"}


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (["ann"], "needs a token"),
        (["ann:"], "needs a token"),
        (["ann:a b"], "without spaces"),
        ([":x"], "is not a valid user name"),
        (["me:x"], "is not a valid user name"),
        (["a~b:x"], "is not a valid user name"),
        (["ann:x", "bob:x"], "'ann' and 'bob' have the same token"),
        (["ann:x", "ann:y"], "given twice"),
    ],
)
def test_invalid_users_are_usage_errors(cli: CliRunner, tmp_path: Path, given: list[str], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        up.parse_users(given)
    options = [part for user in given for part in ("--user", user)]
    assert cli.invoke(app, ["up", "--data-dir", str(tmp_path), *options]).exit_code == 64


def test_the_general_access_of_accounts_is_parsed_by_user_name() -> None:
    users = {"secret": "ann", "other": "bob"}
    given = ["RESTRICTED", "bob:ANYONE_WITH_ID_CAN_READ"]
    assert up.parse_general_access(given, users) == {None: "RESTRICTED", "bob": "ANYONE_WITH_ID_CAN_READ"}
    assert up.parse_general_access(["local:RESTRICTED"], {}) == {"local": "RESTRICTED"}
    assert up.parse_general_access([], users) == {}


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (["SECRET"], "'SECRET' is not a valid level"),
        (["FOLLOW_USER_SETTING"], "is not a valid level"),
        (["local:"], "'' is not a valid level"),
        (["eve:RESTRICTED"], "'eve' is not a user: the users are local"),
        ([":RESTRICTED"], "'' is not a user"),
        (["RESTRICTED", "RESTRICTED"], "given twice"),
        (["local:RESTRICTED", "local:ANYONE_WITH_ID_CAN_READ"], "local is given twice"),
    ],
)
def test_an_invalid_general_access_is_a_usage_error(
    cli: CliRunner, tmp_path: Path, given: list[str], reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        up.parse_general_access(given, {})
    options = [part for level in given for part in ("--general-access", level)]
    assert cli.invoke(app, ["up", "--data-dir", str(tmp_path), *options]).exit_code == 64


@pytest.mark.parametrize("port", ["0", "65536", "x"])
def test_invalid_ports_are_usage_errors(cli: CliRunner, tmp_path: Path, port: str) -> None:
    assert cli.invoke(app, ["up", "--data-dir", str(tmp_path), "--port", port]).exit_code == 64


def test_the_error_names_an_invalid_variable(cli: CliRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GREENROOM_CPU_BURST_SECS", "soon")
    result = cli.invoke(app, ["up", "--data-dir", str(tmp_path)])
    assert result.exit_code == 64
    assert "GREENROOM_CPU_BURST_SECS must be a number of at least 0, not 'soon'" in result.stderr


@pytest.mark.parametrize(("family", "address"), LOOPBACKS)
def test_the_error_for_a_taken_port_names_the_process(
    cli: CliRunner, tmp_path: Path, family: socket.AddressFamily, address: str
) -> None:
    with socket.socket(family) as taken:
        taken.bind((address, 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = cli.invoke(app, ["up", "--data-dir", str(tmp_path), "--port", str(port)])
    assert result.exit_code == 69
    assert f"Port {port} is taken by " in result.stderr
    assert f"(pid {os.getpid()})" in result.stderr
    assert f"--port {port + 1}" in result.stderr


def test_a_second_server_on_a_data_directory_is_rejected(cli: CliRunner, served: Served) -> None:
    result = cli.invoke(app, ["up", "--data-dir", str(served.data_dir)])
    assert result.exit_code == 69
    assert f"pid {os.getpid()}) is already running on {served.data_dir}" in result.stderr


def test_the_banner_shows_how_clients_use_the_server_in_at_most_nine_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = up.banner(info("http://localhost:4444", 2), {"SHELL": "/bin/zsh"})
    assert len(lines) <= 9
    assert ", 2 live runs adopted" in lines[0]
    assert lines[-1] == 'eval "$(greenroom env --data-dir /somewhere)"'
    monkeypatch.setenv("GREENROOM_DATA_DIR", "/somewhere")
    lines = up.banner(info("http://localhost:4444", 0), {"SHELL": "/usr/bin/fish"})
    assert lines[-1] == "greenroom env | source"


def test_the_command_shows_its_version() -> None:
    result = CliRunner().invoke(app, ["--version"])
    assert (result.exit_code, result.output) == (0, f"greenroom {version('greenroom')}\n")
