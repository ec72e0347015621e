from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.main import app
from runtime.base.setting_table import SETTINGS


@pytest.fixture
def show(cli: CliRunner, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.delenv("GREENROOM_CONFIG", raising=False)
    (folder / "greenroom.toml").write_text('[server]\nplan = "free"\n\n[run.env]\nAPI_TOKEN = "s3cret"\nLEVEL = "1"\n')
    return lambda *options: cli.invoke(app, ["config", "show", str(folder), *options])


def test_every_setting_is_shown_with_its_origin(show: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GREENROOM_PROXY_UPSTREAM", "http://ann:s3cret@proxy:1")
    shown = show("--origin")
    lines = dict(line.split(" = ", 1) for line in shown.stdout.splitlines())
    assert [key.strip() for key in lines] == [setting.key for setting in SETTINGS]
    by_key = {key.strip(): text for key, text in lines.items()}
    assert by_key["server.plan"] == f"free  # {folder}/greenroom.toml:2"
    assert by_key["server.port"] == "3333  # default"
    assert by_key["run.env"] == f'{{"API_TOKEN": "***", "LEVEL": "1"}}  # {folder}/greenroom.toml:4'
    assert by_key["proxy.upstream"] == "*=http://***@proxy:1  # GREENROOM_PROXY_UPSTREAM"
    assert f"Configuration file: {folder}/greenroom.toml" in shown.stderr
    assert "#" not in show().stdout
    assert "s3cret" not in shown.output


def test_as_json(show: Any, folder: Path) -> None:
    shown = json.loads(show("--json").stdout)
    assert shown["file"] == f"{folder}/greenroom.toml"
    assert shown["settings"]["server.plan"] == {
        "value": "free",
        "origin": f"{folder}/greenroom.toml:2",
        "variable": "GREENROOM_PLAN",
    }
    assert shown["settings"]["run.memory"]["value"] is None
    assert shown["settings"].keys() == {setting.key for setting in SETTINGS}


def test_an_invalid_file_is_an_error_with_a_code(show: Any, folder: Path) -> None:
    (folder / "greenroom.toml").write_text("[server]\nplam = 1\n")
    failed = show("--json")
    error = json.loads(failed.stdout)["error"]
    assert (failed.exit_code, error["code"], error["advice"]) == (
        64,
        "invalid-configuration",
        "Did you mean server.plan?",
    )
