"""`make screenshots`: writes a picture of every page of the console, in both themes and two widths.

The pictures are build/screenshots/PAGE-THEME-WIDTH.png. They show a temporary server with the stage of the console's
tests. With names of pages as arguments, only these are written.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from testing.console_stage import set_stage
from testing.live_server import ROOT, LiveServer
from tests.console.browser import NARROW, THEMES, WIDE, Visit, open_browser

FOLDER = ROOT / "build" / "screenshots"


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
    paths = set_stage(server).paths()
    with sync_playwright() as playwright, open_browser(playwright) as browser:
        for name in names or paths:
            print(f"screenshots: {name}", flush=True)
            _write(browser, f"http://localhost:{server.port}", name, paths[name])


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
