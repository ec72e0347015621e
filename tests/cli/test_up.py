from __future__ import annotations

import os
import socket
from importlib.metadata import version
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli import up
from cli.main import app
from tests.cli.conftest import Served
from tests.cli.stub import info


def test_users_map_their_token_to_their_name() -> None:
    assert up.users_of(["ann:secret", "bob:a:b"]) == {"secret": "ann", "a:b": "bob"}


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (["ann"], "needs a token"),
        (["ann:"], "needs a token"),
        (["ann:a b"], "without spaces"),
        ([":x"], "cannot be a user's name"),
        (["me:x"], "cannot be a user's name"),
        (["a~b:x"], "cannot be a user's name"),
        (["ann:x", "bob:x"], "'ann' and 'bob' have the same token"),
        (["ann:x", "ann:y"], "given twice"),
    ],
)
def test_wrong_users_are_usage_errors(cli: CliRunner, tmp_path: Path, given: list[str], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        up.users_of(given)
    options = [part for user in given for part in ("--user", user)]
    assert cli.invoke(app, ["up", "--data-dir", str(tmp_path), *options]).exit_code == 2


@pytest.mark.parametrize("port", ["0", "65536", "x"])
def test_wrong_ports_are_usage_errors(cli: CliRunner, tmp_path: Path, port: str) -> None:
    assert cli.invoke(app, ["up", "--data-dir", str(tmp_path), "--port", port]).exit_code == 2


def test_a_wrong_variable_is_named(cli: CliRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GREENROOM_CPU_BURST_SECS", "soon")
    refused = cli.invoke(app, ["up", "--data-dir", str(tmp_path)])
    assert refused.exit_code == 1
    assert "GREENROOM_CPU_BURST_SECS" in refused.stderr


@pytest.mark.parametrize(("family", "address"), up.LOOPBACKS)
def test_a_taken_port_is_told_with_who_has_it(
    cli: CliRunner, tmp_path: Path, family: socket.AddressFamily, address: str
) -> None:
    with socket.socket(family) as taken:
        taken.bind((address, 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused = cli.invoke(app, ["up", "--data-dir", str(tmp_path), "--port", str(port)])
    assert refused.exit_code == 1
    assert f"Port {port} is taken by " in refused.stderr
    assert f"(pid {os.getpid()})" in refused.stderr
    assert f"--port {port + 1}" in refused.stderr


def test_a_second_server_on_a_data_directory_is_refused(cli: CliRunner, served: Served) -> None:
    refused = cli.invoke(app, ["up", "--data-dir", str(served.data_dir)])
    assert refused.exit_code == 1
    assert f"pid {os.getpid()}) already runs on {served.data_dir}" in refused.stderr


def test_the_banner_has_at_most_eight_lines_and_what_the_apify_command_needs() -> None:
    lines = up.banner(info("http://localhost:4444", 2), {"secret": "ann"})
    assert len(lines) <= 8
    assert lines[0] == "Greenroom 9.9.9, 2 live runs adopted"
    assert "export APIFY_CLIENT_BASE_URL=http://localhost:4444" in lines
    assert "export APIFY_CONSOLE_URL=http://127.0.0.1:4444" in lines
    assert lines[-1].startswith("apify login --token secret ")


def test_the_banner_alone_names_a_token_where_any_will_do() -> None:
    assert up.banner(info("http://localhost:4444", 0), {})[-1].startswith("apify login --token local ")


def test_the_command_tells_its_version() -> None:
    told = CliRunner().invoke(app, ["--version"])
    assert (told.exit_code, told.output) == (0, f"greenroom {version('greenroom')}\n")
