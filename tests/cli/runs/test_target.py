"""What `greenroom run` starts, with which input, and what it checks before it builds."""

from __future__ import annotations

import base64
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli import server
from cli.main import app
from tests.cli.conftest import Served

STORED = "storage/key_value_stores/default/INPUT.json"


@pytest.fixture
def run(cli: CliRunner, served: Served, folder: Path) -> Any:
    def call(*options: str, source: str | None = None) -> Any:
        return cli.invoke(app, ["run", source or str(folder), "--data-dir", str(served.data_dir), *options])

    return call


def store_input(folder: Path, text: str, name: str = STORED) -> None:
    file = folder / name
    file.parent.mkdir(parents=True)
    file.write_text(text)


def test_the_source_and_the_run_are_checked_before_anything_is_created(run: Any, served: Served, folder: Path) -> None:
    served.stub.input_schema = {"properties": {"a": {}}}
    assert run("-i", '{"a": 1}', "-m", "4g", "--permission", "limited").exit_code == 0
    options = "memory=4096&forcePermissionLevel=LIMITED_PERMISSIONS"
    assert served.stub.requests[:2] == [f"read {folder}", f"check?{options}"]
    assert served.stub.checked == [{"document": {}, "inputSchema": {"properties": {"a": {}}}, "input": {"a": 1}}]
    assert f"run?build=0.3.1&{options}" in served.stub.requests


@pytest.mark.parametrize("kind", ["definition_error", "start_error"])
def test_what_is_invalid_leaves_no_actor_and_no_build(run: Any, served: Served, kind: str) -> None:
    setattr(served.stub, kind, (400, "invalid-input", "Field input.x is required"))
    failed = run()
    assert (failed.exit_code, served.stub.actors, served.stub.builds) == (5, {}, [])
    assert "Field input.x is required" in failed.stderr


def test_an_invalid_source_is_not_pushed(cli: CliRunner, served: Served, folder: Path) -> None:
    served.stub.definition_error = (400, "invalid-input-schema", "The schema is not valid")
    assert cli.invoke(app, ["push", str(folder), "--data-dir", str(served.data_dir)]).exit_code == 5
    assert served.stub.actors == {}


