"""Starts of `hello`, compared with `docker run` of the same image: to the first line, to the end, and 16 at once.

All use Greenroom's network and the same memory and CPU limits. They alternate, so that noise affects all. Each
measurement begins when the networks for the next runs are prepared. A second server, which prepares none, shows what
they contribute.
"""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.table import show
from runtime.base.settings import DEFAULT_PREPARED_NETWORKS
from runtime.containers import INSTANCE_LABEL
from runtime.containers.network_sandboxes import SANDBOX_LABEL
from testing.live_server import LiveServer

ROUNDS = 15
BURST_ROUNDS = 5
BURST = 16
MEMORY_MBYTES = 512
BURST_MEMORY_MBYTES = 256
FIRST_LINE = "Hello Actor is awake"

Work = Callable[[], float | None]
"""Returns the end of what is measured, if it is not the end of the call, as a value of `time.monotonic`."""


@dataclass(frozen=True)
class Contender:
    """A way to run `hello`: one run until its first line, one to its end, and a burst of runs to their end."""

    first_line: Work
    whole: Work
    burst: Work
    prepare: Callable[[], None] = lambda: None


def measure(server: LiveServer) -> None:
    with server_without_prepared_networks() as plain:
        contenders = {
            "docker run": docker(server),
            "Greenroom without prepared networks": greenroom(plain, prepared=0),
            "Greenroom": greenroom(server, prepared=DEFAULT_PREPARED_NETWORKS),
        }
        first_lines = {name: each.first_line for name, each in contenders.items()}
        compare("Start of `hello` until its first line", contenders, first_lines, ROUNDS)
        wholes = {name: each.whole for name, each in contenders.items()}
        compare("`hello` to its end: `docker run --rm` and `run-sync`", contenders, wholes, ROUNDS)
        bursts = {name: each.burst for name, each in contenders.items()}
        compare(f"{BURST} starts at once, until the last one has ended", contenders, bursts, BURST_ROUNDS)


def compare(title: str, contenders: dict[str, Contender], works: dict[str, Work], rounds: int) -> None:
    results: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            for contender in contenders.values():  # so that no network is prepared during a measurement
                contender.prepare()
            started = time.monotonic()
            ended = work() or time.monotonic()
            results[name].append((ended - started) * 1000)
    show(title, "ms", results)


@contextmanager
def server_without_prepared_networks() -> Iterator[LiveServer]:
    with tempfile.TemporaryDirectory(prefix="greenroom-bench-") as folder:
        server = LiveServer(Path(folder), environment={"GREENROOM_PREPARED_NETWORKS": "0"})
        server.start()
        try:
            yield server
        finally:
            server.close()


def greenroom(server: LiveServer, prepared: int) -> Contender:
    actor = server.sample("hello")

    def first_line() -> float:
        run = server.run(actor, memory=MEMORY_MBYTES)
        with server.http.stream("GET", f"/v2/logs/{run['id']}", params={"stream": 1}) as log:
            next(line for line in log.iter_lines() if FIRST_LINE in line)
            return time.monotonic()

    def whole(memory: int = MEMORY_MBYTES) -> None:
        server.http.post(f"/v2/acts/{actor}/run-sync", params={"memory": memory}).raise_for_status()

    prepare = partial(wait_until_quiet, server, prepared)
    return Contender(first_line, whole, lambda: at_once(partial(whole, BURST_MEMORY_MBYTES)), prepare)


def docker(server: LiveServer) -> Contender:
    run = server.finished_run(server.sample("hello"), memory=MEMORY_MBYTES)
    image = f"greenroom-{server.instance_id}:{run['buildId']}"
    network = server.control("GET", "info")["engine"]["network"]

    def first_line() -> float:
        with started(MEMORY_MBYTES) as process:
            assert process.stdout is not None
            next(line for line in process.stdout if FIRST_LINE in line)
            return time.monotonic()

    def whole(memory: int = MEMORY_MBYTES) -> None:
        with started(memory) as process:
            process.communicate()

    def started(memory: int) -> subprocess.Popen[str]:
        limits = ["--memory", f"{memory}m", "--memory-swap", f"{memory}m", "--cpu-quota", "100000"]
        command = ["docker", "run", "--rm", "--init", "--network", network, *limits, image]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)

    return Contender(first_line, whole, lambda: at_once(partial(whole, BURST_MEMORY_MBYTES)))


def at_once(work: Callable[[], object]) -> None:
    with ThreadPoolExecutor(BURST) as threads:
        for each in [threads.submit(work) for _ in range(BURST)]:
            each.result()


def wait_until_quiet(server: LiveServer, prepared: int) -> None:
    """Wait until no run is live, and as many networks are prepared."""
    while server.control("GET", "info")["liveRuns"] or count_sandboxes(server) != prepared:
        time.sleep(0.1)


def count_sandboxes(server: LiveServer) -> int:
    filters = ["--filter", f"label={INSTANCE_LABEL}={server.instance_id}", "--filter", f"label={SANDBOX_LABEL}"]
    listed = subprocess.run(["docker", "ps", "--quiet", *filters], capture_output=True, text=True, check=True)
    return len(listed.stdout.split())
