from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.main import app
from tests.cli.conftest import Served
from tests.cli.reports import a_report
from tests.cli.stub import new_run

RUN_ID = "abcdefghijklmnopq"


@pytest.fixture
def report(cli: CliRunner, served: Served) -> Any:
    served.stub.runs[RUN_ID] = new_run(RUN_ID, "latest")
    served.stub.inputs[RUN_ID] = {}
    return lambda *options: cli.invoke(app, ["report", RUN_ID, "--data-dir", str(served.data_dir), *options])


def test_the_report_is_printed(report: Any) -> None:
    done = report()
    assert done.exit_code == 0
    assert done.stdout.startswith("SUCCEEDED  r1 of greeter 0.3.1") and "▂▅▁▃" in done.stdout


def test_json_is_the_report_of_the_server(report: Any) -> None:
    assert json.loads(report("--json").stdout) == a_report()


def test_a_page_is_written_and_only_messages_are_printed(report: Any, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    done = report("--html", str(file))
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", f"Wrote {file}\n")
    assert file.read_text().startswith("<!doctype html>")
    assert json.loads(report("--html", str(file), "--json").stdout) == a_report()


def test_a_page_in_a_folder_that_does_not_exist_is_an_error(report: Any, tmp_path: Path) -> None:
    done = report("--html", str(tmp_path / "missing" / "x.html"), "--json")
    assert done.exit_code == 69
    assert "could not be written" in json.loads(done.stdout)["error"]["message"]
