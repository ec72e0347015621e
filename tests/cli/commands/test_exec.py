"""`greenroom exec` with a stub of the server."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.main import app
from tests.cli.commands.test_run import ROOT, WITH_STUB
from tests.cli.conftest import Served
from tests.engine import eventually

COUNTS_INTERRUPTS = """
import signal, sys, time
from pathlib import Path
file, received = Path(sys.argv[1]), []
signal.signal(signal.SIGINT, lambda *_: received.append("INT"))
signal.signal(signal.SIGTERM, lambda *_: received.append("TERM"))
file.write_text("ready")
while not received:
    time.sleep(0.01)
time.sleep(0.3)  # a second signal would arrive by then
file.write_text(" ".join(received))
sys.exit(5)
"""


@pytest.fixture
def call(cli: CliRunner, served: Served) -> Any:
    return lambda *words: cli.invoke(app, ["exec", "--data-dir", str(served.data_dir), *words])


@pytest.mark.parametrize(
    ("script", "code"), [("exit 0", 0), ("exit 7", 7), ("kill -TERM $$", 143), ("kill -KILL $$", 137)]
)
def test_the_exit_code_is_that_of_the_command(call: Any, script: str, code: int) -> None:
    assert call("--", "sh", "-c", script).exit_code == code


def test_the_command_gets_its_arguments_and_the_variables(
    call: Any, served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("APIFY_TOKEN", "real")
    file = tmp_path / "out"
    script = 'echo "$APIFY_TOKEN $APIFY_CLIENT_BASE_URL $GREENROOM_DATA_DIR $*" > "$0"'
    # Without `--`, the options after the command are also its own.
    assert call("sh", "-c", script, str(file), "--json", "--data-dir", "x").exit_code == 0
    assert file.read_text() == f"it's a $token http://127.0.0.1:{served.port} {served.data_dir} --json --data-dir x\n"
    assert served.stub.stop_runs is None, "the server was running before"


def test_a_missing_command_starts_no_server(cli: CliRunner, tmp_path: Path) -> None:
    result = cli.invoke(app, ["exec", "--data-dir", str(tmp_path / "data"), "--", "no-such-command", "--json"])
    assert (result.exit_code, result.stdout, (tmp_path / "data").exists()) == (127, "", False)
    assert "The command 'no-such-command' was not found." in result.stderr


def test_a_command_that_cannot_be_started(call: Any, tmp_path: Path) -> None:
    file = tmp_path / "broken"
    file.write_bytes(b"\x7fELF")
    file.chmod(0o755)
    assert call("--", str(file)).exit_code == 126


@pytest.mark.processes
def test_a_signal_reaches_the_command_and_the_server_that_was_started_is_stopped(tmp_path: Path) -> None:
    data_dir, file = tmp_path / "data", tmp_path / "received"
    words = ["exec", "--data-dir", str(data_dir), "--", sys.executable, "-c", COUNTS_INTERRUPTS, str(file)]
    with subprocess.Popen([sys.executable, "-c", WITH_STUB, *words], cwd=ROOT, start_new_session=True) as process:
        assert eventually(file.exists)
        process.send_signal(signal.SIGTERM)
        assert process.wait() == 5
    assert file.read_text() == "TERM"
    assert (data_dir / "stopped").read_text() == "1"


@pytest.mark.processes
def test_a_ctrl_c_in_a_terminal_reaches_the_command_once(served: Served, tmp_path: Path) -> None:
    file = tmp_path / "received"
    words = ["exec", "--data-dir", str(served.data_dir), "--", sys.executable, "-c", COUNTS_INTERRUPTS, str(file)]
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(ROOT)
        os.execv(sys.executable, [sys.executable, "-c", WITH_STUB, *words])
    assert eventually(file.exists)
    os.write(terminal, b"\x03")
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 5
    os.close(terminal)
    assert file.read_text() == "INT"
