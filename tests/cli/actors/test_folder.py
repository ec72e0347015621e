from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cli.actors.folder import read_actor_folder
from cli.errors import INVALID_INPUT, CommandError


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_name_version_and_tag_come_from_the_definition(tmp_path: Path) -> None:
    write(tmp_path, {".actor/actor.json": '{"name": "shop", "version": "1.2", "buildTag": "beta"}'})
    folder = read_actor_folder(tmp_path)
    assert (folder.name, folder.version, folder.build_tag, folder.env_vars) == ("shop", "1.2", "beta", None)


@pytest.mark.parametrize(
    ("definition", "name", "version", "remarks"),
    [
        ({"name": "my-Shop", "version": "1.2"}, "my-Shop", "1.2", 0),
        ({"name": "My Shop", "version": "1.2"}, "my-shop", "1.2", 1),
        ({"name": "my_shop!", "version": "0.0.1"}, "my-shop", "0.0", 2),
        ({"name": "é", "version": "10.20.30"}, "actor", "10.20", 2),
        ({"name": "x" * 80}, "x" * 63, "0.0", 1),
        ({"name": "-a-b-"}, "a-b", "0.0", 1),
        ({"version": "1.2.3-beta"}, "folder", "1.2.3-beta", 0),
        ({"name": "", "version": ""}, "folder", "0.0", 0),
    ],
)
def test_a_name_and_version_that_the_platform_does_not_accept_are_replaced(
    tmp_path: Path, definition: dict[str, str], name: str, version: str, remarks: int
) -> None:
    folder = read_actor_folder(write(tmp_path / "folder", {".actor/actor.json": json.dumps(definition)}))
    assert (folder.name, folder.version, len(folder.remarks)) == (name, version, remarks)


@pytest.mark.parametrize(
    "legacy",
    [
        {"name": "old-shop", "version": "1.2", "buildTag": "beta", "env": {"A": "1", "B": "@b"}, "template": "x"},
        {
            "name": "old-shop",
            "version": {
                "versionNumber": "1.2",
                "buildTag": "beta",
                "envVars": [1, {"name": "C"}, {"name": "A", "value": "1"}, {"name": "B", "value": "@b"}],
            },
        },
    ],
)
def test_an_apify_json_defines_the_actor_if_there_is_no_actor_json(tmp_path: Path, legacy: dict[str, Any]) -> None:
    write(tmp_path, {"apify.json": json.dumps(legacy), "INPUT_SCHEMA.json": "{}"})
    folder = read_actor_folder(tmp_path)
    assert (folder.name, folder.version, folder.build_tag) == ("old-shop", "1.2", "beta")
    assert (folder.env_vars, folder.secrets) == ([{"name": "A", "value": "1"}], ["B"])
    write(tmp_path, {".actor/actor.json": '{"name": "new-shop", "version": "2.0"}'})
    assert read_actor_folder(tmp_path).name == "new-shop"


@pytest.mark.parametrize("legacy", ['{"version": {"versionNumber": 1}}', '{"version": 1}', '{"name": []}', "[]", "{"])
def test_an_invalid_apify_json_is_rejected(tmp_path: Path, legacy: str) -> None:
    with pytest.raises(CommandError, match=r"apify\.json") as raised:
        read_actor_folder(write(tmp_path, {"apify.json": legacy}))
    assert raised.value.exit_code == INVALID_INPUT


@pytest.mark.parametrize(
    ("folder_name", "name"),
    [("my_actor", "my-actor"), ("__a b.c__", "a-b-c"), ("x", "actor-x"), ("é", "actor"), ("a" * 80, "a" * 63)],
)
def test_without_a_definition_the_actor_is_named_after_the_folder(tmp_path: Path, folder_name: str, name: str) -> None:
    write(tmp_path / folder_name, {"Dockerfile": ""})
    folder = read_actor_folder(tmp_path / folder_name)
    assert (folder.name, folder.version, folder.build_tag) == (name, "0.0", "latest")


def test_a_folder_without_an_actor_is_rejected(tmp_path: Path) -> None:
    write(tmp_path, {"main.py": "", "deeper/Dockerfile": ""})
    with pytest.raises(CommandError, match="contains no Actor") as raised:
        read_actor_folder(tmp_path)
    assert raised.value.exit_code == INVALID_INPUT
    assert read_actor_folder(write(tmp_path, {"main.js": ""})).version == "0.0"


@pytest.mark.parametrize(
    ("definition", "reason"),
    [("{", "line 1, column"), ("[]", "JSON object"), ('{"version": 0.1}', "'version' must be a string, not 0.1")],
)
def test_an_invalid_definition_is_rejected(tmp_path: Path, definition: str, reason: str) -> None:
    write(tmp_path, {".actor/actor.json": definition})
    with pytest.raises(CommandError, match=reason) as raised:
        read_actor_folder(tmp_path)
    assert raised.value.exit_code == INVALID_INPUT


def test_secrets_of_the_apify_command_are_separate_from_other_variables(tmp_path: Path) -> None:
    write(tmp_path, {".actor/actor.json": '{"environmentVariables": {"A": "1", "B": "@secret"}}'})
    folder = read_actor_folder(tmp_path)
    assert folder.env_vars == [{"name": "A", "value": "1"}]
    assert folder.secrets == ["B"]


def test_a_definition_may_have_comments(tmp_path: Path) -> None:
    write(tmp_path, {".actor/actor.json": '{"name": "shop", /* the first */ "version": "0.1",} // end'})
    assert read_actor_folder(tmp_path).version == "0.1"
