from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from tests.cli.conftest import Served


@pytest.fixture(autouse=True)
def shell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHELL", "/bin/bash")


def test_a_shell_evaluates_the_output(cli: CliRunner, served: Served) -> None:
    printed = cli.invoke(app, ["env", "--data-dir", str(served.data_dir)]).stdout
    script = f'{printed}\nprintf "%s " "$APIFY_CLIENT_BASE_URL" "$APIFY_TOKEN"'
    shown = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True).stdout
    assert shown == f"http://127.0.0.1:{served.port} it's a $token "
    assert printed.endswith(f'\n# To set these variables, run: eval "$(greenroom env --data-dir {served.data_dir})"\n')


def test_as_json(cli: CliRunner, served: Served) -> None:
    variables = json.loads(cli.invoke(app, ["env", "--json", "--data-dir", str(served.data_dir)]).stdout)
    assert variables["APIFY_TOKEN"] == "it's a $token"
    assert variables["APIFY_API_BASE_URL"] == f"http://127.0.0.1:{served.port}"


def test_another_shell(cli: CliRunner, served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GREENROOM_DATA_DIR", str(served.data_dir))
    lines = cli.invoke(app, ["env", "--shell", "fish"]).stdout.splitlines()
    assert "set -gx APIFY_TOKEN 'it\\'s a $token'" in lines
    assert lines[-1] == "# To set these variables, run: greenroom env --shell fish | source"


def test_without_a_server(cli: CliRunner, tmp_path: Path) -> None:
    result = cli.invoke(app, ["env", "--data-dir", str(tmp_path)])
    assert (result.exit_code, result.stdout) == (69, "")
    assert f"`greenroom up --data-dir {tmp_path}`, or run one command" in result.stderr
