"""`greenroom fit` with a real server and real containers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.main import app
from testing.live_server import LiveServer

pytestmark = pytest.mark.docker

MEMORY_HOG = Path(__file__).resolve().parents[3] / "sample_actors" / "memory_hog"


def fit(cli: CliRunner, server: LiveServer, *inputs: dict[str, Any]) -> Any:
    options = [each for value in inputs for each in ("-i", json.dumps(value))]
    return cli.invoke(app, ["fit", str(MEMORY_HOG), "--data-dir", str(server.data_dir), "--json", *options])


def test_an_actor_that_needs_300_mbytes_gets_512(cli: CliRunner, server: LiveServer) -> None:
    done = fit(cli, server, {"untilMbytes": 300})
    assert done.exit_code == 0, done.stderr
    result = json.loads(done.stdout)
    verdicts = {row["memoryMbytes"]: row["verdict"] for row in result["sizes"]}
    assert (verdicts[256], verdicts[512]) == ("out of memory", "fits")
    found = result["recommendation"]
    assert (found["memoryMbytes"], found["isProven"]) == (512, True)
    assert 300 < found["peakBytes"] / 1024**2 < 340
    [proof] = result["remainingRunIds"]
    assert [run["id"] for run in server.data("GET", "acts/me~memory-hog/runs")["items"]] == [proof]


def test_a_need_that_depends_on_the_input_leads_to_an_expression(cli: CliRunner, server: LiveServer) -> None:
    done = fit(cli, server, {"untilMbytes": 32}, {"untilMbytes": 300})
    assert done.exit_code == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["recommendation"]["memoryMbytes"] == 512
    assert [one["givenMbytes"] for one in result["expression"]["predictions"]] == [128, 512]
    assert "input, 'untilMbytes'" in result["expression"]["defaultMemoryMbytes"]
