"""Enforced limits, measured by Actors inside real containers."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from testing.api_client import SAMPLES, Json
from testing.live_server import LiveServer
from testing.source_files import source_files
from tests.engine import COUNTER, end, engine, left_on, python_actor

pytestmark = pytest.mark.docker

MBYTE = 1024 * 1024
SHARE = 0.25
BURST_SECS = 4
ATTEMPTS = 3
USER_MEMORY_MBYTES = 6144
SDK_START_SECS = 45
FILLS_DISK_WITH_REMOVED_FILES = """
import os, time
files = []
for number in range(16):
    files.append(open("/tmp/removed", "wb"))
    os.unlink("/tmp/removed")
    for _ in range(40):
        files[-1].write(bytes(1 << 20))
time.sleep(60)
"""
USES_SDK = """
import asyncio, os
from apify import Actor

async def main():
    async with Actor:
        print("first line of user code", flush=True)
        await Actor.push_data({"memory": os.environ["ACTOR_MEMORY_MBYTES"]})
        await Actor.set_status_message("All done", is_terminal=True)

asyncio.run(main())
"""


@pytest.fixture(scope="module")
def tight_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server with a short burst, a small memory quota and strict memory sizes."""
    environment = {
        "GREENROOM_CPU_BURST_SECS": str(BURST_SECS),
        "GREENROOM_MAX_MEMORY_MBYTES": str(USER_MEMORY_MBYTES),
        "GREENROOM_STRICT_MEMORY": "1",
    }
    live = LiveServer(tmp_path_factory.mktemp("tight"), environment=environment)
    live.start()
    yield live
    live.close()


