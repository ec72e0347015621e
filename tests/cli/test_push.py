from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.main import app
from tests.cli.conftest import Served


@pytest.fixture
def push(cli: CliRunner, served: Served, folder: Path) -> Any:
    def call(*options: str) -> Any:
        return cli.invoke(app, ["push", str(folder), "--data-dir", str(served.data_dir), *options])

    return call


def test_the_folder_becomes_an_actor_that_refers_to_it(push: Any, served: Served, folder: Path) -> None:
    pushed = push()
    assert (pushed.exit_code, pushed.stdout) == (0, "SUCCEEDED  build 0.3.1 of somebody/greeter, 300 MB\n")
    assert "Step 1/1" in pushed.stderr
    version = served.stub.versions["a1", "0.3"]
    assert version["localFolder"] == str(folder)
    assert version["sourceFiles"] == []
    assert not served.stub.runs


def test_a_second_push_renews_the_version(push: Any, served: Served, folder: Path) -> None:
    push()
    (folder / ".actor/actor.json").write_text('{"name": "greeter", "version": "0.3", "buildTag": "beta",} // renewed')
    assert push().exit_code == 0
    assert served.stub.versions["a1", "0.3"]["buildTag"] == "beta"
    assert len(served.stub.actors) == 1


def test_a_new_actor_has_its_title_and_description(push: Any, served: Served, folder: Path) -> None:
    said = {"title": "Greeter", "description": "Greets"}
    (folder / ".actor/actor.json").write_text(json.dumps({"name": "greeter", **said}))
    assert push().exit_code == 0
    assert served.stub.actors["a1"].items() >= said.items()


def test_json_is_one_object_on_stdout(push: Any) -> None:
    told = json.loads(push("--json").stdout)
    assert (told["actor"]["name"], told["build"]["buildNumber"]) == ("greeter", "0.3.1")


@pytest.mark.parametrize(("status", "code"), [("FAILED", 1), ("TIMED-OUT", 2), ("ABORTED", 3)])
def test_exit_codes_are_those_of_a_run(push: Any, served: Served, status: str, code: int) -> None:
    served.stub.build_status = status
    failed = push()
    assert (failed.exit_code, failed.stdout) == (code, "")
    assert f"Build 0.3.1 ended {status}" in failed.stderr


def test_a_definition_that_cannot_be_read_is_invalid_input(push: Any, folder: Path, served: Served) -> None:
    (folder / ".actor/actor.json").write_text("{")
    assert push().exit_code == 5
    assert not served.stub.actors


def test_secrets_of_the_apify_command_are_left_out_with_a_word(push: Any, folder: Path, served: Served) -> None:
    variables = {"A": "1", "B": "@secret"}
    (folder / ".actor/actor.json").write_text(json.dumps({"environmentVariables": variables}))
    said = push().stderr
    assert "'B'" in said and "apify push" in said
    assert served.stub.versions["a1", "0.0"]["envVars"] == [{"name": "A", "value": "1"}]


def test_secrets_that_the_apify_command_has_sent_are_kept(push: Any, folder: Path, served: Served) -> None:
    variables = {"A": "1", "B": "@one", "C": "@two", "D": "@three"}
    (folder / ".actor/actor.json").write_text(json.dumps({"environmentVariables": variables}))
    push()
    had = [{"name": "B", "isSecret": True}, {"name": "C", "value": "c", "isSecret": False}]
    served.stub.versions["a1", "0.0"]["envVars"] = had
    said = push().stderr
    assert "'B'" not in said and "'C'" in said and "'D'" in said
    assert served.stub.versions["a1", "0.0"]["envVars"] == [
        {"name": "A", "value": "1"},
        {"name": "B", "isSecret": True},
    ]
