"""`greenroom fit` with a real server and real containers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.main import app
from testing.live_server import LiveServer
from tests.engine import python_actor

pytestmark = pytest.mark.docker

MEMORY_HOG = Path(__file__).resolve().parents[3] / "sample_actors" / "memory_hog"


def fit(cli: CliRunner, server: LiveServer, *inputs: dict[str, Any]) -> Any:
    options = [each for value in inputs for each in ("-i", json.dumps(value))]
    return cli.invoke(app, ["fit", str(MEMORY_HOG), "--data-dir", str(server.data_dir), "--json", *options])


def run_ids(server: LiveServer) -> set[str]:
    """The newest runs. Other tests share the server, and may have run the same Actor."""
    return {run["id"] for run in server.data("GET", "actor-runs", params={"desc": 1})["items"]}


def test_an_actor_that_needs_300_mbytes_gets_512(cli: CliRunner, server: LiveServer) -> None:
    before = run_ids(server)
    done = fit(cli, server, {"untilMbytes": 300})
    assert done.exit_code == 0, done.stderr
    result = json.loads(done.stdout)
    verdicts = {row["memoryMbytes"]: row["verdict"] for row in result["sizes"]}
    assert (verdicts[256], verdicts[512]) == ("out of memory", "fits")
    found = result["recommendation"]
    assert (found["memoryMbytes"], found["isProven"]) == (512, True)
    assert 300 < found["peakBytes"] / 1024**2 < 340
    [proof] = result["remainingRunIds"]
    assert run_ids(server) - before == {proof}


def test_a_need_that_depends_on_the_input_leads_to_an_expression(cli: CliRunner, server: LiveServer) -> None:
    done = fit(cli, server, {"untilMbytes": 32}, {"untilMbytes": 300})
    assert done.exit_code == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["recommendation"]["memoryMbytes"] == 512
    assert [one["givenMbytes"] for one in result["expression"]["predictions"]] == [128, 512]
    assert "input, 'untilMbytes'" in result["expression"]["defaultMemoryMbytes"]


def test_a_killed_server_continues_a_fit_and_doubles_no_run(own_server: LiveServer) -> None:
    """Depending on the speed of the machine, the live run is adopted, or ends while no server watches it."""
    actor = python_actor(own_server, "slow", "import time; block = bytearray(40 << 20); time.sleep(4)")
    headers = {**own_server.own_token, "Content-Type": "application/json"}
    order = {"actor": actor, "sizes": [128, 256]}
    started = own_server.http.post("/greenroom/fits", json=order, headers=headers).raise_for_status().json()
    [run] = own_server.until("actor-runs", lambda runs: runs["items"])["items"]
    own_server.until(f"actor-runs/{run['id']}", lambda live: live["stats"].get("memMaxBytes"))
    own_server.kill()
    own_server.start()
    fit = wait_for_fit(own_server, started)
    assert (fit["status"], [each["memoryMbytes"] for each in fit["runs"]]) == ("FINISHED", [128, 256, 128])
    assert all(each["peakBytes"] > 40 * 2**20 for each in fit["runs"])
    unwatched = {run["id"]} - {each["runId"] for each in fit["runs"]}
    assert own_server.data("GET", f"acts/{actor}")["stats"]["totalRuns"] == len(fit["runs"]) + len(unwatched)
    remaining = own_server.data("GET", "actor-runs")["items"]
    assert [each["id"] for each in remaining] == fit["recommendation"]["proofs"]


def wait_for_fit(server: LiveServer, fit: dict[str, Any]) -> dict[str, Any]:
    while fit["status"] in ("RUNNING", "STOPPING"):
        path, query = f"/greenroom/fits/{fit['id']}", {"after": fit["changes"], "waitSecs": 10}
        fit = server.http.get(path, params=query, headers=server.own_token).raise_for_status().json()
    return fit
