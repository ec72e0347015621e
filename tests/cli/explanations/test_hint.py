"""The hint after a run that did not succeed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.main import app
from tests.cli.conftest import Served


@pytest.fixture
def run(cli: CliRunner, served: Served, folder: Path) -> Any:
    def call(wanted: dict[str, Any], *options: str) -> Any:
        arguments = ["run", str(folder), "--data-dir", str(served.data_dir), "-i", json.dumps(wanted), *options]
        return cli.invoke(app, arguments)

    return call


@pytest.mark.parametrize("status", ["FAILED", "TIMED-OUT"])
def test_a_failed_run_is_explained_in_one_sentence(run: Any, served: Served, status: str) -> None:
    served.stub.explanation = "Probably: The file x does not exist."
    result = run({"status": status, "exitCode": 7}, "--json")
    hint = f"{served.stub.explanation} Evidence: greenroom explain r1 --data-dir {served.data_dir}"
    assert result.stderr.splitlines()[-1] == hint
    assert json.loads(result.stdout)["run"]["status"] == status


@pytest.mark.parametrize("status", ["SUCCEEDED", "ABORTED"])
def test_other_runs_need_no_explanation(run: Any, status: str) -> None:
    assert "greenroom explain" not in run({"status": status}).stderr


def test_a_run_that_cannot_be_explained_ends_as_it_ended(run: Any, served: Served) -> None:
    served.stub.explanation = None
    result = run({"status": "FAILED", "exitCode": 7})
    assert result.exit_code == 7
    assert result.stderr.splitlines()[-1] == "The run cannot be explained now: not found"
