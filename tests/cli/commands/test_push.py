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


def test_push_creates_an_actor_whose_version_refers_to_the_folder(push: Any, served: Served, folder: Path) -> None:
    pushed = push()
    assert (pushed.exit_code, pushed.stdout) == (0, "SUCCEEDED  build 0.3.1 of somebody/greeter, 300 MB\n")
    assert "Step 1/1" in pushed.stderr
    version = served.stub.versions["a1", "0.3"]
    assert version["localFolder"] == str(folder)
    assert version["sourceFiles"] == []
    assert not served.stub.runs


def test_a_second_push_updates_the_version(push: Any, served: Served, folder: Path) -> None:
    push()
    (folder / ".actor/actor.json").write_text('{"name": "greeter", "version": "0.3", "buildTag": "beta",} // updated')
    assert push().exit_code == 0
    assert served.stub.versions["a1", "0.3"]["buildTag"] == "beta"
    assert len(served.stub.actors) == 1


def test_a_new_actor_has_its_title_and_description(push: Any, served: Served, folder: Path) -> None:
    display = {"title": "Greeter", "description": "Greets"}
    (folder / ".actor/actor.json").write_text(json.dumps({"name": "greeter", **display}))
    assert push().exit_code == 0
    assert served.stub.actors["a1"].items() >= display.items()


def test_a_dev_folder_is_registered_until_a_push_without_it(push: Any, served: Served, folder: Path) -> None:
    assert json.loads(push("--dev", "--json").stdout)["devFolder"] == served.stub.dev_folder == str(folder)
    plain = push()
    assert plain.exit_code == 0 and f"no longer mount {folder}" in plain.stderr
    assert served.stub.dev_folder is None
    for options in (["--as", "apify/web-scraper"], ["https://github.com/a/b"]):
        assert push("--dev", *options).exit_code == 64


def test_json_is_one_object_on_stdout(push: Any) -> None:
    printed = json.loads(push("--json").stdout)
    assert (printed["actor"]["name"], printed["build"]["buildNumber"]) == ("greeter", "0.3.1")


@pytest.mark.parametrize(("status", "code"), [("FAILED", 65), ("TIMED-OUT", 2), ("ABORTED", 3)])
def test_exit_codes_are_those_of_a_run(push: Any, served: Served, status: str, code: int) -> None:
    served.stub.build_status = status
    failed = push()
    assert (failed.exit_code, failed.stdout) == (code, "")
    assert f"Build 0.3.1 finished with status {status}" in failed.stderr


def test_an_invalid_definition_is_invalid_input(push: Any, folder: Path, served: Served) -> None:
    (folder / ".actor/actor.json").write_text("{")
    assert push().exit_code == 5
    assert not served.stub.actors


def test_secrets_of_the_apify_command_are_skipped_with_a_warning(push: Any, folder: Path, served: Served) -> None:
    variables = {"A": "1", "B": "@secret"}
    (folder / ".actor/actor.json").write_text(json.dumps({"environmentVariables": variables}))
    warnings = push().stderr
    assert "'B'" in warnings and "apify push" in warnings
    assert served.stub.versions["a1", "0.0"]["envVars"] == [{"name": "A", "value": "1"}]


def test_secrets_that_the_apify_command_has_set_are_preserved(push: Any, folder: Path, served: Served) -> None:
    variables = {"A": "1", "B": "@one", "C": "@two", "D": "@three"}
    (folder / ".actor/actor.json").write_text(json.dumps({"environmentVariables": variables}))
    push()
    stored = [{"name": "B", "isSecret": True}, {"name": "C", "value": "c", "isSecret": False}]
    served.stub.versions["a1", "0.0"]["envVars"] = stored
    warnings = push().stderr
    assert "'B'" not in warnings and "'C'" in warnings and "'D'" in warnings
    assert served.stub.versions["a1", "0.0"]["envVars"] == [
        {"name": "A", "value": "1"},
        {"name": "B", "isSecret": True},
    ]


def test_a_rejected_version_leaves_no_actor_behind(push: Any, served: Served) -> None:
    served.stub.rejects_versions = True
    rejected = push()
    assert (rejected.exit_code, served.stub.actors) == (5, {})
    assert "must be MAJOR.MINOR" in rejected.stderr


def test_an_invalid_name_and_a_version_with_a_patch_are_replaced_with_remarks(
    push: Any, folder: Path, served: Served
) -> None:
    (folder / ".actor/actor.json").write_text('{"name": "My Shop (EU)", "version": "1.2.3"}')
    pushed = push()
    assert pushed.exit_code == 0
    assert served.stub.actors["a1"]["name"] == "my-shop-eu"
    assert ("a1", "1.2") in served.stub.versions
    assert "the name 'My Shop (EU)' must have 3 to 63 letters" in pushed.stderr
    assert "the version '1.2.3' must be MAJOR.MINOR on the platform. Using '1.2' instead." in pushed.stderr


def test_a_folder_becomes_the_stand_in_for_another_users_actor(push: Any, served: Served, folder: Path) -> None:
    (folder / ".actor/actor.json").write_text('{"name": "My Shop (EU)", "version": "0.3", "buildTag": "beta"}')
    pushed = push("--as", "apify/web-scraper")
    assert (pushed.exit_code, pushed.stdout) == (0, "SUCCEEDED  build 0.3.1 of apify/web-scraper, 300 MB\n")
    assert "My Shop" not in pushed.stderr
    assert served.stub.stand_in_users == {"apify"}
    assert served.stub.actors["a1"].items() >= {"username": "apify", "name": "web-scraper", "isPublic": True}.items()
    assert served.stub.versions["a1", "0.3"].items() >= {"buildTag": "latest", "localFolder": str(folder)}.items()


def test_a_stand_in_whose_build_fails_stays_private(push: Any, served: Served) -> None:
    served.stub.build_status = "FAILED"
    assert push("--as", "apify/web-scraper").exit_code == 65
    assert not served.stub.actors["a1"]["isPublic"]


@pytest.mark.parametrize("name", ["web-scraper", "me/web-scraper", "apify/", "apify/a b", "a b/actor", ""])
def test_an_invalid_name_of_a_stand_in_is_wrong_usage(push: Any, served: Served, name: str) -> None:
    assert push("--as", name).exit_code == 64
    assert not served.stub.actors
