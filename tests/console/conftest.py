from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Playwright, expect, sync_playwright

from testing.console_stage import ConsoleStage, set_stage
from testing.live_server import LiveServer
from tests.console.browser import CHROMIUM, PATIENCE_MILLIS, WIDE, Visit, open_browser


@pytest.fixture(scope="module")  # its event loop must not run beside those of other tests
def playwright() -> Iterator[Playwright]:
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed (apt-get install chromium)")
    expect.set_options(timeout=PATIENCE_MILLIS)
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    with open_browser(playwright) as browser:
        yield browser


@pytest.fixture(scope="session")
def console_server(engine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server of which only tests of the console use the records."""
    live = LiveServer(tmp_path_factory.mktemp("console"))
    live.start()
    yield live
    live.close()


@pytest.fixture(scope="session")
def stage(console_server: LiveServer) -> ConsoleStage:
    return set_stage(console_server)


@pytest.fixture
def visit(browser: Browser, console_server: LiveServer) -> Iterator[Visit]:
    """A window of a new browser profile. Fails if a page broke a rule that holds everywhere."""
    context = browser.new_context(viewport=WIDE, color_scheme="light")
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    visit = Visit(context.new_page(), f"http://localhost:{console_server.port}")
    yield visit
    context.close()
    assert visit.problems == []
