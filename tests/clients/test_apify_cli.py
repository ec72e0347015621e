"""The unmodified `apify` command line in a session with a real server.

Only environment variables direct it to Greenroom. Its credentials are stored in a temporary home folder: by default, it
stores them in the user's keyring, which may contain a real login.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from testing.live_server import LiveServer
from tests.clients.apify_command import Apify, create_source
from tests.engine import eventually

pytestmark = pytest.mark.docker

Json = dict[str, Any]

NAME = "cli-hello"
ACTOR = f"local/{NAME}"
SECRET = "a value that only the container sees"


@pytest.fixture(scope="module")
def apify(server: LiveServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Apify]:
    """The command after a login, in a folder with the source of an Actor that exists already."""
    root = tmp_path_factory.mktemp("apify")
    apify = Apify(server, root / "home", root / "actor")
    (root / "home").mkdir()
    variables = {"PLAIN": "seen", "SECRET": "@mySecret"}
    create_source(apify.folder, name=NAME, environmentVariables=variables)
    apify("login", "--token", "local")
    apify("secrets", "add", "mySecret", SECRET)
    # The first push of a new Actor fetches templates from the web. A push to an existing Actor does not.
    apify("api", "POST", "acts", "-d", json.dumps({"name": NAME}))
    yield apify
    apify("actors", "rm", ACTOR, "--yes")
    assert "not found" in apify("actors", "info", ACTOR).text
    apify("logout")
    apify("info", code=1)


@pytest.fixture(scope="module")
def pushed(apify: Apify) -> Json:
    """The JSON output of the first push."""
    output: Json = apify("push", "--force", "--json").json
    return output


def test_the_logged_in_user(apify: Apify) -> None:
    assert "username: local" in apify("info").text
    assert apify("api", "users/me").json["data"]["username"] == "local"


def test_push_builds_and_shows_the_result(apify: Apify, pushed: Json, server: LiveServer) -> None:
    assert (pushed["ok"], pushed["operation"], pushed["build"]["status"]) == (True, "push", "SUCCEEDED")
    assert pushed["build"]["number"] == "0.0.1"
    rejected = apify("push", code=1).text
    assert "newer changes than your local copy" in rejected
    (apify.folder / "more.txt").write_text("changed")
    again = apify("push").text
    assert "Build: SUCCEEDED" in again and "Build number: 0.0.2" in again
    assert re.search(r"^\d{4}-\S+Z ACTOR: Build finished\.", again, re.MULTILINE)
    assert server.data("GET", f"actors/local~{NAME}")["taggedBuilds"]["latest"]["buildNumber"] == "0.0.2"


def test_a_failed_build_is_reported_with_its_reason(apify: Apify, pushed: Json, tmp_path: Path) -> None:
    folder = tmp_path / "broken"
    shutil.copytree(apify.folder, folder)
    (folder / "Dockerfile").write_text("FROM apify/actor-python:3.13\nRUN echo no good && exit 7\n")
    output = apify("push", "--force", "--version", "0.9", "--build-tag", "broken", "--json", code=1, folder=folder).json
    assert (output["ok"], output["build"]["status"]) == (False, "FAILED")
    assert any("exit 7" in line or "code: 7" in line for line in output["error"]["logTail"])


def test_a_source_of_more_than_3_mb_is_pushed_as_an_archive(
    apify: Apify, pushed: Json, server: LiveServer, tmp_path: Path
) -> None:
    folder = tmp_path / "large"
    shutil.copytree(apify.folder, folder)
    (folder / "large.bin").write_bytes(os.urandom(3_500_000))
    output = apify("push", "--force", "--version", "0.8", "--build-tag", "large", "--json", folder=folder).json
    assert output["build"]["status"] == "SUCCEEDED"
    version = server.data("GET", f"actors/local~{NAME}/versions/0.8")
    assert version["sourceType"] == "TARBALL"
    assert "sourceFiles" not in version
    assert "/records/version-0.8.zip" in version["tarballUrl"]
    log = server.text(f"logs/{output['build']['id']}")
    assert re.search(r"ACTOR: Unpacked \d+ files", log)


def test_secrets_reach_only_the_container(apify: Apify, pushed: Json, server: LiveServer) -> None:
    assert "mySecret" in apify("secrets", "ls").text
    version = server.data("GET", f"actors/local~{NAME}/versions/0.0")
    variables = {each["name"]: each for each in version["envVars"]}
    assert variables["PLAIN"]["value"] == "seen"
    assert variables["SECRET"]["isSecret"] and variables["SECRET"].get("value") is None
    assert SECRET not in apify("api", f"acts/local~{NAME}/versions/0.0").text


def test_call_shows_the_log_and_exits_with_the_actors_exit_code(apify: Apify, pushed: Json) -> None:
    called = apify("call", "-i", '{"name": "you"}').text
    assert re.search(r"^\d{4}-\S+Z Hello, you!$", called, re.MULTILINE)
    assert "Run: SUCCEEDED" in called
    failed = apify("actors", "call", ACTOR, "-i", '{"exitCode": 3}', "--json", code=3).json
    assert (failed["ok"], failed["run"]["status"], failed["exitCode"]) == (False, "FAILED", 3)
    late = apify("call", "-i", '{"sleepSecs": 60}', "--timeout", "1", "--json", code=2).json
    assert late["run"]["status"] == "TIMED-OUT"
    assert "Cannot find Actor" in apify("call", "local/no-such-actor", code=1).text


def test_an_invalid_input_creates_no_run(apify: Apify, pushed: Json, server: LiveServer) -> None:
    before = server.data("GET", f"actors/local~{NAME}/runs")["total"]
    rejected = apify("call", "-i", '{"sleepSecs": "long"}', code=1).text
    assert "Error: Input is not valid: Field input.sleepSecs must be" in rejected
    assert "Cannot parse JSON input" in apify("call", "-i", '{"sleepSecs":', code=5).text
    assert server.data("GET", f"actors/local~{NAME}/runs")["total"] == before


def test_ctrl_c_aborts_the_run_or_build_that_the_command_waits_for(
    apify: Apify, pushed: Json, server: LiveServer, tmp_path: Path
) -> None:
    code, output = apify.interrupted("call", "-i", '{"sleepSecs": 8}', at="Hello, world!")
    assert (code, "Run: ABORTED" in output) == (3, True), output
    folder = tmp_path / "slow"
    shutil.copytree(apify.folder, folder)
    (folder / "Dockerfile").write_text("FROM apify/actor-python:3.13\nRUN echo begun && sleep 100\n")
    slow = ("push", "--force", "--version", "0.7", "--build-tag", "slow")
    code, output = apify.interrupted(*slow, at="Z begun", folder=folder)
    assert (code, "Build: ABORTED" in output) == (3, True), output
    assert "slow" not in server.data("GET", f"actors/local~{NAME}")["taggedBuilds"]


def test_a_run_from_start_to_deletion(apify: Apify, pushed: Json, server: LiveServer) -> None:
    # The command reads the new run once. It exits with 1 if the run is not RUNNING.
    apify("actors", "start", "-i", '{"sleepSecs": 0}')
    run_id = apify("actors", "start", "-i", '{"sleepSecs": 100}', "--json").json["run"]["id"]
    assert run_id in [run["id"] for run in apify("runs", "ls", "--json").json["items"]]
    assert "Status: Running" in apify("runs", "info", run_id).text
    assert "Triggered" in apify("runs", "abort", run_id, "--force").text
    assert apify("runs", "wait", run_id, "--json", code=3).json["run"]["status"] == "ABORTED"
    assert "resurrected" in apify("runs", "resurrect", run_id).text
    assert eventually(lambda: server.text(f"logs/{run_id}").count("Hello, world!") == 2)
    server.data("POST", f"actor-runs/{run_id}/abort")
    server.wait(f"actor-runs/{run_id}")
    assert apify("runs", "log", run_id).text.count("Hello, world!") == 2
    apify("runs", "rm", run_id, "--yes")
    assert server.http.get(f"/v2/actor-runs/{run_id}").status_code == 404


def test_builds(apify: Apify, pushed: Json) -> None:
    created = apify("builds", "create", "--json").json["build"]
    assert apify("builds", "wait", created["id"], "--json").json["build"]["status"] == "SUCCEEDED"
    assert created["id"] in [build["id"] for build in apify("builds", "ls", "--json").json["items"]]
    assert f"Build Number: {created['number']}" in apify("builds", "info", created["id"]).text
    assert "ACTOR: Build finished." in apify("builds", "log", created["id"]).text
    apify("builds", "add-tag", "-b", created["id"], "-t", "beta")
    assert "Build number: " + created["number"] in apify("call", "--build", "beta").text
    apify("builds", "remove-tag", "-b", created["id"], "-t", "beta", "--yes")
    rejected = apify("builds", "rm", created["id"], "--yes", code=1).text
    assert "is the default build of its Actor" in rejected


def test_tasks_run_with_their_own_input(apify: Apify, pushed: Json) -> None:
    task = {"actId": f"local~{NAME}", "name": "cli-task", "input": {"name": "task"}}
    apify("api", "POST", "actor-tasks", "-d", json.dumps(task))
    assert "Hello, task!" in apify("task", "run", "cli-task").text


def test_actors(apify: Apify, pushed: Json) -> None:
    assert ACTOR in apify("actors", "ls", "--my").text
    assert "Actor is PRIVATE" in apify("actors", "info", ACTOR).text
    schema = json.loads((apify.folder / ".actor" / "input_schema.json").read_text())
    assert apify("actors", "info", ACTOR, "--input").json == schema
    readme = apify("actors", "info", ACTOR, "--readme").stdout
    assert readme.strip() == (apify.folder / "README.md").read_text().strip()


def test_pull_returns_the_pushed_source(apify: Apify, pushed: Json, tmp_path: Path) -> None:
    apify("actors", "pull", ACTOR, "--version", "0.0", "--dir", "pulled", folder=tmp_path)
    for name in ("hello.py", "Dockerfile", ".actor/input_schema.json"):
        assert (tmp_path / "pulled" / name).read_text() == (apify.folder / name).read_text()


def test_datasets(apify: Apify, server: LiveServer) -> None:
    apify("datasets", "create", "cli-data")
    apify("datasets", "push-items", "cli-data", '[{"a": 1}, {"a": 2}]')
    assert apify("datasets", "get-items", "cli-data").json == [{"a": 1}, {"a": 2}]
    assert apify("datasets", "get-items", "cli-data", "--format", "csv").stdout.split() == ["\ufeffa", "1", "2"]
    listed = apify("datasets", "ls").text
    assert "cli-data" in listed and "N/A" not in listed
    assert "2 clean / 2 total" in apify("datasets", "info", "cli-data").text
    apify("datasets", "rename", "cli-data", "cli-data-2")
    apify("datasets", "rm", "cli-data-2", "--yes")
    assert server.http.get("/v2/datasets/~cli-data-2").status_code == 404


def test_key_value_stores(apify: Apify, server: LiveServer) -> None:
    store = "key-value-stores"
    apify(store, "create", "cli-store")
    apify(store, "set-value", "cli-store", "key", '{"a": 1}')
    apify(store, "set-value", "cli-store", "page", "<p>", "--content-type", "text/html")
    assert apify(store, "get-value", "cli-store", "key").json == {"a": 1}
    assert "text/html" in apify(store, "get-value", "cli-store", "page", "--only-content-type").text
    keys = apify(store, "keys", "cli-store").text
    assert "key" in keys and "page" in keys
    apify(store, "delete-value", "cli-store", "page", "--yes")
    assert "cli-store" in apify(store, "ls").text
    assert "1 delete" in apify(store, "info", "cli-store").text
    apify(store, "rename", "cli-store", "cli-store-2")
    apify(store, "rm", "cli-store-2", "--yes")
    assert server.http.get("/v2/key-value-stores/~cli-store-2").status_code == 404
