"""`make screenshots`: writes a picture of every page of the console, in both themes and two widths.

The pictures are build/screenshots/PAGE-THEME-WIDTH.png; the four of README.md are copied to docs/images. They show a
temporary server with the stage of the console's tests, and crawls of a small web site. With names of pages as
arguments, only these are written.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from testing.console_stage import set_stage
from testing.live_server import ROOT, LiveServer
from tests.console.browser import NARROW, THEMES, WIDE, Visit, open_browser
from tests.crawls.site import Site

Json = dict[str, Any]

FOLDER = ROOT / "build" / "screenshots"
README_FOLDER = ROOT / "docs" / "images"
README_PICTURES = {
    "runs": "runs-light-1440",
    "run": "crawl-dark-1440",
    "start": "crawler-start-light-1440",
    "fit": "crawler-fit-dark-1440",
}
SITE_PAGES = 400
CRAWLS = ((256, 60), (512, 120), (512, 200), (1024, 150), (512, 40))
"""The memory in megabytes and the pages of the crawls in the list of runs."""
FIT_SIZES = (128, 256, 512, 1024)


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as data_dir:
        server = LiveServer(Path(data_dir))
        server.start()
        try:
            _write_all(server, sys.argv[1:])
        finally:
            server.close()


def _write_all(server: LiveServer, names: list[str]) -> None:
    site = Site(SITE_PAGES)
    site.opened.set()
    gateway = server.control("GET", "info")["engine"]["gateway"]
    with site.serving(gateway) as url, sync_playwright() as playwright, open_browser(playwright) as browser:
        paths = {**_crawls(server, url), **set_stage(server).paths()}
        for name in names or paths:
            print(f"screenshots: {name}", flush=True)
            _write(browser, f"http://localhost:{server.port}", name, paths[name])
    for name, picture in README_PICTURES.items():
        if (FOLDER / f"{picture}.png").exists():
            shutil.copy(FOLDER / f"{picture}.png", README_FOLDER / f"{name}.png")


def _crawls(server: LiveServer, url: str) -> dict[str, str]:
    """Crawl the site several times, let a crawl run out of memory, and fit the crawler. Returns the pages to show."""
    print("screenshots: crawling a web site", flush=True)
    crawler, hog = server.sample("crawler"), server.sample("memory_hog")
    for memory, pages in CRAWLS:
        server.finished_run(crawler, _input(url, pages), memory=memory)
    killed = server.finished_run(hog, {"stepSecs": 0.6, "stepMbytes": 8}, memory=256)
    return {
        "crawl": f"/actors/runs/{killed['id']}#log",
        "crawler-start": f"/actors/{crawler}",
        "crawler-fit": f"/actors/{crawler}/fit/{_fit(server, crawler, url)}",
    }


def _input(url: str, pages: int) -> Json:
    return {"startUrls": [{"url": f"{url}/0"}], "maxPages": pages}


def _fit(server: LiveServer, actor: str, url: str) -> str:
    inputs = [{"label": "150 pages", "body": _input(url, 150)}]
    order = {"actor": actor, "inputs": inputs, "sizes": FIT_SIZES, "repeat": 2, "strategy": "balanced"}
    fit = server.http.post("/greenroom/fits", json=order).raise_for_status().json()
    while fit["status"] in ("RUNNING", "STOPPING"):
        change = {"after": fit["changes"], "waitSecs": 10}
        fit = server.http.get(f"/greenroom/fits/{fit['id']}", params=change).raise_for_status().json()
    return str(fit["id"])


def _write(browser: Browser, origin: str, name: str, path: str) -> None:
    for size in (WIDE, NARROW):
        context = browser.new_context(viewport=size, device_scale_factor=2)
        visit = Visit(context.new_page(), origin)
        visit.open(path)
        for theme in THEMES:
            visit.page.emulate_media(color_scheme="light" if theme == "light" else "dark", reduced_motion="reduce")
            visit.wait_until_drawn()
            visit.page.screenshot(path=FOLDER / f"{name}-{theme}-{size['width']}.png")
        context.close()


if __name__ == "__main__":
    main()
