"""Crawlers of both SDKs share a queue and a dataset, one is killed half way, and the other one finishes its work.

What a crawler does with a page is two calls: it pushes the item, then it marks the request as handled. One that dies
in between leaves a page that is in the dataset and to be crawled again, here as on the platform. These pages are known
as soon as it is dead; they, and no others, must be in the dataset twice.
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
"""How long a dead crawler's requests are out of reach; 0 leaves it to the SDK. `make crawls` does, with 5,000 pages."""
AT_ONCE = 5
MEMORY_MBYTES = 4096
"""A whole core; both SDKs take their time."""
HERE = Path(__file__).parent

pytestmark = [pytest.mark.docker, pytest.mark.timeout(120 + PAGES // 3)]


def abort(server: LiveServer, run: Json) -> None:
    server.data("POST", f"actor-runs/{run['id']}/abort")


def kill(server: LiveServer, run: Json) -> None:
    with engine() as client:
        container_of(client, run).kill()


@dataclass(frozen=True)
class Crawl:
    """What two runs of one Actor have in common, and what the test sees of it from outside."""

    server: LiveServer
    actor: str
    site: Site
    input: Json

    def run(self) -> Json:
        return self.server.run(self.actor, self.input, memory=MEMORY_MBYTES, timeout=0)

    def queue(self) -> Json:
        """Empty until a crawler has made it."""
        return self._opened(f"request-queues/~{self.input['name']}")

    def dataset(self) -> Json:
        return self._opened(f"datasets/~{self.input['name']}")

    def requests(self) -> list[Json]:
        found: list[Json] = self.server.data("GET", f"request-queues/~{self.input['name']}/requests")["items"]
        return found

    def items(self) -> list[Json]:
        answer = self.server.http.get(f"/v2/datasets/~{self.input['name']}/items")
        items: list[Json] = answer.raise_for_status().json()
        return items

    def until(self, holds: Callable[[], Any], *runs: Json) -> None:
        """Wait until it holds, which it must before one of these runs ends."""
        while not holds():
            for run in runs:
                now = self.server.data("GET", f"actor-runs/{run['id']}")
                assert now["finishedAt"] is None, self.server.text(f"logs/{run['id']}")
            time.sleep(0.1)

    def _opened(self, path: str) -> Json:
        answer = self.server.http.get(f"/v2/{path}")
        return answer.json()["data"] if answer.is_success else {}


@pytest.mark.parametrize(
    ("language", "access", "end"),
    [
        pytest.param("python", "shared", abort, id="python-shared-aborted"),
        pytest.param("python", "single", kill, id="python-single-killed"),
        pytest.param("javascript", "shared", kill, id="javascript-killed"),
    ],
)
def test_survivor_finishes_the_crawl(
    server: LiveServer, language: str, access: str, end: Callable[[LiveServer, Json], None]
) -> None:
    """In single mode, which is for one crawler at a time, the survivor begins when the other one is dead."""
    site = Site(PAGES)
    actor = server.actor(f"crawl-{language}-{access}", source_files(HERE / f"{language}_actor"))
    with site.serving(server.control("GET", "info")["engine"]["gateway"]) as url:
        given = {"site": url, "name": f"crawl-{language}-{access}", "access": access}
        crawl = Crawl(server, actor, site, {**given, "atOnce": AT_ONCE, "lockSecs": LOCK_SECS})
        doomed = crawl.run()
        beside = [crawl.run()] if access == "shared" else []
        if beside:
            crawl.until(lambda: crawl.queue().get("hadMultipleClients"), doomed, *beside)
        site.opened.set()
        crawl.until(lambda: crawl.dataset().get("itemCount", 0) >= PAGES / 2, doomed, *beside)
        end(server, doomed)
        assert server.wait(f"actor-runs/{doomed['id']}")["status"] in ("ABORTED", "FAILED")
        left = left_in_between(crawl, doomed)
        [survivor] = beside or [crawl.run()]
        ended = server.wait(f"actor-runs/{survivor['id']}")
        assert ended["status"] == "SUCCEEDED", server.text(f"logs/{survivor['id']}")
    check_dataset(crawl, [doomed["id"], survivor["id"]], left)
    check_queue(crawl)


def left_in_between(crawl: Crawl, doomed: Json) -> set[str]:
    """The pages whose items a dead crawler pushed and whose requests it did not mark as handled."""
    pushed = {item["url"] for item in crawl.items() if item["run"] == doomed["id"]}
    assert pushed, "It crawled nothing before it was killed"
    left = pushed & {request["url"] for request in crawl.requests() if request.get("handledAt") is None}
    assert len(left) <= AT_ONCE
    return left


def check_dataset(crawl: Crawl, runs: list[str], left: set[str]) -> None:
    pushed: dict[str, list[str]] = {}
    for item in crawl.items():
        pushed.setdefault(item["url"], []).append(item["run"])
    assert set(pushed) == {f"{crawl.input['site']}/{number}" for number in range(PAGES)}
    assert {url: by for url, by in pushed.items() if len(by) > 1} == dict.fromkeys(left, runs)
    assert {by for [by, *_] in pushed.values()} == set(runs)
    dataset = crawl.dataset()
    assert (dataset["itemCount"], dataset["cleanItemCount"]) == (PAGES + len(left),) * 2
    assert crawl.site.visits.total() - PAGES <= AT_ONCE, crawl.site.visits.most_common(2 * AT_ONCE)


def check_queue(crawl: Crawl) -> None:
    queue = crawl.queue()
    assert queue["hadMultipleClients"]
    counts = [queue[f"{name}RequestCount"] for name in ("total", "handled", "pending")]
    assert counts == [PAGES, PAGES, 0]
    requests = crawl.requests()
    assert len({request["id"] for request in requests}) == PAGES
    assert [each for each in requests if each.get("handledAt") is None or "lockExpiresAt" in each] == []
