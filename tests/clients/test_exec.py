"""The unmodified `apify` command, run by `greenroom exec` with a real server."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from testing.api_client import SAMPLES
from testing.live_server import ROOT, LiveServer
from tests.clients.apify_command import APIFY, COMMAND_SECS

pytestmark = pytest.mark.docker

SCRIPT = f"""
set -e
{APIFY} push --force
{APIFY} secrets add mySecret aValue
{APIFY} call -i '{{"exitCode": 3}}'
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The user's home folder. Reading the login in it would never end, because it is a pipe without a writer."""
    home = tmp_path / "home"
    (home / ".apify").mkdir(parents=True)
    os.mkfifo(home / ".apify" / "auth.json")
    return home


def greenroom(
    server: LiveServer, home: Path, folder: Path, command: str, *words: str
) -> subprocess.CompletedProcess[str]:
    """Run a `greenroom` command in the folder."""
    return subprocess.run(
        [sys.executable, ROOT / "cli/__main__.py", command, "--data-dir", server.data_dir, *words],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(home), "APIFY_TOKEN": "apify_api_real"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=COMMAND_SECS,
    )


def test_the_apify_command_needs_no_login_and_does_not_touch_the_real_one(
    server: LiveServer, home: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "actor"
    shutil.copytree(SAMPLES / "hello", folder)
    path = folder / ".actor" / "actor.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "name": "exec-hello"}))
    server.data("POST", "actors", json={"name": "exec-hello"})  # without an Actor, `apify push` needs a network
    done = greenroom(server, home, folder, "exec", "--", "sh", "-c", SCRIPT)
    assert done.returncode == 3, done.stdout + done.stderr
    assert "Build: SUCCEEDED" in done.stdout
    assert [each.name for each in home.rglob("*")] == [".apify", "auth.json"]
    assert {each.name for each in (server.data_dir / "apify").iterdir()} >= {"auth.json", "secrets.json"}
    assert "apify_api_real" not in (server.data_dir / "apify" / "auth.json").read_text()


def test_apify_call_runs_the_changed_files_of_a_dev_folder(server: LiveServer, home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "developed"
    (folder / ".actor").mkdir(parents=True)
    (folder / ".actor" / "actor.json").write_text('{"actorSpecification": 1, "name": "developed", "version": "0.0"}')
    (folder / "Dockerfile").write_text('FROM apify/actor-python:3.13\nCOPY . ./\nCMD ["python3", "main.py"]\n')
    (folder / "main.py").write_text("print('pushed')")
    pushed = greenroom(server, home, folder, "push", "--dev", ".")
    assert pushed.returncode == 0, pushed.stdout + pushed.stderr
    (folder / "main.py").write_text("print('changed after the push')")
    called = greenroom(server, home, folder, "exec", "--", str(APIFY), "call", "local/developed")
    assert called.returncode == 0, called.stdout + called.stderr
    assert "changed after the push" in called.stdout + called.stderr
    assert len(server.data("GET", "actors/local~developed/builds")["items"]) == 1
