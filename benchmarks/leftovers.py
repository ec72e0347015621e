"""What 200 runs leave behind: threads and descriptors of the server, containers and networks of the engine.

The server is counted after a first burst, when its pools have their final size, and again after all runs.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import docker
import psutil
from rich.table import Table

from benchmarks.run_start import wait_until_quiet
from benchmarks.table import CONSOLE
from runtime.base.settings import DEFAULT_PREPARED_NETWORKS
from runtime.containers import INSTANCE_LABEL
from testing.live_server import LiveServer

RUNS = 200
AT_ONCE = 8
MEMORY_MBYTES = 256


def measure(server: LiveServer) -> None:
    actor = server.sample("hello")
    run_all(server, actor, 2 * AT_ONCE)
    before = counts(server)
    started = time.monotonic()
    run_all(server, actor, RUNS)
    secs = time.monotonic() - started
    after = counts(server)
    table = Table("", "before", "after", title=f"{RUNS} runs in {secs:.0f} s", title_justify="left")
    for name, value in before.items():
        table.add_row(name, str(value), str(after[name]))
    CONSOLE.print(table)


def run_all(server: LiveServer, actor: str, runs: int) -> None:
    def run(_: int) -> None:
        assert server.finished_run(actor, memory=MEMORY_MBYTES)["status"] == "SUCCEEDED"

    with ThreadPoolExecutor(AT_ONCE) as threads:
        list(threads.map(run, range(runs)))


def counts(server: LiveServer) -> Mapping[str, int]:
    wait_until_quiet(server, DEFAULT_PREPARED_NETWORKS)
    process, engine = psutil.Process(server.pid), docker.from_env()
    only = {"label": f"{INSTANCE_LABEL}={server.instance_id}"}
    found = {
        "threads of the server": process.num_threads(),
        "descriptors of the server": process.num_fds(),
        "containers, with those of prepared networks": len(engine.containers.list(all=True, filters=dict(only))),
        "networks": len(engine.networks.list(filters=dict(only))),
    }
    engine.close()
    return found
