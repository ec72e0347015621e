"""The progress of the crawl. The crawl writes it, and the web page reads it."""

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
        self.recent = [page, *self.recent][:RECENT]  # a new list, because the web page reads it in another thread

    def report(self) -> dict[str, object]:
        return {
            "state": self.state,
            "crawled": self.crawled,
            "failed": self.failed,
            "elapsedSecs": round(self.elapsed_secs, 1),
            "recent": self.recent,
        }
