"""Both SDKs in runs with limited permissions: which operations succeed, and the errors of the others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from testing.api_client import SAMPLES, Json
from testing.live_server import LiveServer
from testing.source_files import source_files

pytestmark = pytest.mark.docker

PYTHON, JAVASCRIPT = LANGUAGES = ("python", "javascript")
FULL, LIMITED = "FULL_PERMISSIONS", "LIMITED_PERMISSIONS"
REJECTED = [403, "insufficient-permissions"]


def actor_files(language: str) -> list[Json]:
    """Return the files of the Actor in a language. The JavaScript one has the Dockerfile and packages of a sample."""
    own_files = source_files(Path(__file__).parent / "limited_actor")
    if language == PYTHON:
        return [file for file in own_files if file["name"] != "main.js"]
    sample = source_files(SAMPLES / "transitions_js")
    installed = [file for file in sample if not file["name"].startswith(("src/", ".actor/"))]
    main = next(file for file in own_files if file["name"] == "main.js")
    definition = next(file for file in own_files if file["name"] == ".actor/actor.json")
    return [*installed, definition, {**main, "name": "src/main.js"}]


@pytest.mark.parametrize("language", LANGUAGES)
def test_operations_of_a_run_with_limited_permissions(server: LiveServer, language: str) -> None:
    actor = server.actor(f"limited-{language}", actor_files(language))
    given = prepare(server, language)
    for earlier_runs in range(2):
        run = server.finished_run(actor, given, memory=1024)
        assert run["status"] == "SUCCEEDED", server.text(f"logs/{run['id']}")
        assert run["permissionLevel"] == LIMITED
        assert output(server, run) == {
            "cacheBefore": [earlier_runs] * 3,
            "source": [{"of": "the user"}],
            "writeSource": REJECTED,
            "openForeign": REJECTED,
            "listDatasets": REJECTED,
            "user": "local",
            "webhook": None,
            "called": ["Hello, world!"],
            "callFull": REJECTED,
            "abortOther": REJECTED,
        }


@pytest.mark.parametrize("language", LANGUAGES)
def test_operations_of_a_run_with_full_permissions(server: LiveServer, language: str) -> None:
    """If the same Actor runs with full permissions, no operation is rejected."""
    actor = server.actor(f"full-{language}", actor_files(language))
    run = server.finished_run(actor, prepare(server, f"full-{language}"), memory=1024, forcePermissionLevel=FULL)
    assert run["status"] == "SUCCEEDED", server.text(f"logs/{run['id']}")
    results = output(server, run)
    restricted = ("writeSource", "openForeign", "listDatasets", "abortOther", "callFull")
    assert [results[name] for name in restricted] == [None] * len(restricted)


def prepare(server: LiveServer, name: str) -> Json:
    """Create what the run uses or must not use, and return the run's input."""
    hello = server.sample("hello")
    full = server.actor(f"hello-full-{name}", source_files(SAMPLES / "hello"))
    server.data("PUT", f"actors/{full}", json={"actorPermissionLevel": FULL})
    source = server.data("POST", "datasets", params={"name": f"source-{name}"})
    server.http.post(f"/v2/datasets/{source['id']}/items", json={"of": "the user"}).raise_for_status()
    server.data("POST", "datasets", params={"name": f"foreign-{name}"})
    return {
        "name": f"cache-{name}",
        "source": f"source-{name}",
        "foreign": f"foreign-{name}",
        "limited": hello,
        "full": full,
        "otherRun": server.finished_run(hello)["id"],
    }


def output(server: LiveServer, run: Json) -> Any:
    store = run["defaultKeyValueStoreId"]
    return server.http.get(f"/v2/key-value-stores/{store}/records/OUTPUT").raise_for_status().json()
