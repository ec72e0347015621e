"""Unmodified clients of two users: one sets a version's environment variables, the other runs a public Actor."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from testing.api_client import SAMPLES, TOKEN
from testing.live_server import ROOT, LiveServer
from testing.source_files import source_files

pytestmark = pytest.mark.docker

SCRIPTS = Path(__file__).parent / "scripts"
BOB = "bobs-token"
CLIENTS = {
    "python-2": [str(ROOT / ".venv-client-2" / "bin" / "python"), str(SCRIPTS / "actors.py")],
    "python-3": [sys.executable, str(SCRIPTS / "actors.py")],
    "javascript": ["node", str(SCRIPTS / "actors.mjs")],
}


@pytest.fixture(scope="module")
def two_users(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server with two users: Alice, who has the default token of the tests, and Bob."""
    users = ["--user", f"alice:{TOKEN}", "--user", f"bob:{BOB}"]
    server = LiveServer(tmp_path_factory.mktemp("two-users"), options=users)
    server.start()
    yield server
    server.close()


@pytest.mark.parametrize("client", CLIENTS)
def test_environment_variables_and_a_public_actor(two_users: LiveServer, client: str) -> None:
    earlier = two_users.data("GET", "actors", headers={"Authorization": f"Bearer {BOB}"})["total"]
    actor = two_users.actor(f"public-{client}", source_files(SAMPLES / "hello"))
    command = [*CLIENTS[client], two_users.url, TOKEN, BOB, actor]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert result["variables"] == {
        "listed": [["SECRET", None, True], ["OPEN", "sesame", False]],
        "changed": "other",
        "shown": "other",
        "taken": [409, "env-var-already-exists"],
        "deleted": None,
    }
    assert result["public"] == {
        "private": None,
        "versions": [["0.0", "SOURCE_FILES", None]],
        "update": [403, "insufficient-permissions"],
        "status": "SUCCEEDED",
        "isBobs": True,
        "runs": [True],
        "runsOfOwner": 0,
        "mine": [],
        "used": ["alice"] * (earlier + 1),
        "defaultBuild": "SUCCEEDED",
    }
