"""A request to the Standby address of a run that is ready, beside the same request to its container."""

from __future__ import annotations

import http.client
import time
from collections.abc import Mapping
from statistics import median

from benchmarks.table import show_ratios
from benchmarks.web_server.measure import address_of
from testing.live_server import LiveServer

ROUNDS = 15
REQUESTS = 300
DOCKERFILE = 'FROM apify/actor-node:20\nCOPY main.js ./\nCMD ["node", "main.js"]\n'
PROGRAM = """
const { createServer } = require('node:http');
createServer((request, response) => response.end(process.env.ACTOR_RUN_ID)).listen(process.env.ACTOR_WEB_SERVER_PORT);
"""


def measure(server: LiveServer) -> None:
    files = [
        {"name": name, "format": "TEXT", "content": content}
        for name, content in (("Dockerfile", DOCKERFILE), ("main.js", PROGRAM))
    ]
    actor = server.actor("served", files)
    server.data("PUT", f"acts/{actor}", json={"actorStandby": {"isEnabled": True, "memoryMbytes": 4096}})
    path, token = "/greenroom/standby/local--served/", {"Authorization": "Bearer any-token"}
    run_id = server.http.get(path).raise_for_status().text
    host, _, port = address_of(server.data("GET", f"actor-runs/{run_id}")).partition(":")
    pairs = [
        (median_micros(host, int(port), "/", {}), median_micros("127.0.0.1", server.port, path, token))
        for _ in range(ROUNDS)
    ]
    show_ratios("Request to a server in Node.js, median", "µs", "the container", "Standby", pairs)


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
