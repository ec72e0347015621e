from __future__ import annotations

from pathlib import Path

import pytest

from cli import source
from cli.errors import INVALID_INPUT, Problem


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_name_version_and_tag_come_from_the_definition(tmp_path: Path) -> None:
    write(tmp_path, {".actor/actor.json": '{"name": "shop", "version": "1.2", "buildTag": "beta"}'})
    read = source.read(tmp_path)
    assert (read.name, read.version, read.build_tag, read.env_vars) == ("shop", "1.2", "beta", None)


@pytest.mark.parametrize(
    ("folder", "name"),
    [("my_actor", "my-actor"), ("__a b.c__", "a-b-c"), ("x", "actor-x"), ("é", "actor"), ("a" * 80, "a" * 63)],
)
def test_a_folder_without_definition_gives_its_own_name_made_dns_safe(tmp_path: Path, folder: str, name: str) -> None:
    write(tmp_path / folder, {"Dockerfile": ""})
    read = source.read(tmp_path / folder)
    assert (read.name, read.version, read.build_tag) == (name, "0.0", "latest")


def test_a_folder_without_an_actor_is_refused_before_anything_is_made_of_it(tmp_path: Path) -> None:
    write(tmp_path, {"main.py": "", "deeper/Dockerfile": ""})
    with pytest.raises(Problem, match="There is no Actor in") as refused:
        source.read(tmp_path)
    assert refused.value.exit_code == INVALID_INPUT
    assert source.read(write(tmp_path, {"main.js": ""})).version == "0.0"


@pytest.mark.parametrize(
    ("definition", "why"),
    [("{", "line 1, column"), ("[]", "JSON object"), ('{"version": 0.1}', "'version' must be text, not 0.1")],
)
def test_a_definition_that_cannot_be_read_is_refused(tmp_path: Path, definition: str, why: str) -> None:
    write(tmp_path, {".actor/actor.json": definition})
    with pytest.raises(Problem, match=why) as refused:
        source.read(tmp_path)
    assert refused.value.exit_code == INVALID_INPUT


def test_variables_of_the_definition_are_kept_but_not_secrets_of_the_apify_command(tmp_path: Path) -> None:
    write(tmp_path, {".actor/actor.json": '{"environmentVariables": {"A": "1", "B": "@secret"}}'})
    read = source.read(tmp_path)
    assert read.env_vars == [{"name": "A", "value": "1"}]
    assert read.secrets == ["B"]


def test_a_definition_may_have_comments(tmp_path: Path) -> None:
    write(tmp_path, {".actor/actor.json": '{"name": "shop", /* the first */ "version": "0.1",} // end'})
    assert source.read(tmp_path).version == "0.1"
