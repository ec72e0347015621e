"""CPU that live runs cost: Greenroom's server against a process that only reads the engine's statistics streams.

Each run prints a line a second, and the server samples it, tells it its statistics and copies its log. A stream
of statistics makes the engine work, so what the engine does more while they are read counts as theirs.
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

RUNS = 20
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
    ours, streams = [], []
    for _ in range(ROUNDS):
        own, engine = cpu_percent([server.process.pid], engine_pids())
        with reading_streams(containers) as reader:
            reading, engine_with_streams = cpu_percent([reader.pid], engine_pids())
        ours.append(own / RUNS)
        streams.append((reading + engine_with_streams - engine) / RUNS)
    for run in runs:
        server.data("POST", f"actor-runs/{run['id']}/abort")
    show(
        f"CPU per live run, at {RUNS} runs",
        "% of a core",
        {"statistics streams: reader and engine": streams, "Greenroom: everything": ours},
    )
    show("CPU of the server without a run", "% of a core", {"Greenroom": idle})


@contextmanager
def reading_streams(containers: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", READER, *containers]) as reader:
        time.sleep(ROUND_SECS)
        yield reader
        reader.kill()


def cpu_percent(*groups: list[int]) -> list[float]:
    """Percent of a core that each group of processes uses, over one round."""
    began, before = time.monotonic(), [_cpu_secs(pids) for pids in groups]
    time.sleep(ROUND_SECS)
    wall = time.monotonic() - began
    return [(_cpu_secs(pids) - earlier) / wall * 100 for pids, earlier in zip(groups, before, strict=True)]


def engine_pids() -> list[int]:
    return [process.pid for process in psutil.process_iter(["name"]) if process.name() == ENGINE]


def container_id(run_id: str) -> str:
    """The container of a run, as soon as it is there."""
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
