"""Marked secrets go through a server in every way that it offers, and are then searched in everything it has stored."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from testing.live_server import LiveServer
from tests.engine import DOCKERFILE
from tests.fakes.api import Api
from tests.fakes.receiver import Receiver

PROGRAM = """
import json, os, sys, urllib.request

print(os.environ)
print(json.dumps(dict(os.environ)), file=sys.stderr)
"""
SCHEMA = """{"title": "T", "type": "object", "schemaVersion": 1, "properties": {
    "password": {"title": "P", "type": "string", "description": "d", "editor": "textfield", "isSecret": true}}}"""
ACTOR_JSON = '{"actorSpecification": 1, "name": "secretive", "version": "0.0", "input": "./schema.json"}'
DATABASE = "greenroom.db"
STORED_AS_WRITTEN = {"webhook-url", "webhook-header", "git-password", "git-query", "archive-password", "archive-query"}
"""The owner wrote them into a webhook or a source, the server has to send them, and the API returns them."""


def mark(name: str) -> str:
    return f"MARK-{name}-9f8e7d"


MARKS = STORED_AS_WRITTEN | {
    "user-token",
    "other-token",
    "variable",
    "build-variable",
    "input",
    "header",
    "query",
    "cookie",
}


@pytest.fixture
def marked_server(engine: None, tmp_path: Path) -> Iterator[LiveServer]:
    users = ["--user", f"ann:{mark('user-token')}", "--user", f"bob:{mark('other-token')}"]
    server = LiveServer(tmp_path, options=users)
    server.http.headers["Authorization"] = f"Bearer {mark('user-token')}"
    server.start()
    yield server
    server.close()


@pytest.mark.docker
def test_no_secret_is_in_a_log_or_a_file(marked_server: LiveServer, blocking_receiver: Receiver) -> None:
    run, logs = run_with_secrets(marked_server, blocking_receiver)
    logs += failed_builds(marked_server)
    send_failing_requests(marked_server)
    marked_server.interrupt()
    assert run["status"] == "SUCCEEDED"
    assert "[REDACTED]" in logs
    assert marks_in(logs.encode()) == set()
    assert "APIFY_PROXY_PASSWORD" in logs and "apify_proxy_" not in logs
    found = {path.name: marks_in(path.read_bytes()) for path in files(marked_server.data_dir)}
    allowed = {DATABASE: STORED_AS_WRITTEN, f"{DATABASE}-wal": STORED_AS_WRITTEN}
    assert {name: marks - allowed.get(name, set()) for name, marks in found.items() if marks} == {
        name: set() for name, marks in found.items() if marks
    }


def run_with_secrets(server: LiveServer, receiver: Receiver) -> tuple[dict[str, Any], str]:
    """Run an Actor that prints all that it knows, with a webhook that contains secrets; return the run and its log."""
    texts = {
        "Dockerfile": DOCKERFILE + "ARG BUILD_SECRET\nRUN echo built with $BUILD_SECRET\n",
        "main.py": PROGRAM,
        ".actor/schema.json": SCHEMA,
        ".actor/actor.json": ACTOR_JSON,
    }
    sources = [{"name": name, "format": "TEXT", "content": text} for name, text in texts.items()]
    variables = [
        {"name": "SECRET", "value": mark("variable"), "isSecret": True},
        {"name": "BUILD_SECRET", "value": mark("build-variable"), "isSecret": True, "applyEnvVarsToBuild": True},
    ]
    actor = server.actor("secretive", sources, variables)
    url = receiver.url(f"/hook?token={mark('webhook-url')}")
    webhook = {
        "requestUrl": url,
        "eventTypes": ["ACTOR.RUN.SUCCEEDED"],
        "condition": {"actorId": actor},
        "headersTemplate": f'{{"X-Secret": "{mark("webhook-header")}"}}',
    }
    server.data("POST", "webhooks", json=webhook)
    server.data("POST", "webhooks", json={**webhook, "requestUrl": f"http://localhost:1/?t={mark('webhook-url')}"})
    run = server.finished_run(actor, {"password": mark("input")}, memory=256)
    builds = server.data("GET", f"actors/{actor}/builds")["items"]
    return run, server.text(f"logs/{run['id']}") + "".join(server.text(f"logs/{each['id']}") for each in builds)


def failed_builds(server: LiveServer) -> str:
    """Build from sources whose URLs contain secrets and which do not exist; return the logs."""
    user = f"somebody:{mark('git-password')}@"
    sources = [
        {"sourceType": "GIT_REPO", "gitRepoUrl": f"http://{user}localhost:1/a.git#main"},
        {"sourceType": "GIT_REPO", "gitRepoUrl": f"http://localhost:1/a.git?token={mark('git-query')}#main"},
        {"sourceType": "TARBALL", "tarballUrl": f"http://a:{mark('archive-password')}@localhost:1/a.zip"},
        {"sourceType": "TARBALL", "tarballUrl": f"http://localhost:1/a.zip?t={mark('archive-query')}"},
    ]
    logs = ""
    for number, source in enumerate(sources):
        version = {"versionNumber": "0.0", **source}
        actor = server.data("POST", "actors", json={"name": f"from-{number}", "versions": [version]})
        build = server.data("POST", f"actors/{actor['id']}/builds", params={"version": "0.0"})
        build = server.wait(f"actor-builds/{build['id']}")
        assert build["status"] == "FAILED"
        logs += server.text(f"logs/{build['id']}") + str(build)
    return logs


def send_failing_requests(server: LiveServer) -> None:
    headers = {"Authorization": f"Bearer {mark('header')}", "Cookie": f"session={mark('cookie')}"}
    for method, path in [
        ("GET", f"/v2/users/me?token={mark('query')}"),
        ("GET", f"/v2/nothing?token={mark('user-token')}"),
        ("POST", f"/v2/actors/nobody~nothing/runs?token={mark('other-token')}"),
        ("POST", f"/v2/datasets/nothing/items?token={mark('query')}&limit=x"),
        ("POST", f"/greenroom/shutdown?token={mark('query')}"),
    ]:
        for sent in (headers, {**headers, "Host": "example.com"}):
            response = httpx.request(method, f"{server.url}{path}", headers=sent, content=b"{", trust_env=False)
            assert 400 <= response.status_code < 500
            assert marks_in(response.content) == set()


async def test_an_unexpected_error_logs_no_secret(
    api: Api, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: Any, **options: Any) -> None:
        raise RuntimeError("unexpected")

    monkeypatch.setattr(api.orchestrator.datasets, "open", fail, raising=False)
    monkeypatch.setattr(type(api.orchestrator.users), "get", fail)
    monkeypatch.setattr(type(api.orchestrator.users), "by_username", fail)
    with caplog.at_level(logging.DEBUG, logger="greenroom"):
        response = await api.call(
            "POST",
            f"/v2/users/somebody?token={mark('query')}",
            token=mark("header"),
            headers={"Cookie": mark("cookie")},
            content=mark("input"),
        )
        response = await api.call("GET", f"/v2/users/somebody?token={mark('query')}", token=mark("header"))
    assert response.status_code == 500
    own = [record for record in caplog.records if record.name.startswith(("greenroom", "uvicorn"))]
    assert any(record.exc_info for record in own)
    text = response.text + "\n".join(logging.Formatter().format(record) for record in own)
    assert marks_in(text.encode()) == set()


@pytest.fixture
async def api(tmp_path: Path) -> Any:
    api = Api(tmp_path)
    await api.open()
    yield api
    await api.close()


def marks_in(content: bytes) -> set[str]:
    return {name for name in MARKS if mark(name).encode() in content}


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and path.name != "server.json"]
