from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.commands.clock import parse_duration
from cli.main import app
from tests.cli.conftest import Served


@pytest.mark.parametrize(("text", "secs"), [("90s", 90), ("15m", 900), ("6h", 21_600), ("1d", 86_400), ("1.5H", 5400)])
def test_durations(text: str, secs: float) -> None:
    assert parse_duration(text) == secs


@pytest.mark.parametrize("text", ["", "1", "d", "-1d", "0s", "1w", "1d2h", "1e3s", "٣d"])
def test_invalid_durations(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration"):
        parse_duration(text)


def test_an_invalid_duration_is_wrong_usage(cli: CliRunner, tmp_path: Path) -> None:
    result = cli.invoke(app, ["clock", "advance", "tomorrow", "--data-dir", str(tmp_path)])
    assert (result.exit_code, "'tomorrow' is not a duration" in result.output) == (64, True)


def test_the_clock_of_the_server_is_advanced(cli: CliRunner, served: Served) -> None:
    shown = cli.invoke(app, ["clock", "advance", "1d", "--data-dir", str(served.data_dir)])
    expected = "The server's clock shows 2026-01-02T00:00:00.000Z. Schedules ran 2 times.\n"
    assert (shown.exit_code, shown.stdout) == (0, expected)
    as_json = cli.invoke(app, ["clock", "advance", "90s", "--json", "--data-dir", str(served.data_dir)])
    assert json.loads(as_json.stdout) == {"now": "2026-01-02T00:00:00.000Z", "aheadSecs": 90.0, "ticks": 2}
    assert served.stub.advances == [86_400, 90]


def test_without_a_server_there_is_no_clock_to_advance(cli: CliRunner, tmp_path: Path) -> None:
    result = cli.invoke(app, ["clock", "advance", "1d", "--json", "--data-dir", str(tmp_path)])
    assert (result.exit_code, json.loads(result.stdout)["error"]["code"]) == (69, "no-server")
