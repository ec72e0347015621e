"""The start of a server and its memory when it is idle, compared with an app of FastAPI and uvicorn with one route.

Both run uvicorn with uvloop and httptools, and without lifespan, access log and configuration of logging. They
alternate, so that noise affects both. Before the first round, each starts once, which writes the files of bytecode and
the data directory. A start ends with the first response; it is requested every few milliseconds. CPU time and memory
are those of the server's own process. The last table adds the process of the proxy.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path

import psutil

from benchmarks.table import show_ratios
from testing.live_server import LiveServer, free_port

ROUNDS = 11
POLL_SECS = 0.004
IDLE_SECS = 2.0
"""After the first response, until memory is measured."""
MBYTE = 1_000_000
BARE = """
import sys
import uvicorn
from fastapi import FastAPI

app = FastAPI(openapi_url=None)

@app.get("/v2/users/me")
async def get_user() -> dict[str, str]:
    return {"username": "local"}

uvicorn.run(
    app, port=int(sys.argv[1]), loop="uvloop", http="httptools", lifespan="off", log_config=None, access_log=False
)
"""
WITH_BYTECODE = {"PYTHONDONTWRITEBYTECODE": ""}


@dataclass(frozen=True, slots=True)
class Footprint:
    """Milliseconds until the first response, and memory in MB."""

    millis: float
    cpu_millis: float
    memory: float
    memory_with_children: float


RESULTS: dict[tuple[str, str], Callable[[Footprint], float]] = {
    ("Start until the first response", "ms"): attrgetter("millis"),
    ("CPU time until the first response", "ms"): attrgetter("cpu_millis"),
    ("Idle memory (RSS)", "MB"): attrgetter("memory"),
    ("Idle memory (RSS), with the process of the proxy", "MB"): attrgetter("memory_with_children"),
}


def measure() -> None:
    with tempfile.TemporaryDirectory(prefix="greenroom-bench-") as folder:
        server = LiveServer(Path(folder), environment=WITH_BYTECODE)
        try:
            compare(lambda: footprint_of_bare(free_port()), lambda: footprint_of_greenroom(server))
        finally:
            server.close()


def compare(bare: Callable[[], Footprint], greenroom: Callable[[], Footprint]) -> None:
    bare()
    greenroom()
    pairs = [(bare(), greenroom()) for _ in range(ROUNDS)]
    for (title, unit), value in RESULTS.items():
        ratios = [(value(one), value(other)) for one, other in pairs]
        show_ratios(title, unit, "FastAPI and uvicorn", "Greenroom", ratios)


def footprint_of_bare(port: int) -> Footprint:
    started = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-c", BARE, str(port)],
        env={**os.environ, **WITH_BYTECODE},
        stderr=subprocess.DEVNULL,
    )
    return footprint(process, port, started)


def footprint_of_greenroom(server: LiveServer) -> Footprint:
    started = time.monotonic()
    server.begin_to_start()
    assert server.process is not None
    return footprint(server.process, server.port, started)


def footprint(server: subprocess.Popen[bytes], port: int, started: float) -> Footprint:
    """Measure a process that was started at this time and serves this port, and stop it."""
    process = psutil.Process(server.pid)
    try:
        while not responds(port):
            assert server.poll() is None, "the server did not start"
            time.sleep(POLL_SECS)
        millis, cpu = (time.monotonic() - started) * 1000, process.cpu_times()
        time.sleep(IDLE_SECS)
        memory = process.memory_info().rss / MBYTE
        children = sum(each.memory_info().rss for each in process.children()) / MBYTE
        return Footprint(millis, (cpu.user + cpu.system) * 1000, memory, memory + children)
    finally:
        server.terminate()
        server.wait()


def responds(port: int) -> bool:
    request = f"GET /v2/users/me HTTP/1.1\r\nHost: localhost:{port}\r\nAuthorization: Bearer any\r\n\r\n"
    try:
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(request.encode())
            response = connection.recv(1024)
    except ConnectionRefusedError:
        return False
    assert response.startswith(b"HTTP/1.1 200"), response
    return True
