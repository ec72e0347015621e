from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from cli.main import app


def test_without_a_server_there_is_nothing_to_stop(cli: CliRunner, tmp_path: Path) -> None:
    printed = cli.invoke(app, ["down", "--data-dir", str(tmp_path), "--json"])
    assert (printed.exit_code, json.loads(printed.stdout)) == (0, {"stopped": False, "liveRuns": None})
