"""The sample Actor with a browser: a crawl, and what happens when one kind of memory is used up."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from testing.api_client import SAMPLES, Json
from testing.live_server import LiveServer
from testing.source_files import source_files
from tests.crawls.site import Site

PAGES = 3
MEMORY_MBYTES = 1024
SMALL_HEAP = "ENV NODE_OPTIONS=--max-old-space-size=128\n"

pytestmark = [
    pytest.mark.docker,
    pytest.mark.skipif("GREENROOM_BROWSER_IMAGES" not in os.environ, reason="needs an image with a browser"),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    server = LiveServer(tmp_path_factory.mktemp("browser"))
    server.start()
    yield server
    server.close()


@pytest.fixture(scope="module")
def actor(server: LiveServer) -> str:
    return server.actor("browser", source_files(SAMPLES / "browser"))


def crawl(server: LiveServer, actor: str, exhaust: str) -> tuple[Json, str]:
    """Return the run, and its log."""
    site = Site(PAGES)
    site.opened.set()
    with site.serving(server.control("GET", "info")["engine"]["gateway"]) as url:
        given = {"startUrls": [{"url": f"{url}/0"}], "maxPages": PAGES, "exhaust": exhaust}
        run = server.finished_run(actor, given, memory=MEMORY_MBYTES)
    return run, server.text(f"logs/{run['id']}")


def test_it_crawls_a_site(server: LiveServer, actor: str) -> None:
    run, log = crawl(server, actor, "nothing")
    assert (run["status"], run["statusMessage"]) == ("SUCCEEDED", f"Crawled {PAGES} pages"), log
    assert sorted(item["title"] for item in server.items(run)) == [f"Page /{number}" for number in range(PAGES)]


def test_a_page_that_needs_too_much_memory_is_killed_and_the_actor_continues(server: LiveServer, actor: str) -> None:
    run, log = crawl(server, actor, "page")
    assert (run["status"], run["exitCode"]) == ("FAILED", 1)
    assert "Target crashed" in log
    assert "A process in the container was killed because it exceeded the memory limit" in log


def test_the_heap_of_node_is_named(server: LiveServer) -> None:
    files = source_files(SAMPLES / "browser")
    dockerfile = next(file for file in files if file["name"] == "Dockerfile")
    dockerfile["content"] += SMALL_HEAP
    run, _ = crawl(server, server.actor("browser-with-a-small-heap", files), "heap")
    assert run["exitCode"] == 134
    assert "V8's own limit" in run["statusMessage"]


def test_shared_memory_that_is_too_small_is_an_error_of_the_actor(server: LiveServer, actor: str) -> None:
    run, log = crawl(server, actor, "sharedMemory")
    assert (run["status"], run["exitCode"]) == ("FAILED", 1)
    assert "/dev/shm is full: ENOSPC" in log
