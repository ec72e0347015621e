"""The SDKs' local storage folders: Greenroom imports what both SDKs write, and both SDKs read what it exports."""

from __future__ import annotations

import json
import os
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import docker
import pytest
from typer.testing import CliRunner

from cli.main import app
from testing.live_server import LiveServer

pytestmark = pytest.mark.docker

Json = dict[str, Any]
Sdk = Callable[..., str]

SCRIPTS = Path(__file__).parent / "local_storage"
STORAGE = "/storage"
INPUT = {"name": "Ada", "sleepSecs": 0, "exitCode": 0}
"""The input with the defaults of the sample's input schema."""
LANGUAGES = {
    "js": ("apify/actor-node:20", "node", "/usr/src/app/local_storage", "mjs"),
    "python": ("apify/actor-python:3.13", "python", "/local_storage", "py"),
}
ITEMS = [{"n": 1, "text": "ü\u2028"}, {"n": 2, "nested": {"list": [1, {"b": None}]}}, *({"n": n} for n in range(3, 13))]
BYTES = bytes([0, 255, 254, 10])
JSON, TEXT, HTML = ("application/json; charset=utf-8", "text/plain; charset=utf-8", "text/html; charset=utf-8")
PENDING = ["front", "1", "2", "3", "4", "form"]
"""The pending requests of the queue that the scripts write, in order."""
UNUSUAL_KEYS = ["..", "__metadata__", "a", "a.json"]


@pytest.fixture
def sdk(engine: None) -> Sdk:
    """A function that runs a script in `local_storage/` with the SDK of a language, and returns the script's output."""
    client = docker.from_env()

    def run(language: str, script: str, storage: Path) -> str:
        image, command, folder, extension = LANGUAGES[language]
        storage.mkdir(parents=True, exist_ok=True)
        output = client.containers.run(
            image,
            [command, f"{folder}/{script}.{extension}"],
            user=f"{os.getuid()}:{os.getgid()}",
            environment={"CRAWLEE_STORAGE_DIR": STORAGE, "CRAWLEE_PURGE_ON_START": "0", "APIFY_PURGE_ON_START": "0"},
            volumes=[f"{SCRIPTS}:{folder}:ro", f"{storage}:{STORAGE}"],
            remove=True,
        )
        return str(output.decode())

    return run


@pytest.fixture
def greenroom(server: LiveServer) -> Callable[..., Json]:
    def call(*words: str) -> Json:
        done = CliRunner().invoke(app, ["storage", *words, "--json", "--data-dir", str(server.data_dir)])
        assert done.exit_code == 0, done.stderr
        output: Json = json.loads(done.stdout)
        return output

    return call


@pytest.mark.parametrize("language", LANGUAGES)
def test_storages_of_an_sdk_are_imported_and_exported_again(
    language: str, sdk: Sdk, greenroom: Callable[..., Json], server: LiveServer, tmp_path: Path
) -> None:
    project = tmp_path / f"written-by-{language}"
    sdk(language, "write", project / "storage")
    result = greenroom("import", str(project), "--append")  # both projects have `other-data` and `other-queue`
    ids = {(one["kind"], one["name"]): one["id"] for one in result["imported"]}
    assert result["leftOut"] == []
    assert set(ids) == {
        *((kind, project.name) for kind in ("datasets", "key-value-stores", "request-queues")),
        ("datasets", "other-data"),
        ("request-queues", "other-queue"),
    }
    store, page = ids["key-value-stores", project.name], "page-1.html" if language == "python" else "page-1"
    assert_items(server, ids["datasets", project.name])
    assert_records(server, store, page)
    assert_queue(server, ids["request-queues", project.name])

    run = server.finished_run(server.sample("hello"), {"name": "Ada"})
    greenroom("import", str(project), "--run", run["id"], "--append")
    for key in UNUSUAL_KEYS:
        path = f"/v2/key-value-stores/{run['defaultKeyValueStoreId']}/records/{key.replace('.', '%2E')}"
        server.http.put(path, json={"key": key}).raise_for_status()
    for reader in LANGUAGES:
        exported = tmp_path / f"for-{reader}"
        greenroom("export", "--run", run["id"], "--to", str(exported))
        seen = json.loads(sdk(reader, "read", exported).partition("SEEN ")[2].partition("\n")[0])
        assert_seen(seen, page, server.items(run))
        # The Python SDK cannot read "..", because it is also the name of a folder.
        readable = UNUSUAL_KEYS[1:] if reader == "python" else UNUSUAL_KEYS
        assert [seen["records"][key] for key in readable] == [{"key": key} for key in readable]


