from __future__ import annotations

from pathlib import Path

import pytest

from cli.actor_folder import read_actor_folder
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
