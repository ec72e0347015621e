from __future__ import annotations

import errno
import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli import server
from cli.errors import CommandError
from cli.main import app
from tests.cli.conftest import Served
from tests.cli.stub import write_server_file


def test_a_server_that_answers_is_found(served: Served) -> None:
    found = server.find(served.data_dir)
    assert found
    assert (found.pid, found.url) == (os.getpid(), f"http://127.0.0.1:{served.port}")
    assert found.info["version"] == "9.9.9"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": 1}', '{"pid": "x", "url": "u", "token": "t"}'])
def test_an_invalid_server_file_is_ignored(tmp_path: Path, text: str) -> None:
    (tmp_path / "server.json").write_text(text)
    assert server.find(tmp_path) is None


def test_a_server_whose_process_has_ended_is_not_found(served: Served) -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    write_server_file(served.data_dir, served.port, process.pid)
    assert server.find(served.data_dir) is None


def test_a_server_that_does_not_answer_is_not_found(tmp_path: Path) -> None:
    write_server_file(tmp_path, 9, os.getpid())
    assert server.find(tmp_path) is None


def test_status_shows_the_enforced_limits(cli: CliRunner, served: Served) -> None:
    result = cli.invoke(app, ["status", "--data-dir", str(served.data_dir)])
    assert result.exit_code == 0
    assert "Enforced  memory: hard; disk: polled" in result.stdout
    assert "Engine    Docker 20.10, cgroup v1, overlay2" in result.stdout


def test_status_as_json(cli: CliRunner, served: Served) -> None:
    printed = json.loads(cli.invoke(app, ["status", "--json", "--data-dir", str(served.data_dir)]).stdout)
    assert (printed["running"], printed["pid"], printed["liveRuns"]) == (True, os.getpid(), 0)


def test_status_without_a_server(cli: CliRunner, tmp_path: Path) -> None:
    result = cli.invoke(app, ["status", "--data-dir", str(tmp_path)])
    assert (result.exit_code, "No server is running" in result.stdout) == (1, True)
    as_json = cli.invoke(app, ["status", "--json", "--data-dir", str(tmp_path)])
    printed = json.loads(as_json.stdout)
    assert (as_json.exit_code, printed["running"], printed["error"]["code"]) == (1, False, "no-server")


def test_down_waits_for_the_end_and_shows_the_number_of_live_runs(cli: CliRunner, served: Served) -> None:
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    write_server_file(served.data_dir, served.port, process.pid)
    served.stub.live_runs = 2
    served.stub.on_stop = process.kill
    result = cli.invoke(app, ["down", "--data-dir", str(served.data_dir)])
    assert result.exit_code == 0
    assert process.poll() is not None
    assert "2 live runs continue" in result.stderr
    assert served.stub.stop_runs is None


def test_down_without_a_server_succeeds(cli: CliRunner, tmp_path: Path) -> None:
    result = cli.invoke(app, ["down", "--data-dir", str(tmp_path)])
    assert (result.exit_code, "No server is running" in result.stderr) == (0, True)


def test_a_temporary_server_uses_the_port_of_the_last_server(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        write_server_file(tmp_path, port, pid=2**22)
        assert server.choose_port(tmp_path) not in (0, port)
    assert server.choose_port(tmp_path) == port


@pytest.mark.parametrize("name", ["calls.lock", "server.log"])
def test_a_command_states_that_the_data_directory_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    open_path = Path.open

    def fail(path: Path, *arguments: Any, **options: Any) -> Any:
        if path.name == name:
            raise OSError(errno.EROFS, "Read-only file system", str(path))
        return open_path(path, *arguments, **options)

    monkeypatch.setattr(Path, "open", fail)
    with pytest.raises(CommandError, match="cannot be used: Read-only file system"), server.find_or_start(tmp_path):
        pass
