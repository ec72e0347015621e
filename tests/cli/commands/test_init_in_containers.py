"""The tests that `greenroom init` writes, on sample Actors in containers."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from testing.api_client import SAMPLES
from testing.live_server import ROOT, LiveServer

pytestmark = pytest.mark.docker


@pytest.mark.parametrize(
    ("sample", "command", "passed"),
    [
        ("hello", [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "tests/test_actor.py"], "1 passed"),
        ("transitions_js", ["node", "--test", "test/actor.test.mjs"], "# pass 1"),
    ],
)
def test_the_written_test_passes(
    cli: CliRunner, server: LiveServer, tmp_path: Path, sample: str, command: list[str], passed: str
) -> None:
    folder = tmp_path / sample
    shutil.copytree(SAMPLES / sample, folder)
    assert cli.invoke(app, ["init", str(folder)]).exit_code == 0
    executable = tmp_path / "bin" / "greenroom"
    executable.parent.mkdir()
    executable.write_text(f'#!/bin/sh\nexec "{sys.executable}" -P "{ROOT / "cli" / "__main__.py"}" "$@"\n')
    executable.chmod(0o755)
    environment = {"PATH": f"{executable.parent}:{os.environ['PATH']}", "GREENROOM_DATA_DIR": str(server.data_dir)}
    done = subprocess.run(command, cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True)
    assert done.returncode == 0 and passed in done.stdout, done.stdout + done.stderr
