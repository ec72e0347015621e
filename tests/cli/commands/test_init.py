from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.main import app
from cli.project.scaffold import TEMPLATES
from runtime.base.configuration import resolve
from runtime.base.setting_table import SETTINGS


@pytest.fixture
def init(cli: CliRunner, folder: Path) -> Any:
    return lambda *options: cli.invoke(app, ["init", str(folder), *options])


def written(folder: Path) -> set[str]:
    hidden = (".actor", ".git/")
    names = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    return {name for name in names if not name.startswith(hidden)} - {"main.py", "Dockerfile", "package.json"}


def test_a_python_actor_gets_a_file_a_test_and_a_workflow(init: Any, folder: Path) -> None:
    (folder / "Dockerfile").write_text("FROM apify/actor-python:3.13\n")
    result = init()
    assert result.exit_code == 0
    assert result.stdout.split("\n") == [
        "Wrote greenroom.toml",
        "Wrote tests/test_actor.py",
        "Wrote .github/workflows/greenroom.yml",
        "",
    ]
    assert "python -m pytest tests/test_actor.py" in result.stderr
    compile((folder / "tests" / "test_actor.py").read_text(), "test", "exec")
    workflow = (folder / ".github" / "workflows" / "greenroom.yml").read_text()
    assert "- run: python -m pytest tests/test_actor.py" in workflow and "setup-node" not in workflow
    assert "<" not in workflow and "<" not in (folder / "greenroom.toml").read_text()


def test_a_javascript_actor_gets_a_test_for_node(init: Any, folder: Path) -> None:
    (folder / "Dockerfile").write_text("FROM --platform=linux/amd64 apify/actor-node-playwright:20 AS base\n")
    printed = json.loads(init("--json").stdout)
    assert [Path(file).name for file in printed["files"]] == ["greenroom.toml", "actor.test.mjs", "greenroom.yml"]
    workflow = (folder / ".github" / "workflows" / "greenroom.yml").read_text()
    assert "- run: node --test test/actor.test.mjs" in workflow and "setup-node" in workflow


def test_existing_files_are_never_replaced_unasked(init: Any, folder: Path) -> None:
    (folder / "greenroom.toml").write_text("# mine\n")
    result = init()
    assert result.exit_code == 5 and "--force" in result.stderr
    assert written(folder) == {"greenroom.toml"} and (folder / "greenroom.toml").read_text() == "# mine\n"
    assert init("--force").exit_code == 0
    assert "[run]" in (folder / "greenroom.toml").read_text()


def test_a_folder_without_an_actor_is_rejected(cli: CliRunner, tmp_path: Path) -> None:
    result = cli.invoke(app, ["init", str(tmp_path)])
    assert result.exit_code == 5
    assert ".actor/actor.json" in result.stderr and "apify init" in result.stderr
    assert not written(tmp_path)


def test_an_invalid_configuration_is_reported_before_anything_is_written(init: Any, folder: Path) -> None:
    (folder / "pyproject.toml").write_text("[tool.greenroom.run]\nmemmory = 1\n")
    assert "Did you mean run.memory?" in init().stderr
    assert written(folder) == {"pyproject.toml"}


def test_a_pyproject_with_settings_is_used_instead_of_a_new_file(init: Any, folder: Path) -> None:
    (folder / "pyproject.toml").write_text("[tool.greenroom.run]\nmemory = 512\n")
    assert init().exit_code == 0
    assert not (folder / "greenroom.toml").exists()


def test_the_workflow_is_at_the_root_of_the_repository(init: Any, folder: Path) -> None:
    (folder.parent / ".git").mkdir()
    assert init().exit_code == 0
    workflow = (folder.parent / ".github" / "workflows" / "greenroom-greeter.yml").read_text()
    assert 'working-directory: "my_actor"' in workflow


def test_a_link_does_not_lead_out_of_the_project(init: Any, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (folder / "tests").symlink_to(tmp_path / "elsewhere")
    assert "outside of" in init().stderr
    assert not written(folder) and not written(tmp_path / "elsewhere")


def test_required_fields_without_a_value_are_named(init: Any, folder: Path) -> None:
    properties = {"url": {"type": "string"}, "a b": {"type": "array"}, "n": {"type": "integer", "prefill": 1}}
    schema = {"required": ["url", "a b", "n"], "properties": properties}
    (folder / ".actor" / "actor.json").write_text(
        json.dumps({"name": "greeter", "input": schema, "storages": {"dataset": {}}})
    )
    assert "requires url, a b. Set it in [run.input]" in " ".join(init().stderr.split())
    text = (folder / "greenroom.toml").read_text()
    assert '# url = ""\n# "a b" = []\n' in text
    assert resolve(folder, environment={})["run.prefill"] is True
    assert "MIN_ITEMS = 1" in (folder / "tests" / "test_actor.py").read_text()


def test_a_schema_of_wrong_types_is_left_to_the_build(init: Any, folder: Path) -> None:
    (folder / "Dockerfile").write_text("FROM apify/actor-python:3.13\n")
    (folder / ".actor/input_schema.json").write_text('{"properties": ["url"], "required": {"url": 1}}')
    definition = json.loads((folder / ".actor/actor.json").read_text())
    (folder / ".actor/actor.json").write_text(json.dumps({**definition, "storages": 1}))
    assert init().exit_code == 0


def test_the_written_file_names_every_setting_of_a_file_and_its_examples_are_valid(tmp_path: Path) -> None:
    text = (TEMPLATES / "greenroom.toml.template").read_text()
    settings = "\n".join(line.removeprefix("# ") for line in text.splitlines() if " = " in line or "[" in line[:3])
    settings = settings.replace("The input of the run.", "# ").replace("<INPUT>", "")
    lines = [line for line in settings.splitlines() if line[0].islower() or line.startswith("[")]
    document = tomllib.loads("\n".join([*lines, "[run.input]"]))
    (tmp_path / "greenroom.toml").write_text("\n".join([*lines, "[run.input]"]))
    assert resolve(tmp_path, environment={}).file
    named = {f"{table}.{name}" for table, content in document.items() for name in content}
    assert named | {"run.prefill"} == {setting.key for setting in SETTINGS if not setting.rejected}
