"""What becomes of runs and builds when their server dies, is interrupted or starts again, on a real engine."""

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
from tests.engine import COUNTER, container_of, cpu_quota, end, engine, eventually, left_on, python_actor
from tests.live import ROOT, Json, LiveServer

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
    """A server to be killed, with a short burst window."""
    live = LiveServer(tmp_path, environment={"GREENROOM_CPU_BURST_SECS": str(BURST_SECS)})
    live.start()
    yield live
    live.close()


def test_five_runs_survive_the_death_of_the_server(own_server: LiveServer, client: docker.DockerClient) -> None:
    server = own_server
    actor = python_actor(server, "counter", COUNTER)
    ends_well, fails, ends_meanwhile, is_aborted = older = [running(server, actor) for _ in range(4)]
    assert eventually(lambda: all(cpu_quota(client, run) == SHARE for run in older))
    bursts = running(server, actor)
    server.kill()
    assert cpu_quota(client, bursts) == BURST

    end(client, ends_meanwhile, 7)
    assert eventually(lambda: container_of(client, ends_meanwhile).status == "exited")
    container_of(client, ends_well).update(cpu_quota=BURST)  # as if the server had died between start and share
    server.start()
    assert "5 live runs adopted" in server.log()

    ended = server.wait(f"actor-runs/{ends_meanwhile['id']}")
    alive = [ends_well, fails, is_aborted, bursts]
    assert [server.data("GET", f"actor-runs/{run['id']}")["status"] for run in alive] == ["RUNNING"] * 4
    assert eventually(lambda: all(cpu_quota(client, run) == SHARE for run in alive))
    server.data("POST", f"actor-runs/{is_aborted['id']}/abort")
    for run, exit_code in (ends_well, 0), (fails, 3), (bursts, 0):
        end(client, run, exit_code)
    assert_ended(ended, "FAILED", 7)
    assert_ended(server.wait(f"actor-runs/{ends_well['id']}"), "SUCCEEDED", 0)
    assert_ended(server.wait(f"actor-runs/{fails['id']}"), "FAILED", 3)
    assert_ended(server.wait(f"actor-runs/{is_aborted['id']}"), "ABORTED", 137)
    assert_ended(server.wait(f"actor-runs/{bursts['id']}"), "SUCCEEDED", 0)
    for run in (ends_well, fails, ends_meanwhile, bursts):
        assert_whole_log(server.text(f"logs/{run['id']}"))
    assert_in_a_row(numbers(server.text(f"logs/{is_aborted['id']}")))
    assert eventually(lambda: left_on(client, server.instance_id) == [f"greenroom-{server.instance_id}"])


def test_the_log_has_no_hole_after_several_deaths(own_server: LiveServer, client: docker.DockerClient) -> None:
    run = running(own_server, python_actor(own_server, "counter", COUNTER))
    for least in 50, 100, 150:
        own_server.kill()
        own_server.start()
        assert eventually(partial(has_lines, own_server, run, least))
    end(client, run, 0)
    assert_ended(own_server.wait(f"actor-runs/{run['id']}"), "SUCCEEDED", 0)
    assert_whole_log(own_server.text(f"logs/{run['id']}"))


def test_what_happened_while_no_server_watched(own_server: LiveServer, client: docker.DockerClient) -> None:
    """A container removed, a deadline that passed, a run that ended before its deadline, a container of no run."""
    server = own_server
    counter, prompt = python_actor(server, "counter", COUNTER), python_actor(server, "prompt", PROMPT)
    vanishes, overruns = running(server, counter), running(server, counter, timeout=6)
    in_time = running(server, prompt, timeout=6)
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


def test_a_run_that_was_only_accepted_is_started_by_the_next_server(own_server: LiveServer) -> None:
    """Whether its container was made or even started by then: the Actor runs once."""
    actor = python_actor(own_server, "prompt", PROMPT)
    runs = [own_server.run(actor, **MEMORY) for _ in range(4)]
    own_server.kill()
    own_server.start()
    for run in runs:
        assert_ended(own_server.wait(f"actor-runs/{run['id']}"), "SUCCEEDED", 0)
        log = own_server.text(f"logs/{run['id']}")
        assert (log.count("began"), log.count("ended")) == (1, 1), log


def test_an_abort_that_the_server_did_not_live_to_finish(own_server: LiveServer) -> None:
    actor = python_actor(own_server, "counter", COUNTER)
    runs = [running(own_server, actor) for _ in range(3)]
    for run in runs:
        assert own_server.data("POST", f"actor-runs/{run['id']}/abort")["status"] in ("ABORTING", "ABORTED")
    own_server.kill()
    own_server.start()
    for run in runs:
        assert_ended(own_server.wait(f"actor-runs/{run['id']}"), "ABORTED", 137)


def test_ctrl_c_leaves_runs_to_the_next_server(own_server: LiveServer, client: docker.DockerClient) -> None:
    actor = python_actor(own_server, "counter", COUNTER)
    runs = [running(own_server, actor), running(own_server, actor)]
    assert own_server.interrupt() == 0
    assert "Stopped. 2 live runs" in own_server.log()
    assert [container_of(client, run).status for run in runs] == ["running"] * 2
    own_server.start()
    assert "2 live runs adopted" in own_server.log()
    for run in runs:
        end(client, run, 0)
        assert_ended(own_server.wait(f"actor-runs/{run['id']}"), "SUCCEEDED", 0)
        assert_whole_log(own_server.text(f"logs/{run['id']}"))


