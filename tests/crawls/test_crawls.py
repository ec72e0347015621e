"""Two crawlers share a queue and a dataset, with each SDK. One is killed half way, and the other finishes the crawl.

For each page, a crawler makes two calls: it pushes the item, then it marks the request as handled. If it dies between
them, the page is in the dataset and will be crawled again, as on the platform. The test determines these pages when the
crawler is dead. Only they must be in the dataset twice.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from testing.api_client import Json
from testing.live_server import LiveServer
from testing.source_files import source_files
from tests.crawls.site import Site
from tests.engine import container_of, engine

PAGES = int(os.environ.get("GREENROOM_CRAWL_PAGES", "300"))
LOCK_SECS = float(os.environ.get("GREENROOM_CRAWL_LOCK_SECS", "15"))
"""How long a dead crawler's requests stay locked. 0 means the SDK's default. `make crawls` uses 0 and 5,000 pages."""
CONCURRENCY = 5
MEMORY_MBYTES = 4096
"""Enough for a whole core, because both SDKs need much CPU."""
HERE = Path(__file__).parent

pytestmark = [pytest.mark.docker, pytest.mark.timeout(120 + PAGES // 3)]


def abort(server: LiveServer, run: Json) -> None:
    server.data("POST", f"actor-runs/{run['id']}/abort")


def kill(server: LiveServer, run: Json) -> None:
    with engine() as client:
        container_of(client, run).kill()


@dataclass(frozen=True)
class Crawl:
    """The input that two runs of one Actor share, and the API's view of their storages."""

    server: LiveServer
    actor: str
    site: Site
    input: Json

    def run(self) -> Json:
        return self.server.run(self.actor, self.input, memory=MEMORY_MBYTES, timeout=0)

    def queue(self) -> Json:
        """Return the queue, or an empty object until a crawler has created it."""
        return self._storage(f"request-queues/~{self.input['name']}")

    def dataset(self) -> Json:
        return self._storage(f"datasets/~{self.input['name']}")

    def requests(self) -> list[Json]:
        found: list[Json] = self.server.data("GET", f"request-queues/~{self.input['name']}/requests")["items"]
        return found

    def items(self) -> list[Json]:
        response = self.server.http.get(f"/v2/datasets/~{self.input['name']}/items")
        items: list[Json] = response.raise_for_status().json()
        return items

    def until(self, holds: Callable[[], Any], *runs: Json) -> None:
        """Wait until `holds` returns something true. Fails if one of these runs ends first."""
        while not holds():
            for run in runs:
                now = self.server.data("GET", f"actor-runs/{run['id']}")
                assert now["finishedAt"] is None, self.server.text(f"logs/{run['id']}")
            time.sleep(0.1)

    def _storage(self, path: str) -> Json:
        response = self.server.http.get(f"/v2/{path}")
        return response.json()["data"] if response.is_success else {}


@pytest.mark.parametrize(
    ("language", "access", "end"),
    [
        pytest.param("python", "shared", abort, id="python-shared-aborted"),
        pytest.param("python", "single", kill, id="python-single-killed"),
        pytest.param("javascript", "shared", kill, id="javascript-killed"),
    ],
)
def test_the_survivor_finishes_the_crawl(
    server: LiveServer, language: str, access: str, end: Callable[[LiveServer, Json], None]
) -> None:
    """In single mode, which allows one crawler at a time, the survivor starts when the other one is dead."""
    site = Site(PAGES)
    actor = server.actor(f"crawl-{language}-{access}", source_files(HERE / f"{language}_actor"))
    with site.serving(server.control("GET", "info")["engine"]["gateway"]) as url:
        given = {"site": url, "name": f"crawl-{language}-{access}", "access": access}
        crawl = Crawl(server, actor, site, {**given, "concurrency": CONCURRENCY, "lockSecs": LOCK_SECS})
        victim = crawl.run()
        others = [crawl.run()] if access == "shared" else []
        if others:
            crawl.until(lambda: crawl.queue().get("hadMultipleClients"), victim, *others)
        site.opened.set()
        crawl.until(lambda: crawl.dataset().get("itemCount", 0) >= PAGES / 2, victim, *others)
        end(server, victim)
        assert server.wait(f"actor-runs/{victim['id']}")["status"] in ("ABORTED", "FAILED")
        pushed_twice = pushed_but_not_handled(crawl, victim)
        [survivor] = others or [crawl.run()]
        ended = server.wait(f"actor-runs/{survivor['id']}")
        assert ended["status"] == "SUCCEEDED", server.text(f"logs/{survivor['id']}")
    check_dataset(crawl, [victim["id"], survivor["id"]], pushed_twice)
    check_queue(crawl)


def pushed_but_not_handled(crawl: Crawl, victim: Json) -> set[str]:
    """Return the pages whose items a dead crawler pushed and whose requests it did not mark as handled."""
    pushed = {item["url"] for item in crawl.items() if item["run"] == victim["id"]}
    assert pushed, "the crawler stored nothing before it was killed"
    unfinished = pushed & {request["url"] for request in crawl.requests() if request.get("handledAt") is None}
    assert len(unfinished) <= CONCURRENCY
    return unfinished


def check_dataset(crawl: Crawl, runs: list[str], pushed_twice: set[str]) -> None:
    pushed: dict[str, list[str]] = {}
    for item in crawl.items():
        pushed.setdefault(item["url"], []).append(item["run"])
    assert set(pushed) == {f"{crawl.input['site']}/{number}" for number in range(PAGES)}
    assert {url: by for url, by in pushed.items() if len(by) > 1} == dict.fromkeys(pushed_twice, runs)
    assert {by for [by, *_] in pushed.values()} == set(runs)
    dataset = crawl.dataset()
    assert (dataset["itemCount"], dataset["cleanItemCount"]) == (PAGES + len(pushed_twice),) * 2
    assert crawl.site.visits.total() - PAGES <= CONCURRENCY, crawl.site.visits.most_common(2 * CONCURRENCY)


def check_queue(crawl: Crawl) -> None:
    queue = crawl.queue()
    assert queue["hadMultipleClients"]
    counts = [queue[f"{name}RequestCount"] for name in ("total", "handled", "pending")]
    assert counts == [PAGES, PAGES, 0]
    requests = crawl.requests()
    assert len({request["id"] for request in requests}) == PAGES
    assert [each for each in requests if each.get("handledAt") is None or "lockExpiresAt" in each] == []
