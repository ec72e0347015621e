"""A page of the console in a real browser, and what must hold on each of them."""

from __future__ import annotations

import gzip
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Locator, Page, Playwright, Request, ViewportSize

from api.console.console import BUILD

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
AXE = Path(__file__).parents[2] / "console" / "node_modules" / "axe-core" / "axe.min.js"
WIDE: ViewportSize = {"width": 1440, "height": 960}
NARROW: ViewportSize = {"width": 380, "height": 800}
THEMES = ("light", "dark")
PATIENCE_MILLIS = 60_000

FOUND = """async (rules) => {
    const options = rules ? {runOnly: rules} : {runOnly: ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]}
    const {violations} = await axe.run(document, {...options, resultTypes: ["violations"], iframes: false})
    return violations
        .filter(({impact}) => impact === "serious" || impact === "critical")
        .map(({id, nodes}) => [id, ...nodes.map(({html, target}) => `${target} ${html.slice(0, 160)}`)].join("\\n    "))
}"""


def launch_options() -> list[str]:
    return ["--disable-dev-shm-usage", "--no-proxy-server"] + (["--no-sandbox"] if os.geteuid() == 0 else [])


@contextmanager
def open_browser(playwright: Playwright) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=launch_options())
    yield browser
    browser.close()


def gzipped_bytes(paths: Iterable[str]) -> int:
    """Return how large these files of the console are together, each compressed alone."""
    return sum(len(gzip.compress((BUILD / path.removeprefix("/")).read_bytes())) for path in paths)


class Visit:
    """One browser window on a server. It records what must not happen: errors, and requests to other hosts."""

    def __init__(self, page: Page, origin: str) -> None:
        self.page = page
        self.origin = origin
        self.problems: list[str] = []
        self._allowed: list[str] = []
        page.set_default_timeout(PATIENCE_MILLIS)
        page.on("pageerror", lambda error: self.problems.append(f"error: {error}"))
        page.on("console", self._record_message)
        page.on("request", self._check_address)

    def open(self, path: str) -> None:
        """Open an address, and wait until its page is drawn and nothing is loading."""
        self.page.goto(self.origin + path)
        self.wait_until_drawn()

    def allow(self, url: str) -> str:
        """Allow requests whose URL starts with this one, and return it."""
        self._allowed.append(url)
        return url

    def wait_until_drawn(self) -> None:
        self.page.locator("main h1, main [role=alert]").first.wait_for()
        self.page.wait_for_function("() => !document.querySelector('[aria-label=Loading]')")

    def shown_id(self) -> Locator:
        """Return the ID in the top bar: that of the record which the page shows."""
        return self.page.locator("nav[aria-label=Breadcrumb] code")

    def status(self) -> Locator:
        """Return the status beside the title."""
        return self.page.locator("header:has(> h1) > span:first-child")

    def press(self, *keys: str) -> None:
        """Press keys one after the other."""
        for key in keys:
            self.page.keyboard.press(key)

    def files(self) -> set[str]:
        """Return the paths of the scripts and style sheets that the page has requested."""
        urls: list[str] = self.page.evaluate("() => performance.getEntriesByType('resource').map(({name}) => name)")
        return {path for path in (urlsplit(url).path for url in urls) if path.endswith((".js", ".css"))}

    def violations(self, *rules: str) -> list[str]:
        """Return what axe finds that is serious. With rules, only these are checked."""
        if not self.page.evaluate("() => 'axe' in window"):
            self.page.evaluate(AXE.read_text())
        found: list[str] = self.page.evaluate(FOUND, list(rules) or None)
        return found

    def overflow(self) -> int:
        """Return by how many pixels the document is wider than the window."""
        wider: int = self.page.evaluate("() => document.documentElement.scrollWidth - window.innerWidth")
        return wider

    def _record_message(self, message: Any) -> None:
        if "Content Security Policy" in message.text or "Content-Security-Policy" in message.text:
            self.problems.append(message.text)

    def _check_address(self, request: Request) -> None:
        if request.url.startswith(tuple(self._allowed)):
            return
        address = urlsplit(request.url)
        own, host = urlsplit(self.origin).netloc, address.netloc
        if address.scheme not in ("blob", "data") and host != own and not host.endswith(f".runs.{own}"):
            self.problems.append(f"a request left the machine: {request.method} {request.url}")
