"""Unmodified clients read and set limits, and wait for memory as users' scripts do."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from testing.api_client import SAMPLES, TOKEN
from testing.live_server import ROOT, LiveServer
from testing.source_files import source_files

pytestmark = pytest.mark.docker

SCRIPTS = Path(__file__).parent / "scripts"
CLIENTS = {
    "python-2": [str(ROOT / ".venv-client-2" / "bin" / "python"), str(SCRIPTS / "limits.py")],
    "python-3": [sys.executable, str(SCRIPTS / "limits.py")],
    "javascript": ["node", str(SCRIPTS / "limits.mjs")],
}


@pytest.fixture(scope="module")
def scale_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server with a plan, but with less memory than the plan has."""
    memory = {"GREENROOM_MAX_MEMORY_MBYTES": "4096"}
    server = LiveServer(tmp_path_factory.mktemp("scale"), options=["--plan", "scale"], environment=memory)
    server.start()
    yield server
    server.close()


@pytest.mark.parametrize("client", CLIENTS)
def test_limits_usage_and_waiting_for_memory(scale_server: LiveServer, client: str) -> None:
    actor = scale_server.actor(f"waited-{client}", source_files(SAMPLES / "hello"))
    command = [*CLIENTS[client], scale_server.url, TOKEN, actor]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert result["user"]["plan"]["id"] == "SCALE" and result["user"]["isPaying"]
    limits, current, usage = result["limits"]["limits"], result["limits"]["current"], result["usage"]
    assert (limits["maxMonthlyUsageUsd"], limits["dataRetentionDays"], limits["maxConcurrentActorJobs"]) == (
        300,
        30,
        128,
    )
    assert result["errors"] and {tuple(error) for error in result["errors"]} == {(402, "actor-memory-limit-exceeded")}
    assert (current["activeActorJobCount"], current["actorMemoryGbytes"]) == (0, 0)
    compute = usage["monthlyServiceUsage"]["ACTOR_COMPUTE_UNITS"]
    assert compute["baseUnitPriceUsd"] == 0.16
    assert compute["quantity"] == pytest.approx(current["monthlyActorComputeUnits"])
    assert usage["totalUsageCreditsUsdAfterVolumeDiscount"] == pytest.approx(current["monthlyUsageUsd"])
    assert usage["dailyServiceUsages"][-1]["serviceUsage"]["KEY_VALUE_STORE_WRITES"]["quantity"] > 0


def test_the_month_contains_exactly_what_all_jobs_used(scale_server: LiveServer) -> None:
    """Also if the server is killed while a run is live, and if the run is deleted."""
    run = scale_server.run(scale_server.sample("hello"), {"sleepSecs": 3}, memory=512)
    scale_server.until(f"actor-runs/{run['id']}", lambda now: now["stats"]["memMaxBytes"])
    scale_server.kill()
    scale_server.start()
    scale_server.wait(f"actor-runs/{run['id']}")
    jobs = [
        *scale_server.data("GET", "actor-runs")["items"],
        *scale_server.data("GET", "actor-builds")["items"],
    ]
    total = sum(job["usageTotalUsd"] for job in jobs)
    assert scale_server.http.delete(f"/v2/actor-runs/{run['id']}").status_code == 204
    scale_server.kill()
    scale_server.start()
    usage = scale_server.data("GET", "users/me/usage/monthly")
    assert usage["totalUsageCreditsUsdAfterVolumeDiscount"] == pytest.approx(total)
