"""The time from a request for a run of `hello` to its first line, compared with `docker run` of the same image.

Both use Greenroom's network and the same memory and CPU limits. They alternate, so that noise affects both.
"""

from __future__ import annotations

import subprocess
import time

from benchmarks.table import show
from testing.live_server import LiveServer

ROUNDS = 15
MEMORY_MBYTES = 512
FIRST_LINE = "Hello Actor is awake"


def measure(server: LiveServer) -> None:
    actor = server.sample("hello")
    run = server.finished_run(actor, memory=MEMORY_MBYTES)
    image = f"greenroom-{server.instance_id}:{run['buildId']}"
    network = server.control("GET", "info")["engine"]["network"]
    docker_millis, api_millis = [], []
    for _ in range(ROUNDS):
        docker_millis.append(docker_run_millis(image, network))
        api_millis.append(greenroom_millis(server, actor))
    show("Start of `hello` until its first line", "ms", {"docker run": docker_millis, "POST to Greenroom": api_millis})


def greenroom_millis(server: LiveServer, actor: str) -> float:
    started = time.monotonic()
    run = server.run(actor, memory=MEMORY_MBYTES)
    with server.http.stream("GET", f"/v2/logs/{run['id']}", params={"stream": 1}) as log:
        next(line for line in log.iter_lines() if FIRST_LINE in line)
        millis = (time.monotonic() - started) * 1000
    server.wait(f"actor-runs/{run['id']}")
    return millis


def docker_run_millis(image: str, network: str) -> float:
    limits = ["--memory", f"{MEMORY_MBYTES}m", "--memory-swap", f"{MEMORY_MBYTES}m", "--cpu-quota", "100000"]
    command = ["docker", "run", "--rm", "--init", "--network", network, *limits, image]
    started = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        next(line for line in process.stdout if FIRST_LINE in line)
        millis = (time.monotonic() - started) * 1000
        process.stdout.read()
    return millis
