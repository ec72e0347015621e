"""A request to the Standby address of a run that is ready, beside the same request to its container, and through nginx.

nginx shows how much of the difference every proxy has: a process has to be woken two more times for each request.
"""

from __future__ import annotations

import http.client
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from statistics import median

from benchmarks.table import show_ratios
from benchmarks.web_server.measure import address_of
from benchmarks.web_server.nginx import is_installed, nginx
from testing.live_server import LiveServer

ROUNDS = 15
REQUESTS = 300
DOCKERFILE = 'FROM apify/actor-node:20\nCOPY main.js ./\nCMD ["node", "main.js"]\n'
PROGRAM = """
const { createServer } = require('node:http');
createServer((request, response) => response.end(process.env.ACTOR_RUN_ID)).listen(process.env.ACTOR_WEB_SERVER_PORT);
"""


def measure(server: LiveServer) -> None:
    if not is_installed():
        return
    files = [
        {"name": name, "format": "TEXT", "content": content}
        for name, content in (("Dockerfile", DOCKERFILE), ("main.js", PROGRAM))
    ]
    actor = server.actor("served", files)
    server.data("PUT", f"acts/{actor}", json={"actorStandby": {"isEnabled": True, "memoryMbytes": 4096}})
    standby = {"Authorization": "Bearer any-token", "Host": f"local--served.localhost:{server.port}"}
    run_id = server.http.get("/", headers=standby).raise_for_status().text
    container = address_of(server.data("GET", f"actor-runs/{run_id}"))
    host, _, port = container.partition(":")
    with tempfile.TemporaryDirectory(prefix="greenroom-bench-") as folder, nginx(Path(folder), container) as other:
        rounds = [
            (
                median_micros(host, int(port), "/", {}),
                median_micros("127.0.0.1", other[0], "/", {}),
                median_micros("127.0.0.1", server.port, "/", standby),
            )
            for _ in range(ROUNDS)
        ]
    title = "Request to a server in Node.js, median"
    show_ratios(title, "µs", "the container", "nginx", [(direct, through) for direct, through, _ in rounds])
    show_ratios(title, "µs", "the container", "Standby", [(direct, through) for direct, _, through in rounds])


def median_micros(host: str, port: int, path: str, headers: Mapping[str, str]) -> float:
    """The median time of requests that one connection sends one after another."""
    connection, times = http.client.HTTPConnection(host, port), []
    for _ in range(REQUESTS):
        began = time.perf_counter()
        connection.request("GET", path, headers=dict(headers))
        connection.getresponse().read()
        times.append((time.perf_counter() - began) * 1e6)
    connection.close()
    return median(times)
