"""The SDKs of both languages in runs with limited permissions: what these may do, and what they hear of the rest."""

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
REFUSED = [403, "insufficient-permissions"]
REFUSED_TO_START = [403, "insufficient-permissions"]
"""Starting a run has error types of its own."""


def actor_files(language: str) -> list[Json]:
    """One Actor in two languages; the JavaScript one is installed as its sample is."""
    ours = source_files(Path(__file__).parent / "limited_actor")
    if language == PYTHON:
        return [file for file in ours if file["name"] != "main.js"]
    sample = source_files(SAMPLES / "transitions_js")
    installed = [file for file in sample if not file["name"].startswith(("src/", ".actor/"))]
    main = next(file for file in ours if file["name"] == "main.js")
    definition = next(file for file in ours if file["name"] == ".actor/actor.json")
    return [*installed, definition, {**main, "name": "src/main.js"}]


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_a_limited_run_may_do(server: LiveServer, language: str) -> None:
    actor = server.actor(f"limited-{language}", actor_files(language))
    given = world(server, language)
    for earlier_runs in range(2):
        run = server.finished_run(actor, given, memory=1024)
        assert run["status"] == "SUCCEEDED", server.text(f"logs/{run['id']}")
        assert run["permissionLevel"] == LIMITED
        assert output(server, run) == {
            "cacheBefore": [earlier_runs] * 3,
            "source": [{"of": "the user"}],
            "writeSource": REFUSED,
            "openForeign": REFUSED,
            "listDatasets": REFUSED,
            "user": "local",
            "webhook": None,
            "called": ["Hello, world!"],
            "callFull": REFUSED_TO_START,
            "abortOther": REFUSED,
        }


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_a_full_run_may_do(server: LiveServer, language: str) -> None:
    """The same Actor, forced to full permissions, is refused nothing."""
    actor = server.actor(f"full-{language}", actor_files(language))
    run = server.finished_run(actor, world(server, f"full-{language}"), memory=1024, forcePermissionLevel=FULL)
    assert run["status"] == "SUCCEEDED", server.text(f"logs/{run['id']}")
    told = output(server, run)
    refused = ("writeSource", "openForeign", "listDatasets", "abortOther", "callFull")
    assert [told[name] for name in refused] == [None] * len(refused)


def world(server: LiveServer, name: str) -> Json:
    """What is there for a run to use or to be kept from; its input."""
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
