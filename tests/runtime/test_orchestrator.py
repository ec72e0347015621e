"""Runs and builds when their server crashes, is interrupted or restarts, on a real engine."""

from __future__ import annotations

import re
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import docker
import psutil
import pytest

from runtime.containers import INSTANCE_LABEL
from runtime.runs.run_containers import RUN_LABEL
from testing.api_client import Json
from testing.live_server import ROOT, LiveServer
from tests.engine import COUNTER, container_of, cpu_quota, end, engine, eventually, left_on, python_actor

pytestmark = pytest.mark.docker

MEMORY = {"memory": 1024}
SHARE = 25_000
BURST = 100_000
BURST_SECS = 6
PROMPT = 'import time\nprint("began", flush=True)\ntime.sleep(2)\nprint("ended", flush=True)\n'


@pytest.fixture
def client() -> Iterator[docker.DockerClient]:
    with engine() as opened:
        yield opened


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[LiveServer]:
    """A server of the test's own that it can kill, with a short burst."""
    live = LiveServer(tmp_path, environment={"GREENROOM_CPU_BURST_SECS": str(BURST_SECS)})
    live.start()
    yield live
    live.close()


def test_five_runs_survive_a_crash_of_the_server(own_server: LiveServer, client: docker.DockerClient) -> None:
    server = own_server
    actor = python_actor(server, "counter", COUNTER)
    succeeds, fails, fails_meanwhile, is_aborted = older = [start_run(server, actor) for _ in range(4)]
    assert eventually(lambda: all(cpu_quota(client, run) == SHARE for run in older))
    bursts = start_run(server, actor)
    server.kill()
    assert cpu_quota(client, bursts) == BURST

    end(client, fails_meanwhile, 7)
    assert eventually(lambda: container_of(client, fails_meanwhile).status == "exited")
    container_of(client, succeeds).update(cpu_quota=BURST)  # as if the server had crashed before the end of the burst
    server.start()
    assert "5 live runs adopted" in server.log()

    ended = server.wait(f"actor-runs/{fails_meanwhile['id']}")
    live = [succeeds, fails, is_aborted, bursts]
    assert [server.data("GET", f"actor-runs/{run['id']}")["status"] for run in live] == ["RUNNING"] * 4
    assert eventually(lambda: all(cpu_quota(client, run) == SHARE for run in live))
    server.data("POST", f"actor-runs/{is_aborted['id']}/abort")
    for run, exit_code in (succeeds, 0), (fails, 3), (bursts, 0):
        end(client, run, exit_code)
    assert_ended(ended, "FAILED", 7)
    assert_ended(server.wait(f"actor-runs/{succeeds['id']}"), "SUCCEEDED", 0)
    assert_ended(server.wait(f"actor-runs/{fails['id']}"), "FAILED", 3)
    assert_ended(server.wait(f"actor-runs/{is_aborted['id']}"), "ABORTED", 137)
    assert_ended(server.wait(f"actor-runs/{bursts['id']}"), "SUCCEEDED", 0)
    for run in (succeeds, fails, fails_meanwhile, bursts):
        assert_whole_log(server.text(f"logs/{run['id']}"))
    assert_consecutive(numbers(server.text(f"logs/{is_aborted['id']}")))
    assert eventually(lambda: left_on(client, server.instance_id) == [f"greenroom-{server.instance_id}"])


def test_the_log_has_every_line_once_after_several_crashes(own_server: LiveServer, client: docker.DockerClient) -> None:
    run = start_run(own_server, python_actor(own_server, "counter", COUNTER))
    for count in 50, 100, 150:
        own_server.kill()
        own_server.start()
        assert eventually(partial(has_lines, own_server, run, count))
    end(client, run, 0)
    assert_ended(own_server.wait(f"actor-runs/{run['id']}"), "SUCCEEDED", 0)
    assert_whole_log(own_server.text(f"logs/{run['id']}"))