@pytest.fixture(scope="module")
def hard_disk_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server on the second engine, which enforces hard disk limits."""
    host = os.environ.get("GREENROOM_HARD_DISK_DOCKER_HOST") or pytest.skip("make test starts the engine for this test")
    live = LiveServer(tmp_path_factory.mktemp("hard"), environment={"DOCKER_HOST": host})
    live.start()
    yield live
    live.close()
    with engine(host) as client:
        assert left_on(client, live.instance_id) == [], live.log()


def test_an_actor_has_a_full_core_during_the_burst_and_its_share_afterwards(tight_server: LiveServer) -> None:
    """Other processes may use the cores of this machine, so the test tries more than once to measure a full core."""
    for _ in range(ATTEMPTS):
        before, after = burned(tight_server)
        assert cores(before) < 1.1
        assert cores(after) == pytest.approx(SHARE, rel=0.1)
        if max(item["cores"] for item in before) > 0.9:
            break
    else:
        pytest.fail(f"no full core in {before}")


def test_the_python_sdk_starts_in_seconds_at_256_mb(server: LiveServer) -> None:
    """With the CPU share of 256 MB from the first instant, the import of the SDK alone took two minutes."""
    run = server.finished_run(python_actor(server, "sdk-at-256-mb", USES_SDK), memory=256)
    log = server.text(f"logs/{run['id']}")
    assert (run["status"], run["statusMessage"]) == ("SUCCEEDED", "All done"), log
    assert seconds_to(log, "first line of user code") < SDK_START_SECS
    assert server.items(run) == [{"memory": "256"}]


def test_runs_and_builds_of_a_user_share_a_memory_quota(tight_server: LiveServer) -> None:
    """A job over the quota is rejected, not queued. Finished jobs free their memory."""
    actor = python_actor(tight_server, "counter", COUNTER)
    first = tight_server.run(actor, memory=4096)
    message = quota_error(tight_server, f"actors/{actor}/runs", memory=4096)
    assert "6144MB" in message and "currently used: 4096MB, requested: 4096MB" in message
    message = quota_error(tight_server, f"actors/{actor}/builds", version="0.0")
    assert "currently used: 4096MB, requested: 4096MB" in message
    second = tight_server.run(actor, memory=2048)
    message = quota_error(tight_server, f"actors/{actor}/runs", memory=128)
    assert "currently used: 6144MB, requested: 128MB" in message
    assert tight_server.data("GET", f"actors/{actor}/runs")["total"] == 2

    with engine() as client:
        end(client, first, 0)
    tight_server.wait(f"actor-runs/{first['id']}")
    build = tight_server.data("POST", f"actors/{actor}/builds", params={"version": "0.0"})
    tight_server.wait(f"actor-builds/{build['id']}")
    tight_server.data("POST", f"actor-runs/{second['id']}/abort")
    tight_server.wait(f"actor-runs/{second['id']}")


@pytest.mark.parametrize("memory", [300, 64, 65_536])
def test_strict_memory_rejects_the_sizes_that_the_platform_rejects(tight_server: LiveServer, memory: int) -> None:
    response = tight_server.http.post(
        f"/v2/actors/{tight_server.sample('hello')}/runs", params={"memory": memory, "waitForFinish": 60}
    )
    assert (response.status_code, response.json()["error"]["type"]) == (400, "invalid-input"), response.text


def test_removed_files_that_are_open_count_against_a_polled_disk_limit(server: LiveServer) -> None:
    engine_info = server.control("GET", "info")["engine"]
    if engine_info["disk"] != "polled" or not engine_info["readsCgroups"]:
        pytest.skip("this engine has quotas, or this host does not see the processes of containers")
    actor = python_actor(server, "removed-files", FILLS_DISK_WITH_REMOVED_FILES)
    run = server.finished_run(actor, memory=128)
    assert (run["status"], run["exitCode"], run["diskEnforcement"]) == ("FAILED", 137, "polled")
    assert "exceeded its disk limit of 256 MB" in run["statusMessage"]
    assert run["stats"]["diskMaxBytes"] > 256 * MBYTE


def test_a_failure_after_the_kill_of_a_child_names_the_memory_limit(server: LiveServer) -> None:
    script = (
        "import subprocess, sys\n"
        "child = subprocess.run([sys.executable, '-c', 'x = bytearray(400 << 20)'])\n"
        "sys.exit(child.returncode != 0)"
    )
    run = server.finished_run(python_actor(server, "parent-of-killed", script), memory=256)
    assert (run["status"], run["exitCode"]) == ("FAILED", 1)
    assert "exceeded the memory limit of 256 MB" in run["statusMessage"]
    assert run["stats"]["memMaxBytes"] == pytest.approx(256 * MBYTE, rel=0.03)


def test_the_usage_of_a_short_run_is_measured(server: LiveServer) -> None:
    actor = python_actor(server, "short", "x = bytearray(50 << 20)")
    stats = [server.finished_run(actor, memory=256)["stats"] for _ in range(ATTEMPTS)]
    assert all(each["memMaxBytes"] > 0 and each["memAvgBytes"] > 0 and each["cpuAvgUsage"] > 0 for each in stats)
    assert 50 * MBYTE < max(each["memMaxBytes"] for each in stats) < 100 * MBYTE
    assert all(each["cpuAvgUsage"] <= each["cpuMaxUsage"] * 1.001 for each in stats)


def test_writes_beyond_a_hard_disk_limit_fail(hard_disk_server: LiveServer) -> None:
    server = hard_disk_server
    actor = server.actor("disk-hog", source_files(SAMPLES / "disk_hog"))
    run = server.finished_run(actor, {"files": "many", "stepMbytes": 4}, memory=128)
    log = server.text(f"logs/{run['id']}")
    failed = re.search(r"Write failed with (ENOSPC|EDQUOT) after (\d+) bytes", log)
    assert failed, log
    assert int(failed[2]) == pytest.approx(256 * MBYTE, rel=0.05)
    assert (run["status"], run["exitCode"], run["diskEnforcement"]) == ("FAILED", 1, "hard")
    assert run["stats"]["diskMaxBytes"] <= 1.05 * 256 * MBYTE
    assert "256 MB disk (writes beyond it fail)" in log
    assert "disk: hard" in server.log()
    assert server.control("GET", "info")["engine"]["disk"] == "hard"


def test_an_actor_can_continue_after_a_failed_write(hard_disk_server: LiveServer) -> None:
    actor = hard_disk_server.sample("disk_hog")
    run = hard_disk_server.finished_run(actor, {"tolerate": True, "stepMbytes": 4}, memory=128)
    assert (run["status"], run["exitCode"]) == ("SUCCEEDED", 0)


def seconds_to(log: str, text: str) -> float:
    """The seconds from the first line of the log to the line with the text."""
    [line] = [line for line in log.splitlines() if text in line]
    first, last = (datetime.fromisoformat(stamped.split()[0]) for stamped in (log, line))
    return (last - first).total_seconds()


def burned(server: LiveServer) -> tuple[list[Json], list[Json]]:
    """The measurements of cpu_hog before the end of the burst, and after the interval in which it ended."""
    run = server.finished_run(server.sample("cpu_hog"), {"secs": BURST_SECS + 8}, memory=1024)
    assert f"0.25 CPU cores (1 for the first {BURST_SECS} s)" in server.text(f"logs/{run['id']}")
    measured = server.items(run)
    quotas = [item["quotaCores"] for item in measured]
    assert quotas == sorted(quotas, reverse=True)
    assert set(quotas) == {1.0, SHARE}
    return measured[: quotas.index(SHARE)], measured[quotas.index(SHARE) + 1 :]


def cores(measured: list[Json]) -> float:
    assert len(measured) >= 2
    return float(sum(item["cpuSecs"] for item in measured) / sum(item["intervalSecs"] for item in measured))


def quota_error(server: LiveServer, path: str, **params: Any) -> str:
    """The error message of a job that would exceed the user's memory quota."""
    response = server.http.post(f"/v2/{path}", params=params)
    error = response.json()["error"]
    assert (response.status_code, error["type"]) == (402, "actor-memory-limit-exceeded"), response.text
    return str(error["message"])
