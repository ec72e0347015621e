"""Crawls through the proxy, with the crawlers and HTTP clients that the SDKs are used with."""

from __future__ import annotations

import os
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from runtime.base.addresses import HOST_IN_CONTAINERS
from testing.api_client import Json
from testing.live_server import LiveServer
from testing.source_files import source_files
from tests.crawls.site import Site

PAGES = int(os.environ.get("GREENROOM_CRAWL_PAGES", "300"))
FEW_PAGES = 9
CONCURRENCY = 10
MEMORY_MBYTES = 4096
HERE = Path(__file__).parent
GBYTE = 1024**3
ACCURACY = 0.01
MAX_GROWTH_BYTES = 30 * 1024 * 1024
"""What the proxy's process may grow by between the first and the last page."""
MAX_LATENCY_SECS = 0.5
"""The median time of an API request during a crawl that occupies all cores."""
BROWSERS = {
    "python": ("apify/actor-python:3.13", "apify/actor-python-playwright:3.13"),
    "javascript": ("apify/actor-node:22", "apify/actor-node-playwright-chrome:22"),
}

pytestmark = [pytest.mark.docker, pytest.mark.timeout(180 + PAGES // 3)]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server whose proxy may reach the sites of these tests."""
    server = LiveServer(tmp_path_factory.mktemp("proxied"), environment={"GREENROOM_PROXY_ALLOW": HOST_IN_CONTAINERS})
    server.start()
    yield server
    server.close()


def build(server: LiveServer, language: str, base: tuple[str, str] | None = None) -> str:
    name = f"proxied-{language}{'-browser' if base else ''}"
    found = server.http.get(f"/v2/actors/me~{name}")
    if found.is_success:
        return str(found.json()["data"]["id"])
    files = source_files(HERE / f"{language}_proxy_actor")
    for file in files:
        if base is not None and file["name"] == "Dockerfile":
            file["content"] = file["content"].replace(*base)
    return server.actor(name, files)


def crawl(server: LiveServer, actor: str, site: Site, crawler: str, *groups: str) -> Json:
    site.opened.set()
    with site.serving(server.control("GET", "info")["engine"]["gateway"]) as url:
        given = {"site": url, "with": crawler, "pages": site.pages, "groups": groups, "concurrency": CONCURRENCY}
        run = server.finished_run(actor, given, memory=MEMORY_MBYTES, timeout=0)
    assert run["status"] == "SUCCEEDED", server.text(f"logs/{run['id']}")
    return run


def proxy_use(server: LiveServer, run: Json) -> Json:
    response = server.http.get(f"/greenroom/runs/{run['id']}/proxy")
    use: Json = response.raise_for_status().json()["data"]
    return use


@contextmanager
def observed(server: LiveServer) -> Iterator[dict[str, list[float]]]:
    """Record the proxy's memory and the latency of the API while the body runs."""
    [proxy] = [each for each in psutil.Process(server.pid).children() if "runtime.proxy" in " ".join(each.cmdline())]
    seen: dict[str, list[float]] = {"memory": [], "latency": []}
    ended = threading.Event()

    def observe() -> None:
        while not ended.wait(0.2):
            began = time.perf_counter()
            server.data("GET", "users/me")
            seen["latency"].append(time.perf_counter() - began)
            seen["memory"].append(proxy.memory_info().rss)

    thread = threading.Thread(target=observe)
    thread.start()
    try:
        yield seen
    finally:
        ended.set()
        thread.join()


@pytest.mark.parametrize(("language", "crawler"), [("python", "parsel"), ("javascript", "cheerio")])
def test_a_crawl_is_complete_and_counted(server: LiveServer, language: str, crawler: str) -> None:
    site, actor = Site(PAGES), build(server, language)
    with observed(server) as seen:
        run = crawl(server, actor, site, crawler, "RESIDENTIAL")
    assert {item["url"].rpartition("/")[2] for item in server.items(run)} == set(map(str, range(PAGES)))
    [(group, use)] = proxy_use(server, run).items()
    assert (group, use["requests"]) == ("RESIDENTIAL", site.visits.total())
    assert use["sentBytes"] == pytest.approx(site.received_bytes, rel=ACCURACY)
    assert use["receivedBytes"] == pytest.approx(site.sent_bytes, rel=ACCURACY)
    transferred = site.received_bytes + site.sent_bytes
    assert run["usage"]["PROXY_RESIDENTIAL_TRANSFER_GBYTES"] * GBYTE == pytest.approx(transferred, rel=ACCURACY)
    assert use["sessions"] > 0
    memory, latency = seen["memory"], statistics.median(seen["latency"])
    slow = statistics.quantiles(seen["latency"], n=100)[98]
    print(
        f"{language}: memory {memory[0] / 1e6:.1f} to {memory[-1] / 1e6:.1f} MB, API {latency * 1000:.1f} ms (median), "
        f"{slow * 1000:.1f} ms (99th percentile)"
    )
    assert memory[-1] - memory[0] < MAX_GROWTH_BYTES
    assert latency < MAX_LATENCY_SECS


def test_httpx(server: LiveServer) -> None:
    site = Site(FEW_PAGES)
    run = crawl(server, build(server, "python"), site, "httpx")
    assert [item["status"] for item in server.items(run)] == [200] * FEW_PAGES
    use = proxy_use(server, run)["auto"]
    assert (use["requests"], use["sessions"]) == (FEW_PAGES, 3)


@pytest.mark.skipif("GREENROOM_BROWSER_IMAGES" not in os.environ, reason="needs images with browsers: make browsers")
@pytest.mark.parametrize("language", ["python", "javascript"])
def test_playwright(server: LiveServer, language: str) -> None:
    site, actor = Site(FEW_PAGES), build(server, language, BROWSERS[language])
    run = crawl(server, actor, site, "playwright", "SHADER")
    assert len(server.items(run)) == FEW_PAGES
    assert proxy_use(server, run)["SHADER"]["requests"] >= FEW_PAGES
