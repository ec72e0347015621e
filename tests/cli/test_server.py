from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli import server
from cli.main import app
from tests.cli.conftest import Served
from tests.cli.stub import write_server_file


def test_a_server_that_answers_is_found(served: Served) -> None:
    found = server.find(served.data_dir)
    assert found
    assert (found.pid, found.url) == (os.getpid(), f"http://127.0.0.1:{served.port}")
    assert found.info["version"] == "9.9.9"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": 1}', '{"pid": "x", "url": "u", "token": "t"}'])
def test_a_file_that_says_nothing_is_no_server(tmp_path: Path, text: str) -> None:
    (tmp_path / "server.json").write_text(text)
    assert server.find(tmp_path) is None


def test_a_dead_pid_is_no_server(served: Served) -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    write_server_file(served.data_dir, served.port, process.pid)
    assert server.find(served.data_dir) is None


def test_a_port_that_nobody_answers_is_no_server(tmp_path: Path) -> None:
    write_server_file(tmp_path, 9, os.getpid())
    assert server.find(tmp_path) is None


def test_status_tells_what_is_enforced(cli: CliRunner, served: Served) -> None:
    told = cli.invoke(app, ["status", "--data-dir", str(served.data_dir)])
    assert told.exit_code == 0
    assert "Enforced  memory: hard; disk: polled" in told.stdout
    assert "Engine    Docker 20.10, cgroup v1, overlay2" in told.stdout


def test_status_as_json(cli: CliRunner, served: Served) -> None:
    told = json.loads(cli.invoke(app, ["status", "--json", "--data-dir", str(served.data_dir)]).stdout)
    assert (told["running"], told["pid"], told["liveRuns"]) == (True, os.getpid(), 0)


def test_status_without_a_server(cli: CliRunner, tmp_path: Path) -> None:
    told = cli.invoke(app, ["status", "--data-dir", str(tmp_path)])
    assert (told.exit_code, "No server runs" in told.stdout) == (1, True)
    as_json = cli.invoke(app, ["status", "--json", "--data-dir", str(tmp_path)])
    assert (as_json.exit_code, json.loads(as_json.stdout)) == (1, {"running": False})


def test_down_waits_for_the_end_and_says_what_is_left(cli: CliRunner, served: Served) -> None:
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    write_server_file(served.data_dir, served.port, process.pid)
    served.stub.live_runs = 2
    served.stub.on_stop = process.kill
    told = cli.invoke(app, ["down", "--data-dir", str(served.data_dir)])
    assert told.exit_code == 0
    assert process.poll() is not None
    assert "2 live runs left" in told.stderr
    assert served.stub.stop_runs is None


def test_down_without_a_server_is_fine(cli: CliRunner, tmp_path: Path) -> None:
    told = cli.invoke(app, ["down", "--data-dir", str(tmp_path)])
    assert (told.exit_code, "No server runs" in told.stderr) == (0, True)


def test_a_server_for_a_call_takes_the_port_of_one_that_died(tmp_path: Path) -> None:
    port = server._port(tmp_path)
    write_server_file(tmp_path, port, pid=2**22)
    assert server._port(tmp_path) == port
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        assert server._port(tmp_path) not in (0, port)