def test_the_next_start_handles_what_happened_while_the_server_was_down(
    own_server: LiveServer, client: docker.DockerClient
) -> None:
    """A container was removed, a deadline passed, a run ended before its deadline, and a container has no run."""
    server = own_server
    counter, prompt = python_actor(server, "counter", COUNTER), python_actor(server, "prompt", PROMPT)
    vanishes, overruns = start_run(server, counter), start_run(server, counter, timeout=6)
    in_time = start_run(server, prompt, timeout=6)
    server.kill()
    container_of(client, vanishes).remove(force=True)
    stray = stray_container(client, server.instance_id)
    sleep_past_timeout(in_time)
    assert container_of(client, overruns).status == "running"
    assert container_of(client, in_time).status == "exited"
    server.start()

    vanished = server.wait(f"actor-runs/{vanishes['id']}")
    assert_ended(vanished, "FAILED", None)
    assert "its exit code is unknown" in vanished["statusMessage"]
    overran = server.wait(f"actor-runs/{overruns['id']}")
    assert (overran["status"], overran["exitCode"]) == ("TIMED-OUT", 143), (overran, server.log())
    assert "timed out after 6 seconds" in overran["statusMessage"]
    assert_ended(server.wait(f"actor-runs/{in_time['id']}"), "SUCCEEDED", 0)
    with pytest.raises(docker.errors.NotFound):
        client.containers.get(stray)


def test_an_accepted_run_is_started_exactly_once_across_a_crash(own_server: LiveServer) -> None:
    """The crash may come before or after its container was created or started."""
    actor = python_actor(own_server, "prompt", PROMPT)
    runs = [own_server.run(actor, **MEMORY) for _ in range(4)]
    own_server.kill()
    own_server.start()
    for run in runs:
        assert_ended(own_server.wait(f"actor-runs/{run['id']}"), "SUCCEEDED", 0)
        log = own_server.text(f"logs/{run['id']}")
        assert (log.count("began"), log.count("ended")) == (1, 1), log


def test_an_accepted_abort_survives_a_crash_of_the_server(own_server: LiveServer) -> None:
    actor = python_actor(own_server, "counter", COUNTER)
    runs = [start_run(own_server, actor) for _ in range(3)]
    for run in runs:
        assert own_server.data("POST", f"actor-runs/{run['id']}/abort")["status"] in ("ABORTING", "ABORTED")
    own_server.kill()
    own_server.start()
    for run in runs:
        assert_ended(own_server.wait(f"actor-runs/{run['id']}"), "ABORTED", 137)


def test_ctrl_c_leaves_live_runs_to_the_next_start(own_server: LiveServer, client: docker.DockerClient) -> None:
    actor = python_actor(own_server, "counter", COUNTER)
    runs = [start_run(own_server, actor), start_run(own_server, actor)]
    assert own_server.interrupt() == 0
    assert "Stopped. 2 live runs" in own_server.log()
    assert [container_of(client, run).status for run in runs] == ["running"] * 2
    own_server.start()
    assert "2 live runs adopted" in own_server.log()
    for run in runs:
        end(client, run, 0)
        assert_ended(own_server.wait(f"actor-runs/{run['id']}"), "SUCCEEDED", 0)
        assert_whole_log(own_server.text(f"logs/{run['id']}"))


def test_stop_runs_aborts_all_live_runs(own_server: LiveServer, client: docker.DockerClient) -> None:
    """A server with --stop-runs also aborts the runs that it has adopted."""
    runs = [start_run(own_server, python_actor(own_server, "counter", COUNTER))]
    own_server.interrupt()
    stopping = LiveServer(own_server.data_dir, options=["--stop-runs"])
    stopping.start()
    runs.append(start_run(stopping, runs[0]["actId"]))
    assert stopping.interrupt() == 0
    assert "No live runs remain" in stopping.log()
    assert left_on(client, own_server.instance_id) == []
    own_server.start()
    for run in runs:
        ended = own_server.data("GET", f"actor-runs/{run['id']}")
        assert_ended(ended, "ABORTED", 137)
        assert_consecutive(numbers(own_server.text(f"logs/{run['id']}")))


def test_a_build_that_a_crash_interrupted_has_failed_after_the_next_start(
    own_server: LiveServer, client: docker.DockerClient
) -> None:
    marker = secrets.token_hex(8)
    dockerfile = f"FROM apify/actor-python:3.13\nRUN echo {marker} && sleep 600\n"
    files = [{"name": "Dockerfile", "format": "TEXT", "content": dockerfile}]
    version = {"versionNumber": "0.0", "sourceType": "SOURCE_FILES", "sourceFiles": files}
    actor = own_server.data("POST", "actors", json={"name": "slow", "versions": [version]})
    build = own_server.data("POST", f"actors/{actor['id']}/builds", params={"version": "0.0"})
    assert eventually(lambda: f"Z {marker}" in own_server.text(f"logs/{build['id']}"))
    own_server.kill()
    own_server.start()
    ended = own_server.wait(f"actor-builds/{build['id']}")
    assert ended["status"] == "FAILED"
    assert "server was stopped during the build" in ended["statusMessage"]
    assert own_server.text(f"logs/{build['id']}").splitlines()[-1].endswith("Build again.")
    assert "latest" not in own_server.data("GET", f"actors/{actor['id']}")["taggedBuilds"]
    assert eventually(
        lambda: not any(marker in " ".join(each.attrs["Config"]["Cmd"]) for each in live_containers(client))
    )


