"""`make run`: runs the sample crawler in a real container. It crawls a small web site that this script serves.

The site listens on the gateway of the instance's bridge, where containers reach this machine. While the run is RUNNING,
this script fetches the Actor's own web page through `containerUrl`. The exit code is 0 if the run succeeded and the
page could be fetched.
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

from cli import server
from cli.commands.run import run_actor
from cli.errors import ABORTED, CommandError
from cli.runs.start_options import StartArguments
from cli.runs.target import RunArguments
from cli.server import RunningServer
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
    """Serves twelve pages. Each links to the next three."""

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
        """Log nothing: the run's log shows which pages the crawler requests."""


@dataclass
class WebPage:
    """The response of the Actor's web page while its run was RUNNING. None until the page could be fetched."""

    response: str | None = None


def main() -> int:
    data_dir = default_data_dir()
    try:
        with server.find_or_start(data_dir) as found, site(found.info["engine"]["gateway"]) as url:
            page = WebPage()
            fetching = threading.Thread(target=fetch_web_page, args=(found, page), daemon=True)
            fetching.start()
            code = run_actor(crawler_arguments(data_dir, url))
            fetching.join(timeout=2 * POLL_SECS)
    except CommandError as error:
        print(f"make run: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return ABORTED
    print(f"Web page   {page.response or 'did not respond while the run was RUNNING'}")
    return code if page.response else code or 1


def crawler_arguments(data_dir: Path, url: str) -> RunArguments:
    input = {"startUrls": [{"url": url}], "maxPages": PAGES, "minDurationSecs": SHORTEST_RUN_SECS}
    start = StartArguments(data_dir=data_dir, body=json.dumps(input).encode(), memory_mbytes=MEMORY_MBYTES)
    return RunArguments(source=str(CRAWLER), start=start)


@contextmanager
def site(gateway: str | None) -> Iterator[str]:
    """Serve the site; yield its URL for containers."""
    httpd = ThreadingHTTPServer((gateway or "127.0.0.1", 0), Site)
    threading.Thread(target=httpd.serve_forever, daemon=True).start()
    try:
        yield f"http://{HOST_IN_CONTAINERS}:{httpd.server_port}/"
    finally:
        httpd.shutdown()
        httpd.server_close()


def fetch_web_page(found: RunningServer, page: WebPage) -> None:
    """Wait until the web server of a new run is ready, then fetch its page."""
    with httpx.Client(base_url=found.url, headers=found.authorization, trust_env=False, timeout=10) as http:
        previous = last_run(http)
        while page.response is None:
            run = last_run(http)
            is_new = run is not None and (previous is None or run["id"] != previous["id"])
            if run is not None and is_new and run["status"] == "RUNNING" and run["isContainerServerReady"]:
                response = httpx.get(run["containerUrl"], timeout=10, trust_env=False)
                page.response = f"{response.status_code} {' '.join(response.text.split())}"[:PAGE_WIDTH]
            time.sleep(POLL_SECS)


def last_run(http: httpx.Client) -> Any:
    response = http.get("/v2/actors/me~crawler/runs/last")
    return response.json()["data"] if response.is_success else None


def _page(number: int) -> str:
    title = html.escape(f"Page {number}")
    next_numbers = [(number + step) % PAGES for step in range(1, LINKS_PER_PAGE + 1)]
    links = "".join(f'<li><a href="/page/{each}">Page {each}</a></li>' for each in next_numbers)
    return f"<!doctype html><title>{title}</title><h1>{title}</h1><ul>{links}</ul>"


if __name__ == "__main__":
    sys.exit(main())
