"""Greenroom's proxy side by side with nginx: both forward to the web server of the same container.

The two alternate, and everything shares the processors. So ratios are medians of the ratios of neighbours.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import TypeVar

from benchmarks.live_runs import container_id
from benchmarks.table import show, show_ratios
from benchmarks.web_server import upstream
from benchmarks.web_server.load import (
    CONNECTIONS,
    Proxy,
    download_cpu_millis,
    download_growth,
    echo_times,
    event_delays,
    small_responses,
    upload_cpu_millis,
    upload_growth,
)
from benchmarks.web_server.nginx import is_installed, nginx
from testing.live_server import LiveServer

T = TypeVar("T")
ROUNDS = 9
REQUESTS = 10_000
EVENTS = 100
MESSAGES = 1000
DOCKERFILE = 'FROM apify/actor-python:3.13\nCOPY main.py ./\nCMD ["python", "main.py"]\n'


def measure(server: LiveServer) -> None:
    if not is_installed():
        return
    run = server.run(_actor(server), memory=4096, timeout=3600)
    run = server.until(f"actor-runs/{run['id']}", lambda now: now["isContainerServerReady"])
    with (
        tempfile.TemporaryDirectory(prefix="greenroom-bench-") as folder,
        nginx(Path(folder), address_of(run)) as other,
    ):
        host = f"{_key(run['containerUrl'])}.runs.localhost:{server.port}"
        _compare(Proxy(*other, host), Proxy(server.port, server.pid, host))
    server.data("POST", f"actor-runs/{run['id']}/abort")


def _compare(nginx: Proxy, greenroom: Proxy) -> None:
    small_responses(nginx, REQUESTS // 10)
    small_responses(greenroom, REQUESTS // 10)
    small = _alternate(nginx, greenroom, lambda proxy: small_responses(proxy, REQUESTS))
    for index, (what, unit) in enumerate((("CPU of a request", "µs"), ("p99 of a request", "ms"))):
        values = [(first[index], second[index]) for first, second in small]
        show_ratios(f"{what}, small responses, {CONNECTIONS} connections", unit, "nginx", "Greenroom", values)
    new = _alternate(nginx, greenroom, lambda proxy: small_responses(proxy, REQUESTS, new_heads=True)[0])
    show_ratios("CPU of a request, if no head is the same", "µs", "nginx", "Greenroom", new)
    for what, cost in (("a download", download_cpu_millis), ("an upload", upload_cpu_millis)):
        show_ratios(f"CPU of {what} of 100 MB", "ms", "nginx", "Greenroom", _alternate(nginx, greenroom, cost))
    for what, growth in (("a download", download_growth), ("an upload", upload_growth)):
        pairs = _alternate(nginx, greenroom, growth)
        growths = {"nginx": [first for first, _ in pairs], "Greenroom": [second for _, second in pairs]}
        show(f"Growth of the memory during {what} of 1 GB", "MB", growths)
    delays = _alternate(nginx, greenroom, lambda proxy: median(event_delays(proxy, EVENTS)))
    show_ratios("Delay of a server-sent event", "µs", "nginx", "Greenroom", delays)
    times = _alternate(nginx, greenroom, lambda proxy: median(echo_times(proxy, MESSAGES)))
    show_ratios("Round trip of a WebSocket message", "µs", "nginx", "Greenroom", times)


def _alternate(first: Proxy, second: Proxy, measure_one: Callable[[Proxy], T]) -> list[tuple[T, T]]:
    return [(measure_one(first), measure_one(second)) for _ in range(ROUNDS)]


def _actor(server: LiveServer) -> str:
    files = {"Dockerfile": DOCKERFILE, "main.py": Path(upstream.__file__).read_text()}
    sources = [{"name": name, "format": "TEXT", "content": content} for name, content in files.items()]
    return server.actor("fast-web-server", sources)


def _key(url: str) -> str:
    """The key in the address of a web server, in either form."""
    return url.rpartition("/")[2].partition(".")[0]


def address_of(run: dict[str, str]) -> str:
    """Where this host reaches the web server of a run. The container knows its address in a prepared network, too."""
    command = ["docker", "exec", container_id(run["id"]), "hostname", "-i"]
    found = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    return f"{found}:4321"