def test_a_second_server_on_the_data_directory_fails_to_start(own_server: LiveServer) -> None:
    command = [sys.executable, "-m", "cli", "up", "--data-dir", str(own_server.data_dir), "--port"]
    port = LiveServer(own_server.data_dir).port
    second = subprocess.run([*command, str(port)], cwd=ROOT, capture_output=True, text=True, timeout=60)
    description = own_server.data_dir / "server.json"
    hidden = description.rename(description.with_suffix(".hidden"))
    third = subprocess.run([*command, str(port)], cwd=ROOT, capture_output=True, text=True, timeout=60)
    hidden.rename(description)
    for failed in second, third:
        assert failed.returncode != 0
        assert "Traceback" not in failed.stderr
        assert re.search(r"server .*run(s|ning) on", " ".join(failed.stderr.split()))
    assert own_server.data("GET", "users/me")["username"] == "local"


def test_finished_runs_leave_no_thread_and_no_container(own_server: LiveServer, client: docker.DockerClient) -> None:
    assert own_server.process is not None
    process = psutil.Process(own_server.process.pid)
    actor = python_actor(own_server, "prompt", PROMPT)
    run_six_times(own_server, actor)  # let the thread pools grow to their final size
    settled = process.num_threads()
    for _ in range(2):
        run_six_times(own_server, actor)
    assert eventually(lambda: process.num_threads() <= settled + 4), (process.num_threads(), settled)
    assert eventually(lambda: left_on(client, own_server.instance_id) == [f"greenroom-{own_server.instance_id}"])


def start_run(server: LiveServer, actor: str, **params: Any) -> Json:
    """Start a run and wait for the first line that its Actor prints."""
    run = server.run(actor, **MEMORY, **params)
    assert eventually(lambda: re.search("Z (line|began)", server.text(f"logs/{run['id']}")) is not None)
    current: Json = server.data("GET", f"actor-runs/{run['id']}")
    return current


def has_lines(server: LiveServer, run: Json, count: int) -> bool:
    return len(numbers(server.text(f"logs/{run['id']}"))) >= count


def run_six_times(server: LiveServer, actor: str) -> None:
    for run in [server.run(actor, **MEMORY) for _ in range(6)]:
        assert_ended(server.wait(f"actor-runs/{run['id']}"), "SUCCEEDED", 0)


def live_containers(client: docker.DockerClient) -> list[Any]:
    return client.containers.list(ignore_removed=True)


def stray_container(client: docker.DockerClient, instance_id: str) -> str:
    labels = {INSTANCE_LABEL: instance_id, RUN_LABEL: "idOfAnUnknownRun"}
    return str(client.containers.create("apify/actor-python:3.13", ["sleep", "600"], labels=labels).id)


def sleep_past_timeout(run: Json) -> None:
    started = datetime.fromisoformat(run["startedAt"]).timestamp()
    time.sleep(max(0, started + run["options"]["timeoutSecs"] + 0.5 - time.time()))


def assert_ended(run: Json, status: str, exit_code: int | None) -> None:
    assert (run["status"], run["exitCode"]) == (status, exit_code), run
    assert run["startedAt"] < run["finishedAt"]


def assert_whole_log(log: str) -> None:
    """Assert that the log of a COUNTER has each of its lines and the line of its start once."""
    counted = re.search(r"Z counted (\d+)$", log, re.MULTILINE)
    assert counted, log
    assert numbers(log) == list(range(int(counted[1])))
    assert log.count("ACTOR: Starting Docker container.") == 1


def assert_consecutive(numbers: list[int]) -> None:
    assert numbers == list(range(len(numbers)))
    assert numbers


def numbers(log: str) -> list[int]:
    return [int(number) for number in re.findall(r"Z line (\d+)$", log, re.MULTILINE)]
