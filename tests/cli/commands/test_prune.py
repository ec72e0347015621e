from __future__ import annotations

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.main import app
from tests.cli.conftest import Served

BUILD = {
    "id": "b1",
    "actorName": "greeter",
    "buildNumber": "0.3.1",
    "finishedAt": "2026-01-02T03:04:05.678Z",
    "imageSizeBytes": 300 * 1024 * 1024,
}


@pytest.fixture
def prune(cli: CliRunner, served: Served) -> Any:
    def call(*options: str) -> Any:
        return cli.invoke(app, ["prune", "--data-dir", str(served.data_dir), *options])

    served.stub.prunable = [BUILD]
    return call


def test_what_can_be_deleted_is_shown_before_it_is_deleted(prune: Any, served: Served) -> None:
    lines = prune("--yes").stdout.splitlines()
    assert lines[1] == "  greeter  0.3.1  2026-01-02T03:04:05.678Z  300 MB"
    assert lines[2].startswith("Together: 1 build and 1 image with 300 MB.")
    assert lines[-1] == "Deleted 1 build and 1 image with 300 MB."
    assert served.stub.prunable == []


def test_without_a_terminal_nothing_is_deleted_unless_yes_is_given(prune: Any, served: Served) -> None:
    shown = prune()
    assert (shown.exit_code, shown.stdout.splitlines()[-1]) == (0, "Nothing was deleted.")
    assert "Use --yes" in shown.stderr
    assert served.stub.prunable == [BUILD]


@pytest.mark.parametrize(("answer", "left"), [("y\n", []), ("n\n", [BUILD])])
def test_on_a_terminal_the_user_decides(
    prune: Any, served: Served, monkeypatch: pytest.MonkeyPatch, answer: str, left: list[Any]
) -> None:
    monkeypatch.setattr("cli.commands.prune.typer.confirm", lambda _: answer == "y\n")
    monkeypatch.setattr("cli.commands.prune._is_interactive", lambda: True)
    assert prune().exit_code == 0
    assert served.stub.prunable == left


def test_if_everything_is_needed_there_is_no_question(prune: Any, served: Served) -> None:
    served.stub.prunable = []
    assert prune().stdout.splitlines()[0].startswith("All builds with an image are needed")


@pytest.mark.parametrize(("options", "deleted"), [(["--json"], False), (["--json", "--yes"], True)])
def test_json_is_one_object(prune: Any, served: Served, options: list[str], deleted: bool) -> None:
    printed = json.loads(prune(*options).stdout)
    assert printed == {"deleted": deleted, "builds": [BUILD], "images": 1, "imageBytes": BUILD["imageSizeBytes"]}
    assert (served.stub.prunable == []) is deleted
