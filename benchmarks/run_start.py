"""From asking for a run of `hello` to its first line: POST to Greenroom against `docker run` of the same image.

Both on a bridge with the same options and under the same limits; the two take turns, so that noise meets both.
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
    plain, ours = [], []
    for _ in range(ROUNDS):
        plain.append(docker_run_millis(image, network))
        ours.append(greenroom_millis(server, actor))
    show("Start of `hello` to its first line", "ms", {"docker run": plain, "POST to Greenroom": ours})


def greenroom_millis(server: LiveServer, actor: str) -> float:
    began = time.monotonic()
    run = server.run(actor, memory=MEMORY_MBYTES)
    with server.http.stream("GET", f"/v2/logs/{run['id']}", params={"stream": 1}) as log:
        next(line for line in log.iter_lines() if FIRST_LINE in line)
        millis = (time.monotonic() - began) * 1000
    server.wait(f"actor-runs/{run['id']}")
    return millis


def docker_run_millis(image: str, network: str) -> float:
    limits = ["--memory", f"{MEMORY_MBYTES}m", "--memory-swap", f"{MEMORY_MBYTES}m", "--cpu-quota", "100000"]
    command = ["docker", "run", "--rm", "--init", "--network", network, *limits, image]
    began = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        next(line for line in process.stdout if FIRST_LINE in line)
        millis = (time.monotonic() - began) * 1000
        process.stdout.read()
    return millis
