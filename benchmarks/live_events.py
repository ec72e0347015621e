"""The CPU cost of one open page of the web console with 50 live runs, side by side with no open page.

Each run is sampled about once a second. The page listens to all lists, and to one of the runs.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from benchmarks.live_runs import SETTLE_SECS, container_id, cpu_percent
from benchmarks.table import show
from testing.live_server import LiveServer

RUNS = 50
MEMORY_MBYTES = 128
ROUNDS = 4
PARTS = 3
"""The length of a round, in those of `cpu_percent`."""
FORGET_SECS = 62
"""After this time, the server no longer prepares for the return of a closed page."""


def measure(server: LiveServer) -> None:
    actor = server.sample("hello")
    runs = [server.run(actor, {"sleepSecs": 3600}, memory=MEMORY_MBYTES, timeout=3600) for _ in range(RUNS)]
    for run in runs:
        container_id(run["id"])
    time.sleep(SETTLE_SECS)
    without_page, with_page, counts = [], [], []
    for _ in range(ROUNDS):
        without_page.append(server_percent(server))
        with open_page(server, runs[0]["id"]) as page:
            time.sleep(2)
            before = page.events
            started = time.monotonic()
            with_page.append(server_percent(server))
            counts.append((page.events - before) / (time.monotonic() - started))
        time.sleep(FORGET_SECS)
    for run in runs:
        server.data("POST", f"actor-runs/{run['id']}/abort")
    added = [with_one - without for with_one, without in zip(with_page, without_page, strict=True)]
    show(
        f"CPU of the server with {RUNS} live runs",
        "% of a core",
        {"no open page": without_page, "one open page": with_page, "the page": added},
    )
    show("Events to the page", "1/s", {"Greenroom": counts})


def server_percent(server: LiveServer) -> float:
    """How many percent of a core the server uses during one round."""
    parts = [sum(cpu_percent([server.pid])) for _ in range(PARTS)]
    return sum(parts) / len(parts)


class Page:
    """Counts the events of a stream."""

    def __init__(self, response: httpx.Response) -> None:
        self.events = 0
        self._response = response

    def read(self) -> None:
        try:
            for line in self._response.iter_lines():
                self.events += line.startswith("event: ")
        except (httpx.HTTPError, httpx.StreamError):
            return  # the benchmark closed the stream


@contextmanager
def open_page(server: LiveServer, run_id: str) -> Iterator[Page]:
    params = {"topics": f"runs,builds,records,server,run:{run_id}"}
    with server.http.stream("GET", "/greenroom/events", params=params, timeout=60) as response:
        page = Page(response.raise_for_status())
        threading.Thread(target=page.read, daemon=True).start()
        yield page
