"""How commands use the configuration file of a project."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from typer.testing import CliRunner

from cli import server
from cli.errors import CommandError
from cli.main import app
from tests.cli.conftest import Served


@pytest.fixture
def run(cli: CliRunner, served: Served, folder: Path) -> Any:
    return lambda *options: cli.invoke(app, ["run", str(folder), "--data-dir", str(served.data_dir), *options])


def started(served: Served) -> dict[str, list[str]]:
    """The parameters of the last start of a run."""
    starts = [request for request in served.stub.requests if request.startswith("run?")]
    return parse_qs(starts[-1].removeprefix("run?"))


def test_run_uses_the_settings_of_the_actors_folder(run: Any, served: Served, folder: Path) -> None:
    (folder / "greenroom.toml").write_text(
        '[run]\nmemory = "1g"\ntimeout = 60\npermission = "limited"\n[run.input]\noutput = "from the file"\n'
    )
    assert run().exit_code == 0
    params = started(served)
    assert (params["memory"], params["timeout"]) == (["1024"], ["60"])
    assert params["forcePermissionLevel"] == ["LIMITED_PERMISSIONS"]
    assert list(served.stub.inputs.values()) == [{"output": "from the file"}]


def test_options_and_variables_take_precedence(
    run: Any, served: Served, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "greenroom.toml").write_text('[run]\nmemory = "1g"\ntimeout = 60\nbuild = "beta"\ninput = "{}"\n')
    monkeypatch.setenv("GREENROOM_RUN_TIMEOUT", "70")
    assert run("-m", "512", "--no-build", "-i", '{"a": 1}').exit_code == 5, "there is no build yet"
    (folder / "greenroom.toml").write_text('[run]\nmemory = "1g"\ntimeout = 60\ninput = "{}"\n')
    assert run("-m", "512", "-i", '{"a": 1}').exit_code == 0
    params = started(served)
    assert (params["memory"], params["timeout"]) == (["512"], ["70"])
    assert list(served.stub.inputs.values()) == [{"a": 1}]


def test_an_error_in_an_input_names_its_place(run: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "greenroom.toml").write_text("[run]\ninput = '{'\n")
    assert "The input given with greenroom.toml is not valid JSON" in " ".join(run().stderr.split())
    monkeypatch.setenv("GREENROOM_RUN_INPUT", "[")
    assert "The input given with GREENROOM_RUN_INPUT is not valid JSON" in " ".join(run().stderr.split())


@pytest.mark.parametrize("command", ["run", "push"])
def test_an_invalid_file_starts_nothing(
    cli: CliRunner, served: Served, folder: Path, tmp_path: Path, command: str
) -> None:
    (folder / "greenroom.toml").write_text('[server]\nplan = "gold"\n')
    for data_dir in (served.data_dir, tmp_path / "new"):
        result = cli.invoke(app, [command, str(folder), "--data-dir", str(data_dir), "--json"])
        assert (result.exit_code, json.loads(result.stdout)["error"]["code"]) == (64, "invalid-configuration")
    assert served.stub.requests == [] and not (tmp_path / "new").exists()


def test_a_running_server_with_other_settings_is_named(run: Any, served: Served, folder: Path) -> None:
    (folder / "greenroom.toml").write_text('[server]\nplan = "free"\n')
    served.stub.settings = {"server.plan": "scale"}
    result = run()
    assert result.exit_code == 0
    warning = "server.plan is free here, but the running server was started with scale."
    assert warning in " ".join(result.stderr.split())


def test_a_server_for_one_call_gets_the_settings_of_the_actors_folder(
    cli: CliRunner, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    received: list[Mapping[str, str]] = []

    def launch(_data_dir: Path, variables: Mapping[str, str]) -> Any:
        received.append(variables)
        raise CommandError("stop here")

    monkeypatch.setattr(server, "_launch", launch)
    (folder / "greenroom.toml").write_text('[server]\nplan = "free"\nport = 4000\n[run]\nmemory = 512\n')
    cli.invoke(app, ["run", str(folder), "--data-dir", str(tmp_path / "data")])
    settings = {"GREENROOM_PLAN": "free", "GREENROOM_PORT": "4000", "GREENROOM_PREPARED_NETWORKS": "0"}
    assert received == [{**settings, "GREENROOM_CONFIG": "none"}]


def test_up_reads_the_file_of_the_current_folder(
    cli: CliRunner, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cli.commands import up

    settings: list[Any] = []
    monkeypatch.setattr(up, "run_server", settings.append)
    monkeypatch.chdir(folder)
    (folder / "greenroom.toml").write_text('[server]\nplan = "free"\nport = 4000\n')
    assert cli.invoke(app, ["up", "--data-dir", str(tmp_path), "--user", "ann:t0p", "--port", "5000"]).exit_code == 0
    assert (settings[0].port, settings[0].plan.id, settings[0].users) == (5000, "FREE", {"t0p": "ann"})
    assert settings[0].configured == {
        "server.data_dir": str(tmp_path),
        "server.port": 5000,
        "server.plan": "free",
        "server.users": ["ann:***"],
    }
