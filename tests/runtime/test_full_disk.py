"""A real server with real containers on a data directory whose disk is full, read-only or damaged."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.errors import COMMAND_FAILED
from testing.live_server import ROOT, LiveServer, free_port
from tests.engine import python_actor
from tests.fakes.receiver import Receiver
from tests.fakes.small_disk import MBYTE, SmallDisk, small_disk

pytestmark = pytest.mark.docker

SLEEPER = "import time; print('awake', flush=True); time.sleep(600)"
TALKER = """
import time
for number in range(60):
    print(f"line {number} " + "x" * 200, flush=True)
    time.sleep(0.1)
"""


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path / "disk", 64) as disk:
        yield disk


@pytest.fixture
def small_server(engine: None, disk: SmallDisk) -> Iterator[LiveServer]:
    """A server whose data directory is on the small disk."""
    live = LiveServer(disk.path)
    live.start()
    yield live
    live.close()


def post_items(server: LiveServer, dataset: str, size: int = MBYTE) -> int:
    return server.http.post(f"/v2/datasets/{dataset}/items", json={"x": "y" * size}).status_code


def fill_with_items(server: LiveServer, dataset: str) -> int:
    """Push items until the server rejects one; return the number of accepted items."""
    count = 0
    while (status := post_items(server, dataset)) == 201:
        count += 1
    assert status == 507
    return count


def create_dataset(server: LiveServer, name: str) -> str:
    return str(server.data("POST", "datasets", params={"name": name})["id"])


def test_runs_end_and_deletions_work_on_a_full_disk(
    small_server: LiveServer, disk: SmallDisk, blocking_receiver: Receiver
) -> None:
    server, receiver = small_server, blocking_receiver
    sleeper, talker = python_actor(server, "sleeper", SLEEPER), python_actor(server, "talker", TALKER)
    hook = {"eventTypes": ["ACTOR.RUN.TIMED_OUT"], "requestUrl": receiver.url(), "condition": {"actorId": sleeper}}
    server.data("POST", "webhooks", json=hook)
    aborted = server.run(sleeper)
    timed_out = server.run(sleeper, timeout=10)
    talking = server.run(talker)
    for run in (aborted, timed_out, talking):
        server.until(f"actor-runs/{run['id']}", lambda run: run["status"] == "RUNNING")
    dataset, other = create_dataset(server, "one"), create_dataset(server, "two")
    assert post_items(server, other, 10) == 201
    accepted = fill_with_items(server, dataset)
    disk.fill()

    rejected = server.http.post(f"/v2/datasets/{dataset}/items", json={"x": "y" * MBYTE})
    assert rejected.status_code == 507
    assert "its disk is full" in rejected.json()["error"]["message"]
    assert server.http.post(f"/v2/actors/{sleeper}/runs").status_code == 507
    assert server.http.post(f"/v2/actor-runs/{aborted['id']}/abort").is_success
    assert server.wait(f"actor-runs/{aborted['id']}")["status"] == "ABORTED"
    assert server.wait(f"actor-runs/{timed_out['id']}")["status"] == "TIMED-OUT"
    assert server.wait(f"actor-runs/{talking['id']}")["status"] == "SUCCEEDED"
    assert server.data("GET", f"datasets/{dataset}")["itemCount"] == accepted

    assert server.http.delete(f"/v2/datasets/{dataset}").status_code == 204
    again = create_dataset(server, "one")
    assert fill_with_items(server, again) > accepted / 2
    disk.free()
    assert server.finished_run(talker)["status"] == "SUCCEEDED"
    lines = complete_log(server, talking["id"])
    assert [line.split()[2] for line in lines if " line " in line] == [str(number) for number in range(60)]
    assert len(receiver.received) == 1
    assert "Traceback" not in server.log()


def complete_log(server: LiveServer, run_id: str) -> list[str]:
    """The lines of the log once it is complete: a followed log ends then."""
    return server.text(f"logs/{run_id}?stream=1").splitlines()


def test_a_server_starts_on_a_full_disk_and_adopts_its_runs(small_server: LiveServer, disk: SmallDisk) -> None:
    server = small_server
    run = server.run(python_actor(server, "sleeper", SLEEPER))
    server.until(f"actor-runs/{run['id']}", lambda run: run["status"] == "RUNNING")
    dataset = create_dataset(server, "one")
    fill_with_items(server, dataset)
    disk.fill()
    server.kill()
    server.start()
    assert server.data("GET", f"actor-runs/{run['id']}")["status"] == "RUNNING"
    assert server.http.post(f"/v2/actor-runs/{run['id']}/abort").is_success
    assert server.wait(f"actor-runs/{run['id']}")["status"] == "ABORTED"
    assert server.http.delete(f"/v2/datasets/{dataset}").status_code == 204
    assert post_items(server, create_dataset(server, "two")) == 201
    disk.free()


def start_and_fail(data_dir: Path) -> str:
    """Start a server that cannot start, and return its output."""
    command = [sys.executable, "-m", "cli", "up", "--port", str(free_port()), "--data-dir", str(data_dir)]
    started = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert started.returncode == COMMAND_FAILED, started
    assert "Traceback" not in started.stderr
    return started.stderr


def test_a_server_that_cannot_start_states_what_to_do(disk: SmallDisk) -> None:
    disk.fill()
    assert "its disk is full" in start_and_fail(disk.path)
    disk.free()
    disk.set_read_only(True)
    assert "read-only" in start_and_fail(disk.path)
    disk.set_read_only(False)
    (disk.path / "instance.json").write_text('{"id": "7')
    assert "instance.json is damaged" in start_and_fail(disk.path)
    (disk.path / "instance.json").unlink()
    (disk.path / "greenroom.db").write_bytes(b"not a database" * 1000)
    assert "greenroom.db" in start_and_fail(disk.path)
    (disk.path / "greenroom.db").unlink()
    (disk.path / "values").mkdir(exist_ok=True)
    (disk.path / "values" / "abc").write_bytes(b"value")
    assert "Restore greenroom.db" in start_and_fail(disk.path)
    assert (disk.path / "values" / "abc").read_bytes() == b"value"


def test_a_torn_line_in_a_log_does_not_stop_the_server(own_server: LiveServer) -> None:
    run = own_server.finished_run(python_actor(own_server, "greeter", "print('hello')"))
    with (own_server.data_dir / "logs" / f"{run['id']}.log").open("a") as log:
        log.write("2023-11-14T22:13:20.123456789Z o half a li")
    for query in ("", "?stream=1", "?raw=1", "?download=1"):
        text = own_server.text(f"logs/{run['id']}{query}")
        assert text.endswith("Z hello\n")
    assert own_server.data("GET", "users/me")["username"]


def test_a_run_with_a_deep_tree_is_measured(own_server: LiveServer) -> None:
    program = """
import os, time
for _ in range(3000):
    os.mkdir("n" * 200)
    os.chdir("n" * 200)
with open("file", "wb") as file:
    file.write(os.urandom(30_000_000))
time.sleep(5)
"""
    run = own_server.finished_run(python_actor(own_server, "deep", program), memory=256)
    assert run["status"] == "SUCCEEDED"
    assert run["stats"]["diskMaxBytes"] >= 30_000_000
    assert "File name too long" not in own_server.log()