def test_stop_runs_leaves_nothing_behind(own_server: LiveServer, client: docker.DockerClient) -> None:
    """The next server, told to stop its runs at the end, adopts what the last one left and ends it all."""
    runs = [running(own_server, python_actor(own_server, "counter", COUNTER))]
    own_server.interrupt()
    stopping = LiveServer(own_server.data_dir, options=["--stop-runs"])
    stopping.start()
    runs.append(running(stopping, runs[0]["actId"]))
    assert stopping.interrupt() == 0
    assert "No live run is left" in stopping.log()
    assert left_on(client, own_server.instance_id) == []
    own_server.start()
    for run in runs:
        ended = own_server.data("GET", f"actor-runs/{run['id']}")
        assert_ended(ended, "ABORTED", 137)
        assert_in_a_row(numbers(own_server.text(f"logs/{run['id']}")))


def test_a_build_that_was_cut_off(own_server: LiveServer, client: docker.DockerClient) -> None:
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
    assert own_server.text(f"logs/{build['id']}").splitlines()[-1].endswith("build again.")
    assert "latest" not in own_server.data("GET", f"actors/{actor['id']}")["taggedBuilds"]
    assert eventually(lambda: not any(marker in " ".join(made.attrs["Config"]["Cmd"]) for made in live(client)))


def test_a_second_server_on_the_directory_refuses(own_server: LiveServer) -> None:
    command = [sys.executable, "-m", "cli", "up", "--data-dir", str(own_server.data_dir), "--port"]
    port = LiveServer(own_server.data_dir).port
    second = subprocess.run([*command, str(port)], cwd=ROOT, capture_output=True, text=True, timeout=60)
    described = own_server.data_dir / "server.json"
    hidden = described.rename(described.with_suffix(".hidden"))
    third = subprocess.run([*command, str(port)], cwd=ROOT, capture_output=True, text=True, timeout=60)
    hidden.rename(described)
    for refused in second, third:
        assert refused.returncode != 0
        assert "Traceback" not in refused.stderr
        assert re.search(r"server .*run(s|ning) on", " ".join(refused.stderr.split()))
    assert own_server.data("GET", "users/me")["username"] == "local"


def test_ended_runs_leave_no_thread_and_no_container(own_server: LiveServer, client: docker.DockerClient) -> None:
    assert own_server.process is not None
    process = psutil.Process(own_server.process.pid)
    actor = python_actor(own_server, "prompt", PROMPT)
    burst_of_runs(own_server, actor)  # the pools grow to their size
    settled = process.num_threads()
    for _ in range(2):
        burst_of_runs(own_server, actor)
    assert eventually(lambda: process.num_threads() <= settled + 4), (process.num_threads(), settled)
    assert eventually(lambda: left_on(client, own_server.instance_id) == [f"greenroom-{own_server.instance_id}"])


def running(server: LiveServer, actor: str, **params: Any) -> Json:
    """A run whose Actor has begun to print."""
    run = server.run(actor, **MEMORY, **params)
    assert eventually(lambda: re.search("Z (line|began)", server.text(f"logs/{run['id']}")) is not None)
    return server.until(f"actor-runs/{run['id']}", lambda now: now["status"] != "READY")


def has_lines(server: LiveServer, run: Json, least: int) -> bool:
    return len(numbers(server.text(f"logs/{run['id']}"))) >= least


def burst_of_runs(server: LiveServer, actor: str) -> None:
    for run in [server.run(actor, **MEMORY) for _ in range(6)]:
        assert_ended(server.wait(f"actor-runs/{run['id']}"), "SUCCEEDED", 0)


def live(client: docker.DockerClient) -> list[Any]:
    return client.containers.list(ignore_removed=True)


def stray_container(client: docker.DockerClient, instance_id: str) -> str:
    labels = {INSTANCE_LABEL: instance_id, RUN_LABEL: "ofNoRunThatIsKnown"}
    return str(client.containers.create("apify/actor-python:3.13", ["sleep", "600"], labels=labels).id)


def sleep_past_timeout(run: Json) -> None:
    started = datetime.fromisoformat(run["startedAt"]).timestamp()
    time.sleep(max(0, started + run["options"]["timeoutSecs"] + 0.5 - time.time()))


def assert_ended(run: Json, status: str, exit_code: int | None) -> None:
    assert (run["status"], run["exitCode"]) == (status, exit_code), run
    assert run["startedAt"] < run["finishedAt"]


def assert_whole_log(log: str) -> None:
    """Every line of a COUNTER once, the platform's own too."""
    counted = re.search(r"Z counted (\d+)$", log, re.MULTILINE)
    assert counted, log
    assert numbers(log) == list(range(int(counted[1])))
    assert log.count("ACTOR: Starting Docker container.") == 1


def assert_in_a_row(numbers: list[int]) -> None:
    assert numbers == list(range(len(numbers)))
    assert numbers


def numbers(log: str) -> list[int]:
    return [int(number) for number in re.findall(r"Z line (\d+)$", log, re.MULTILINE)]
