"""How the crawl is doing, written by the crawl and read by the web page."""

from __future__ import annotations

import time

RECENT = 20

Page = dict[str, str | int]


class Progress:
    def __init__(self) -> None:
        self.started = time.monotonic()
        self.state = "starting"
        self.crawled = 0
        self.failed = 0
        self.recent: list[Page] = []

    @property
    def elapsed_secs(self) -> float:
        return time.monotonic() - self.started

    def add(self, page: Page) -> None:
        self.crawled += 1
        self.recent = [page, *self.recent][:RECENT]  # a new list, as the web page reads from another thread

    def report(self) -> dict[str, object]:
        return {
            "state": self.state,
            "crawled": self.crawled,
            "failed": self.failed,
            "elapsedSecs": round(self.elapsed_secs, 1),
            "recent": self.recent,
        }
