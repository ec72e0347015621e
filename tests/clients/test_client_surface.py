"""Every public method of the newest clients, called on a real server with real objects."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from testing.api_client import SAMPLES
from testing.live_server import LiveServer
from testing.source_files import source_files

pytestmark = pytest.mark.docker

SCRIPTS = Path(__file__).parent / "scripts"
CLIENTS = {
    "python": [sys.executable, str(SCRIPTS / "surface.py")],
    "javascript": ["node", str(SCRIPTS / "surface.mjs")],
}
FACTS: dict[str, dict[str, Any] | None] = {
    "actor": {
        "build": ["SUCCEEDED", True, True],
        "defaultBuild": True,
        "openApi": ["components", "info"],
        "builds": [1, 1],
        "second": "0.2",
        "variables": [["COLOR", "blue"]],
        "iterated": [1, 2],
        "color": "blue",
        "title": "Hello",
        "listed": [1, 1],
        "valid": True,
        "versions": 2,
        "store": [0, 0],
        "tag": "beta",
    },
    "runs": {
        "called": "SUCCEEDED",
        "charged": 2,
        "message": "Sleeping",
        "status": ["SUCCEEDED", True],
        "lastItem": "Hello, Bob!",
        "input": {"sleepSecs": 60, "name": "world", "exitCode": 0},
        "queue": 0,
        "log": [True, True],
        "last": True,
        "listed": [2, 2],
        "ofItems": True,
        "deleted": None,
    },
    "tasks": {
        "input": {"name": "Eve"},
        "published": [True, False],
        "title": "Greet Eve",
        "called": "SUCCEEDED",
        "started": "SUCCEEDED",
        "last": "Hello, Eve!",
        "runs": 2,
        "webhooks": 0,
        "listed": [1, 1],
    },
    "schedules": {"cron": "@daily", "name": True, "log": [], "listed": [1, 1], "deleted": None},
    "webhooks": {
        "url": "http://127.0.0.1:9/other",
        "events": ["ACTOR.RUN.FAILED"],
        "test": "TEST",
        "dispatches": [1, 1, True],
        "listed": [1, 1],
    },
    "dataset": {
        "items": [[{"n": 1}, {"n": 2}], [{"n": 1}]],
        "json": [{"n": 1}, {"n": 2}],
        "csv": ["n", "1", "2"],
        "statistics": True,
        "count": 2,
        "url": True,
        "title": "Numbers",
        "listed": [1, 1],
    },
    "keyValueStore": {
        "one": {"a": 1},
        "two": ["text", "text"],
        "exists": [True, False],
        "keys": [["one", "two"], ["one", "two"]],
        "urls": [True, True],
        "title": "Records",
        "listed": [1, 1],
        "left": [None, True],
    },
    "requestQueue": {
        "added": 3,
        "locked": ["http://example.com/0", "http://example.com/1"],
        "unlocked": 1,
        "head": ["http://example.com/1"],
        "first": "http://example.com/0",
        "updated": True,
        "requests": [4, 4],
        "deleted": 1,
        "title": "Pages",
        "listed": [1, 1],
        "left": 2,
    },
    "account": {"me": True, "retention": 14, "usage": True},
    "deleted": None,
}
"""What both clients return, by the section of their scripts."""


@pytest.fixture(scope="module")
def users(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server with a user for each client, so that none sees the objects of the others in its lists."""
    options = [option for name in CLIENTS for option in ("--user", f"{name}:{token_of(name)}")]
    server = LiveServer(tmp_path_factory.mktemp("surface"), options=options)
    server.http.headers["Authorization"] = f"Bearer {token_of('python')}"
    server.start()
    yield server
    server.close()


def token_of(user: str) -> str:
    return f"{user}-token"


@pytest.mark.parametrize("client", CLIENTS)
def test_every_method_of_the_client_works(users: LiveServer, client: str) -> None:
    files = json.dumps(source_files(SAMPLES / "hello"))
    command = [*CLIENTS[client], users.url, token_of(client), files]
    done = subprocess.run(command, capture_output=True, text=True, timeout=150)
    assert done.returncode == 0, done.stderr
    printed: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert printed["uncalled"] == []
    for section, facts in FACTS.items():
        assert printed["facts"][section] == facts, section
