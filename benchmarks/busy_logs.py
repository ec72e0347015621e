"""50 live runs, five of which print 1,000 lines per second: how long a request waits, and the memory of the server.

Nothing can be answered while the event loop is blocked. So requests that follow each other closely find every time that
it is blocked for long. The same requests to a server without runs show what the machine adds. Then clients request
everything that the runs print, and live events, and read nothing: the memory of the server must not grow with what
waits for them.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import psutil

from benchmarks.live_runs import SETTLE_SECS, container_id, cpu_percent
from benchmarks.servers import new_server
from benchmarks.table import show
from testing.api_client import TOKEN
from testing.live_server import LiveServer

QUIET_RUNS = 45
BUSY_RUNS = 5
MEMORY_MBYTES = 128
ROUNDS = 6
ROUND_SECS = 10
PAUSE_SECS = 0.005
LONG_MILLIS = 50
"""The event loop should never be blocked for longer."""
UNREAD_SECS = 15.0
READERS_OF_A_RUN = 4
LINES = """
import time
lines, began = 0, time.monotonic()
while True:
    time.sleep(0.01)
    due = int((time.monotonic() - began) * 1000)
    print("\\n".join(f"Line {number} of a very verbose Actor" for number in range(lines, due)), flush=True)
    lines = due
"""
DOCKERFILE = "FROM apify/actor-python:3.13\nCOPY lines.py ./\nCMD python -S lines.py\n"


def measure(server: LiveServer) -> None:
    with ExitStack() as stack:
        idle = stack.enter_context(new_server())
        runs = start_runs(server)
        time.sleep(SETTLE_SECS)
        show_waits(server, idle)
        show_memory(server, runs[:BUSY_RUNS])
        for run in runs:
            server.data("POST", f"actor-runs/{run}/abort")


def start_runs(server: LiveServer) -> list[str]:
    """Start the busy runs, and then the others. Returns their ids."""
    files = [
        {"name": "Dockerfile", "format": "TEXT", "content": DOCKERFILE},
        {"name": "lines.py", "format": "TEXT", "content": LINES},
    ]
    quiet, busy = server.sample("hello"), server.actor("lines", files)
    inputs = [*[(busy, {})] * BUSY_RUNS, *[(quiet, {"sleepSecs": 3600})] * QUIET_RUNS]
    runs = [server.run(actor, input, memory=MEMORY_MBYTES, timeout=3600)["id"] for actor, input in inputs]
    for run in runs:
        container_id(run)
    return runs


def show_waits(server: LiveServer, idle: LiveServer) -> None:
    contenders = {"a server without runs": idle, "50 live runs": server}
    longest: dict[str, list[float]] = {name: [] for name in contenders}
    long: dict[str, list[float]] = {name: [] for name in contenders}
    cpu = []
    for _ in range(ROUNDS):
        for name, each in contenders.items():
            waits = waits_of_a_round(each)
            longest[name].append(max(waits))
            long[name].append(sum(wait > LONG_MILLIS for wait in waits))
        cpu += cpu_percent([server.pid])
    show(f"Longest wait of a request during {ROUND_SECS} seconds", "ms", longest)
    show(f"Requests during {ROUND_SECS} seconds that waited for more than {LONG_MILLIS} ms", "", long)
    show("CPU of the server", "% of a core", {"50 live runs": cpu})


def waits_of_a_round(server: LiveServer) -> list[float]:
    """Send requests one after another, with short pauses. Return how long each of them took in milliseconds."""
    waits, ends = [], time.monotonic() + ROUND_SECS
    while (began := time.monotonic()) < ends:
        server.http.get("/v2/users/me").raise_for_status()
        waits.append((time.monotonic() - began) * 1000)
        time.sleep(PAUSE_SECS)
    return waits


def show_memory(server: LiveServer, busy: list[str]) -> None:
    mbytes: dict[str, list[float]] = {}
    paths = [f"/v2/logs/{run}?stream=1" for run in busy for _ in range(READERS_OF_A_RUN)]
    with ExitStack() as stack:
        mbytes["no readers"] = memory(server)
        for path in [*paths, "/greenroom/events?topics=runs,records"]:
            stack.enter_context(unread(server, path))
        mbytes["21 readers that read nothing"] = memory(server)
        mbytes["the same, later"] = memory(server)
    show("Memory of the server", "MB", mbytes)


def memory(server: LiveServer) -> list[float]:
    """The resident memory over UNREAD_SECS."""
    values = []
    for _ in range(5):
        time.sleep(UNREAD_SECS / 5)
        values.append(psutil.Process(server.pid).memory_info().rss / 1e6)
    return values


@contextmanager
def unread(server: LiveServer, path: str) -> Iterator[None]:
    """Request a path, and read nothing of the response."""
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", server.port))
        host = f"localhost:{server.port}"
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {TOKEN}\r\n\r\n".encode())
        yield
