"""Standby on a real engine: a killed server adopts its runs, and a run that exits is replaced."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from testing.live_server import LiveServer
from tests.engine import eventually, python_actor

pytestmark = pytest.mark.docker

PROGRAM = """
import os, sys, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/exit":
            threading.Timer(0.05, os._exit, [3]).start()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(os.environ["ACTOR_RUN_ID"].encode())

ThreadingHTTPServer(("", int(os.environ["ACTOR_WEB_SERVER_PORT"])), Handler).serve_forever()
"""


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[LiveServer]:
    live = LiveServer(tmp_path)
    live.start()
    yield live
    live.close()


def test_a_killed_server_continues_with_its_runs(own_server: LiveServer) -> None:
    server = own_server
    actor = python_actor(server, "killed", PROGRAM)
    settings = {"isEnabled": True, "memoryMbytes": 512, "idleTimeoutSecs": 60}
    server.data("PUT", f"acts/{actor}", json={"actorStandby": settings})
    address = "/greenroom/standby/local--killed"
    run_id = server.http.get(address).text
    server.kill()
    with pytest.raises(httpx.TransportError):
        server.http.get(address)
    server.start()
    assert server.http.get(address).text == run_id
    server.http.get(f"{address}/exit")
    time.sleep(0.1)  # the Actor has exited, but its run has not ended yet
    other = server.http.get(address).text
    assert other != run_id
    assert eventually(lambda: server.data("GET", f"actor-runs/{run_id}")["status"] == "FAILED")
    assert server.data("GET", f"actor-runs/{other}")["meta"]["origin"] == "STANDBY"
    runs = server.data("GET", f"acts/{actor}/runs")
    assert runs["total"] == 2
