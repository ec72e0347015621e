"""The proxy as Actors see it: what it does not reach, whom it serves, and what a crash of the server leaves."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from runtime.base.addresses import HOST_IN_CONTAINERS
from testing.live_server import LiveServer
from tests.crawls.site import Site
from tests.engine import PATIENCE_SECS, python_actor

pytestmark = pytest.mark.docker

PROBE = """
import asyncio, http.client, base64, os
from apify import Actor

HOST, PORT = os.environ["APIFY_PROXY_HOSTNAME"], int(os.environ["APIFY_PROXY_PORT"])

def status(target, password, method="CONNECT"):
    connection = http.client.HTTPConnection(HOST, PORT, timeout=30)
    credentials = base64.b64encode(f"auto:{password}".encode()).decode()
    connection.request(method, target, headers={"Proxy-Authorization": f"Basic {credentials}"})
    return connection.getresponse().status

async def main():
    async with Actor:
        given = await Actor.get_input()
        password = os.environ["APIFY_PROXY_PASSWORD"]
        found = {target: status(target, password) for target in given["targets"]}
        found["http"] = status(given["api"], password, "GET")
        found["wrong"] = status("example.com:443", "wrong")
        await Actor.set_value("OUTPUT", found)
        print("password", password)

asyncio.run(main())
"""
LOOP = """
import os, time, urllib.request

environment = os.environ
address = "http://groups-RESIDENTIAL,session-a:{APIFY_PROXY_PASSWORD}@{APIFY_PROXY_HOSTNAME}:{APIFY_PROXY_PORT}"
opener = urllib.request.build_opener(urllib.request.ProxyHandler({"http": address.format(**environment)}))
while True:
    try:
        opener.open(environment["SITE"] + "/1", timeout=10).read()
    except OSError as problem:
        print(problem, flush=True)
    time.sleep(0.05)
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    server = LiveServer(tmp_path_factory.mktemp("proxied"), environment={"GREENROOM_PROXY_ALLOW": HOST_IN_CONTAINERS})
    server.start()
    yield server
    server.close()


def until(read: Any, holds: Any) -> Any:
    deadline = time.monotonic() + PATIENCE_SECS
    while not holds(value := read()):
        assert time.monotonic() < deadline, value
        time.sleep(0.1)
    return value


def proxy_process(server: LiveServer) -> psutil.Process:
    [process] = [each for each in psutil.Process(server.pid).children() if "runtime.proxy" in " ".join(each.cmdline())]
    return process


def residential(server: LiveServer, run: dict[str, Any]) -> dict[str, int]:
    use = server.http.get(f"/greenroom/runs/{run['id']}/proxy").raise_for_status().json()["data"]
    found: dict[str, int] = use.get("RESIDENTIAL", {"requests": 0})
    return found


def test_nothing_on_this_machine_is_reached_without_permission(server: LiveServer) -> None:
    """Not even the API on the host that is allowed. Logs do not show the password."""
    info = server.control("GET", "info")
    gateway = info["engine"]["gateway"] or "127.0.0.1"
    api = f"http://{HOST_IN_CONTAINERS}:{server.port}/v2/users/me"
    rejected = [
        *(f"{host}:{server.port}" for host in (HOST_IN_CONTAINERS, "localhost", "127.0.0.1", gateway, "[::1]")),
        *("169.254.169.254:80", "localhost:22", f"{gateway}:22", "127.0.0.1:2375", "172.17.0.2:4321"),
    ]
    actor = python_actor(server, "probes-the-proxy", PROBE)
    run = server.finished_run(actor, {"targets": rejected, "api": api})
    assert run["status"] == "SUCCEEDED", server.text(f"logs/{run['id']}")
    found = server.http.get(f"/v2/key-value-stores/{run['defaultKeyValueStoreId']}/records/OUTPUT").json()
    assert found == {**dict.fromkeys(rejected, 403), "http": 403, "wrong": 407}
    assert "apify_proxy_" not in server.text(f"logs/{run['id']}")
    assert "apify_proxy_" not in server.log()


def test_the_password_of_a_user_is_not_shown(server: LiveServer) -> None:
    password = server.data("GET", "users/me")["proxy"]["password"]
    shown = [*proxy_process(server).cmdline(), str(server.control("GET", "info")), server.log()]
    assert password
    assert not [text for text in shown if password in text]


def test_a_user_can_use_the_proxy_outside_of_runs(server: LiveServer) -> None:
    info = server.control("GET", "info")
    password = server.data("GET", "users/me")["proxy"]["password"]
    site = Site(2)
    site.opened.set()
    with site.serving(info["engine"]["gateway"]) as url:
        with httpx.Client(proxy=info["proxyUrl"].replace("://", f"://auto:{password}@")) as client:
            assert client.get("http://proxy.apify.com/?format=json").json()["connected"] is True
            assert client.get(f"{url}/1").status_code == 200
        with httpx.Client(proxy=info["proxyUrl"].replace("://", "://auto:wrong@")) as client:
            assert client.get(f"{url}/1").status_code == 407


def test_a_run_still_has_its_proxy_after_a_crash_of_the_server(server: LiveServer) -> None:
    """The next server uses the same port, and the run's counters continue. The first process does not remain."""
    site = Site(2)
    site.opened.set()
    with site.serving(server.control("GET", "info")["engine"]["gateway"]) as url:
        run = server.run(python_actor(server, "uses-the-proxy", LOOP, SITE=url))
        before = until(lambda: residential(server, run), lambda use: use["requests"] > 10)
        process, address = proxy_process(server), server.control("GET", "info")["proxyUrl"]
        server.kill()
        until(process.is_running, lambda running: not running or process.status() == psutil.STATUS_ZOMBIE)
        server.start()
        assert server.control("GET", "info")["proxyUrl"] == address
        until(lambda: residential(server, run), lambda use: use["requests"] > before["requests"] + 10)
        proxy_process(server).kill()
        now = residential(server, run)
        until(lambda: residential(server, run), lambda use: use["requests"] > now["requests"] + 10)
        server.data("POST", f"actor-runs/{run['id']}/abort")
        ended = server.wait(f"actor-runs/{run['id']}")
    assert ended["usage"]["PROXY_RESIDENTIAL_TRANSFER_GBYTES"] > 0
    counted, visits = residential(server, run)["requests"], site.visits.total()
    assert visits * 0.5 < counted <= visits  # up to a second of each crash is lost


def test_off(tmp_path: Path) -> None:
    server = LiveServer(tmp_path, environment={"GREENROOM_PROXY_UPSTREAM": "off"})
    server.start()
    try:
        assert server.data("GET", "users/me")["proxy"] == {"password": "", "groups": []}
        assert server.control("GET", "info")["proxyUrl"] is None
        assert not [each for each in psutil.Process(server.pid).children() if "runtime.proxy" in str(each.cmdline())]
    finally:
        server.close()