def assert_items(server: LiveServer, dataset: str) -> None:
    assert server.http.get(f"/v2/datasets/{dataset}/items").json() == ITEMS


def assert_records(server: LiveServer, store: str, page: str) -> None:
    keys = server.data("GET", f"key-value-stores/{store}/keys")["items"]
    responses = {
        key["key"]: server.http.get(f"/v2/key-value-stores/{store}/records/{key['key']}").raise_for_status()
        for key in keys
    }
    assert {key: response.headers["content-type"] for key, response in responses.items()} == {
        "OUTPUT": JSON,
        "words": TEXT,
        page: HTML,
        "odd!'().key": "application/octet-stream",
    }
    assert responses["OUTPUT"].json() == {"a": ["ü"]}
    assert responses["words"].content == "häuser".encode()
    assert responses[page].content == "<p>ü</p>".encode()
    assert responses["odd!'().key"].content == BYTES


def assert_queue(server: LiveServer, queue: str) -> None:
    counts = server.data("GET", f"request-queues/{queue}")
    assert [counts[f"{which}RequestCount"] for which in ("total", "handled", "pending")] == [7, 1, 6]
    head = server.data("GET", f"request-queues/{queue}/head")["items"]
    assert [request["url"] for request in head] == [f"http://site/{name}" for name in PENDING]
    requests = {
        request["url"].removeprefix("http://site/"): request
        for request in server.data("GET", f"request-queues/{queue}/requests")["items"]
    }
    assert requests["very-front"]["handledAt"].endswith("Z")
    assert [name for name, request in requests.items() if request.get("handledAt")] == ["very-front"]
    assert requests["front"]["retryCount"] == 2
    assert requests["3"]["userData"] == {"n": 3, "deep": {"list": [3]}}
    form = requests["form"]
    assert (form["method"], form["payload"], form["headers"]["accept"]) == ("POST", "a=ü", "x")
    assert form["uniqueKey"] == "form"


def assert_seen(seen: Json, page: str, items: list[Json]) -> None:
    assert seen["input"] == INPUT
    assert seen["items"] == items
    assert items[-len(ITEMS) :] == ITEMS
    assert seen["records"].pop("INPUT") == INPUT
    assert {key: seen["records"][key] for key in ("OUTPUT", "words", page, "odd!'().key")} == {
        "OUTPUT": {"a": ["ü"]},
        "words": "häuser",
        page: "<p>ü</p>",
        "odd!'().key": {"bytes": b64encode(BYTES).decode()},
    }
    assert (seen["total"], seen["handled"]) == (7, 1)
    assert seen["head"] == [f"http://site/{name}" for name in PENDING]
    # The JavaScript SDK fetches requests in the order of the files on disk, not in the order of the queue's head.
    assert sorted(seen["pending"], key=lambda request: seen["head"].index(request["url"])) == [
        {
            "uniqueKey": name if name == "form" else f"http://site/{name}",
            "url": f"http://site/{name}",
            "method": "POST" if name == "form" else "GET",
            "retryCount": 2 if name == "front" else 0,
            "n": int(name) if name.isdecimal() else None,
            "payload": "a=ü" if name == "form" else None,
        }
        for name in PENDING
    ]
