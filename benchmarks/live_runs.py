"""The CPU cost of live runs: Greenroom's server compared with a process that only reads the engine's stats streams.

Each run prints one line per second. The server samples the run's usage, sends the Actor its statistics, and copies
its log. A stats stream causes work in the engine, so the additional CPU time of the engine is counted for the streams.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psutil

from benchmarks.table import show
from testing.live_server import LiveServer

RUNS = 50
MEMORY_MBYTES = 128
ROUNDS = 5
ROUND_SECS = 4
SETTLE_SECS = 15  # longer than the CPU burst
ENGINE = "dockerd"
READER = """
import sys, threading, docker
engine = docker.from_env()
def read(id):
    for _ in engine.api.stats(id, decode=True, stream=True):
        pass
for id in sys.argv[1:]:
    threading.Thread(target=read, args=(id,), daemon=True).start()
threading.Event().wait()
"""


def measure(server: LiveServer) -> None:
    assert server.process is not None
    idle = [sum(cpu_percent([server.process.pid])) for _ in range(ROUNDS)]
    actor = server.sample("hello")
    runs = [server.run(actor, {"sleepSecs": 3600}, memory=MEMORY_MBYTES, timeout=3600) for _ in range(RUNS)]
    containers = [container_id(run["id"]) for run in runs]
    time.sleep(SETTLE_SECS)
    server_percents, stream_percents, totals = [], [], []
    for _ in range(ROUNDS):
        server_percent, engine_percent = cpu_percent([server.process.pid], engine_pids())
        with reading_streams(containers) as reader:
            reader_percent, engine_with_streams = cpu_percent([reader.pid], engine_pids())
        totals.append(server_percent)
        server_percents.append(server_percent / RUNS)
        stream_percents.append((reader_percent + engine_with_streams - engine_percent) / RUNS)
    for run in runs:
        server.data("POST", f"actor-runs/{run['id']}/abort")
    show(
        f"CPU per live run, at {RUNS} runs",
        "% of a core",
        {"stats streams: reader and engine": stream_percents, "Greenroom: everything": server_percents},
    )
    show("CPU of the server", "% of a core", {"without runs": idle, f"with {RUNS} runs": totals})


@contextmanager
def reading_streams(containers: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", READER, *containers]) as reader:
        time.sleep(ROUND_SECS)
        yield reader
        reader.kill()


def cpu_percent(*groups: list[int]) -> list[float]:
    """Return how many percent of a core each group of processes uses during one round."""
    started, before = time.monotonic(), [_cpu_secs(pids) for pids in groups]
    time.sleep(ROUND_SECS)
    wall = time.monotonic() - started
    return [(_cpu_secs(pids) - earlier) / wall * 100 for pids, earlier in zip(groups, before, strict=True)]


def engine_pids() -> list[int]:
    return [process.pid for process in psutil.process_iter(["name"]) if process.name() == ENGINE]


def container_id(run_id: str) -> str:
    """Wait for the container of a run and return its id."""
    while True:
        listed = subprocess.run(
            ["docker", "ps", "--quiet", "--filter", f"label=com.apify.actRunId={run_id}"],
            capture_output=True,
            text=True,
            check=True,
        )
        if listed.stdout.strip():
            return listed.stdout.strip()
        time.sleep(0.1)


def _cpu_secs(pids: list[int]) -> float:
    times = [psutil.Process(pid).cpu_times() for pid in pids]
    return sum(each.user + each.system for each in times)
