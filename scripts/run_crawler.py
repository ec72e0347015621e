"""`make run`: the sample crawler in a real container, crawling a small web site that this script serves.

The site listens on the instance bridge's gateway, where containers reach this machine. While the run is RUNNING its own
web page is fetched through `containerUrl`, as anybody who knows that address could. Exits 0 when the run succeeded and
its page answered.
"""

from __future__ import annotations

import html
import json
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx

from cli import run, server
from cli.errors import Problem
from cli.server import Server
from runtime.base.addresses import HOST_IN_CONTAINERS
from runtime.base.settings import default_data_dir

CRAWLER = Path(__file__).resolve().parent.parent / "sample_actors" / "crawler"
MEMORY_MBYTES = 512
PAGES = 12
LINKS_PER_PAGE = 3
SHORTEST_RUN_SECS = 8
PAGE_WIDTH = 160
POLL_SECS = 0.25


class Site(BaseHTTPRequestHandler):
    """Twelve pages, each linking to the next three."""

    def do_GET(self) -> None:
        number = self.path.removeprefix("/page/")
        if self.path != "/" and not (number.isdecimal() and int(number) < PAGES):
            self.send_error(404)
            return
        body = _page(int(number) if number.isdecimal() else 0).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """What the crawler asks for is in the run's log."""


@dataclass
class Visit:
    """What the Actor's web page answered while its run was RUNNING; None until it did."""

    answer: str | None = None


def main() -> int:
    data_dir = default_data_dir()
    try:
        with server.borrowed(data_dir) as found, site(found.info["engine"]["gateway"]) as url:
            visit = Visit()
            visitor = threading.Thread(target=look_at_web_page, args=(found, visit), daemon=True)
            visitor.start()
            code = run.run(call(data_dir, url))
            visitor.join(timeout=2 * POLL_SECS)
    except Problem as problem:
        print(f"make run: {problem}", file=sys.stderr)
        return 1
    print(f"Web page   {visit.answer or 'never answered while the run was RUNNING'}")
    return code if visit.answer else code or 1


def call(data_dir: Path, url: str) -> run.Call:
    input = {"startUrls": [{"url": url}], "maxPages": PAGES, "minDurationSecs": SHORTEST_RUN_SECS}
    return run.Call(
        folder=CRAWLER,
        data_dir=data_dir,
        body=json.dumps(input).encode(),
        memory_mbytes=MEMORY_MBYTES,
        timeout_secs=None,
        as_json=False,
    )


@contextmanager
def site(gateway: str | None) -> Iterator[str]:
    """Serve the site; its address as containers know it."""
    httpd = ThreadingHTTPServer((gateway or "127.0.0.1", 0), Site)
    threading.Thread(target=httpd.serve_forever, daemon=True).start()
    try:
        yield f"http://{HOST_IN_CONTAINERS}:{httpd.server_port}/"
    finally:
        httpd.shutdown()
        httpd.server_close()


def look_at_web_page(found: Server, visit: Visit) -> None:
    """Wait for a new run of the crawler to have its web server ready, then fetch the page."""
    with httpx.Client(base_url=found.url, headers=found.authorization, trust_env=False, timeout=10) as http:
        before = last_run(http)
        while visit.answer is None:
            seen = last_run(http)
            is_new = seen is not None and (before is None or seen["id"] != before["id"])
            if seen is not None and is_new and seen["status"] == "RUNNING" and seen["isContainerServerReady"]:
                page = httpx.get(seen["containerUrl"], timeout=10, trust_env=False)
                visit.answer = f"{page.status_code} {' '.join(page.text.split())}"[:PAGE_WIDTH]
            time.sleep(POLL_SECS)


def last_run(http: httpx.Client) -> Any:
    answer = http.get("/v2/actors/me~crawler/runs/last")
    return answer.json()["data"] if answer.is_success else None


def _page(number: int) -> str:
    title = html.escape(f"Page {number}")
    following = [(number + step) % PAGES for step in range(1, LINKS_PER_PAGE + 1)]
    links = "".join(f'<li><a href="/page/{each}">Page {each}</a></li>' for each in following)
    return f"<!doctype html><title>{title}</title><h1>{title}</h1><ul>{links}</ul>"


if __name__ == "__main__":
    sys.exit(main())