def test_the_path_is_the_current_folder_by_default(
    cli: CliRunner, served: Served, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    for command in ("push", "run"):
        assert cli.invoke(app, [command, "--data-dir", str(served.data_dir)]).exit_code == 0
    assert served.stub.versions["a1", "0.3"]["localFolder"] == str(folder)


@pytest.mark.parametrize("name", [STORED, STORED.replace("storage/", "apify_storage/")])
def test_the_input_in_the_local_storage_is_used_and_named(run: Any, served: Served, folder: Path, name: str) -> None:
    store_input(folder, '{"message": "stored"}', name)
    assert f"Using the input in {name}" in run().stderr
    assert served.stub.bodies["r1"] == b'{"message": "stored"}'
    assert served.stub.checked[0]["input"] == {"message": "stored"}


def test_a_given_input_replaces_the_stored_one(run: Any, served: Served, folder: Path) -> None:
    store_input(folder, '{"message": "stored"}')
    assert "Using the input" not in run("-i", "{}").stderr
    assert served.stub.bodies["r1"] == b"{}"


def test_an_invalid_stored_input_is_named(run: Any, served: Served, folder: Path) -> None:
    store_input(folder, '{"message": }')
    failed = run()
    assert (failed.exit_code, served.stub.requests) == (5, [])
    assert STORED in failed.stderr and "line 1, column 13" in failed.stderr


PREFILLED = {"properties": {"a": {"prefill": 1}, "b": {"prefill": [2]}, "c": {"default": 3}, "d": {"prefill": None}}}


def test_prefilled_values_are_replaced_by_given_fields(run: Any, served: Served, folder: Path) -> None:
    store_input(folder, '{"a": "stored"}')
    served.stub.input_schema = PREFILLED
    assert run("--prefill").exit_code == 0
    assert run("--prefill", "-i", '{"a": 5, "x": 6}').exit_code == 0
    assert json.loads(served.stub.bodies["r1"]) == {"a": 1, "b": [2], "d": None}
    assert json.loads(served.stub.bodies["r2"]) == {"a": 5, "b": [2], "d": None, "x": 6}
    assert [each["input"]["a"] for each in served.stub.checked] == [1, 5]


def test_prefilled_values_need_an_object(run: Any) -> None:
    failed = run("--prefill", "-i", "[1]")
    assert (failed.exit_code, "must be a JSON object" in failed.stderr) == (5, True)


@pytest.mark.parametrize("option", [["--no-build"], ["--build", "latest"], ["--build", "0.3.1"]])
def test_an_existing_build_can_be_run(run: Any, served: Served, option: list[str]) -> None:
    run()
    served.stub.builds[0]["inputSchema"] = json.dumps(PREFILLED)
    assert run(*option, "--prefill").exit_code == 0
    assert len(served.stub.builds) == 1
    assert served.stub.requests.count("run?build=0.3.1") == 2
    assert json.loads(served.stub.bodies["r2"])["a"] == 1


def test_an_existing_build_that_does_not_exist(run: Any, served: Served) -> None:
    absent = run("--no-build")
    assert (absent.exit_code, "The Actor greeter does not exist" in absent.stderr) == (5, True)
    run()
    failed = run("--build", "beta")
    assert failed.exit_code == 5
    assert "no build with the tag or number beta. Its tags are: latest." in failed.stderr
    assert "greenroom push" in failed.stderr
    assert len(served.stub.runs) == 1


def test_variables_of_the_run_are_not_those_of_the_version(run: Any, served: Served) -> None:
    assert run("--env", "A=1=2", "--env", "B=ü").exit_code == 0
    parameters = served.stub.requests[-1 if served.stub.requests[-1].startswith("run?") else -2]
    sent = base64.urlsafe_b64decode(parameters.partition("greenroomEnvVars=")[2].replace("%3D", "="))
    assert json.loads(sent) == [{"name": "A", "value": "1=2"}, {"name": "B", "value": "ü"}]
    assert "envVars" not in served.stub.versions["a1", "0.3"]


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://example.com/ann/my_shop.git", "my-shop"),
        ("https://example.com/ann/shop#main:actors/prices", "prices"),
        ("git@example.com:ann/shop.git#v1", "shop"),
        ("ssh://git@example.com/shop.git", "shop"),
        ("file:///home/ann/shop", "shop"),
    ],
)
def test_the_source_can_be_a_git_repository(run: Any, served: Served, url: str, name: str) -> None:
    assert run(source=url).exit_code == 0
    assert served.stub.requests[0] == f"read {url}"
    assert [actor["name"] for actor in served.stub.actors.values()] == [name]
    version = served.stub.versions["a1", "0.0"]
    assert (version["sourceType"], version["gitRepoUrl"], "localFolder" in version) == ("GIT_REPO", url, False)


def test_the_definition_in_a_repository_names_the_actor(cli: CliRunner, served: Served) -> None:
    variables = {"environmentVariables": {"A": "1"}}
    served.stub.definition = {"name": "shop", "version": "1.2", "buildTag": "beta", "title": "Shop", **variables}
    arguments = ["push", "https://example.com/x.git", "--data-dir", str(served.data_dir)]
    assert cli.invoke(app, arguments).exit_code == 0
    assert served.stub.actors["a1"].items() >= {"name": "shop", "title": "Shop"}.items()
    version = served.stub.versions["a1", "1.2"]
    assert (version["buildTag"], version["envVars"]) == ("beta", [{"name": "A", "value": "1"}])


def test_the_address_of_the_web_server_is_printed_when_it_answers(run: Any, served: Served) -> None:
    """The stub's run waits until its web server has been seen."""
    printed = run("-i", '{"waits": "until the web server is seen"}').stderr
    assert printed.count("The Actor's web server answers at http://key.runs.localhost:9") == 1


def test_a_temporary_server_leaves_a_command_instead_of_urls(
    cli: CliRunner, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "COMMAND", (sys.executable, "-m", "tests.cli.stub"))
    data_dir = tmp_path / "fresh"
    printed = cli.invoke(app, ["run", str(folder), "--data-dir", str(data_dir)]).stdout
    assert f"Results    greenroom storage export --run r1 --data-dir {data_dir}" in printed
    assert "http://" not in printed
