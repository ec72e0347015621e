"""Changes that arrive by themselves: in other tabs, after the server was away, and in very long lists and logs."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, expect

from benchmarks.console_scrolling import LOG_ACTOR, LOG_LINES
from benchmarks.run_lists import MANY, add_runs
from testing.console_stage import ConsoleStage
from testing.live_server import LiveServer
from tests.console.browser import WIDE, Visit
from tests.engine import python_actor

pytestmark = pytest.mark.docker

MOST_IN_DOCUMENT = 200
MOST_LONGER_MILLIS = 200
LONG_TASKS = """
window.longTasks = []
new PerformanceObserver(list => window.longTasks.push(...list.getEntries().map(({duration}) => duration)))
    .observe({type: "longtask", buffered: true})
"""
EMPTY_PAGE = "/nothing/here"
ATTEMPTS = 3
COUNTDOWN = re.compile(r"Offline.*Retrying (in \d s|now)")


def test_another_tab_shows_what_happens_in_this_one(
    visit: Visit, stage: ConsoleStage, console_server: LiveServer
) -> None:
    visit.open("/actors/runs")
    run = console_server.run(stage.actor, {"sleepSecs": 100}, memory=128)
    other = Visit(visit.page.context.new_page(), visit.origin)
    other.open(f"/actors/runs/{run['id']}")
    expect(other.status()).to_have_text("Running")
    row = visit.page.locator(f"tr[data-row={run['id']}]")
    expect(row).to_contain_text("Running")
    other.page.get_by_role("button", name="Abort").click()
    other.page.get_by_role("menuitem", name="Now").click()
    expect(row).to_contain_text("Aborted")
    assert other.problems == []


def test_the_list_does_not_move_while_the_user_points_at_it(
    visit: Visit, stage: ConsoleStage, console_server: LiveServer
) -> None:
    visit.open("/actors/runs")
    page = visit.page
    pointed = page.locator("tr[data-row]").nth(1)
    identity, place = pointed.get_attribute("data-row"), pointed.bounding_box()
    new = page.get_by_role("button", name=re.compile(r"^\d+ new runs?$"))
    assert place is not None
    run = console_server.run(stage.actor, memory=128)
    for step in range(1_000):
        page.mouse.move(place["x"] + 300 + step % 2, place["y"] + 10)
        if new.is_visible():
            break
    expect(new).to_be_visible()
    assert (pointed.get_attribute("data-row"), pointed.bounding_box()) == (identity, place)
    new.click()
    expect(page.locator("tr[data-row]").first).to_have_attribute("data-row", run["id"])
    console_server.wait(f"actor-runs/{run['id']}")
    expect(page.locator("tr[data-row]").first).to_contain_text("Succeeded")


@dataclass(frozen=True, slots=True)
class Large:
    """A server with `MANY` runs. `run` is the one that has a log, almost as long as a log can be."""

    server: LiveServer
    run: str

    def add(self, count: int) -> None:
        """Store further runs until there are `count`. The server must be stopped."""
        with ThreadPoolExecutor(1) as threads:  # this thread has the event loop of Playwright
            threads.submit(lambda: asyncio.run(add_runs(self.server.data_dir, self.run, count - 1))).result()


@pytest.fixture(scope="module")
def large(engine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Large]:
    server = LiveServer(tmp_path_factory.mktemp("large"))
    server.start()
    run = server.finished_run(python_actor(server, "long-log", LOG_ACTOR), memory=1024)
    large = Large(server, run["id"])
    server.interrupt()
    large.add(MANY)
    server.start()
    yield large
    server.close()


@pytest.fixture
def window(browser: Browser, large: Large) -> Iterator[Visit]:
    """A window on this server, which records long tasks."""
    context = browser.new_context(viewport=WIDE)
    context.add_init_script(LONG_TASKS)
    visit = Visit(context.new_page(), f"http://localhost:{large.server.port}")
    yield visit
    context.close()
    assert visit.problems == []


def test_the_console_is_current_again_after_the_server_was_away(window: Visit, large: Large) -> None:
    window.open("/actors/runs")
    other = Visit(window.page.context.new_page(), window.origin)
    other.open(f"/actors/runs/{large.run}#log")
    tabs = (window.page, other.page)
    for page in tabs:
        expect(page.locator("div[data-state=connected]")).to_be_visible()
        page.evaluate("window.isSameDocument = true")
    large.server.kill()
    large.add(MANY + 1)
    for page in tabs:
        expect(page.locator("div[data-state=offline]")).to_contain_text(COUNTDOWN)
    window.page.get_by_role("button", name=re.compile("^Actions of run")).first.click()
    expect(window.page.get_by_role("menuitem", name="Resurrect")).to_be_disabled()
    window.press("Escape")
    expect(other.page.get_by_role("button", name="Resurrect")).to_be_disabled()
    expect(other.page.get_by_role("button", name="Start again", exact=True)).to_be_disabled()
    large.server.start()
    for page in tabs:
        expect(page.locator("div[data-state=connected]")).to_be_visible()
    expect(window.page.get_by_role("table", name="Runs")).to_have_attribute("aria-rowcount", str(MANY + 2))
    expect(other.page.get_by_role("button", name="Resurrect")).to_be_enabled()
    assert [page.evaluate("window.isSameDocument") for page in tabs] == [True, True]


def test_10_000_runs_and_a_log_of_10_mb_do_not_block_the_page(window: Visit, large: Large) -> None:
    page = window.page
    allowed = longest_task(window, EMPTY_PAGE) + MOST_LONGER_MILLIS
    assert longest_task(window, "/actors/runs") <= allowed
    rows = page.locator("tr[data-row]")
    page.mouse.move(700, 600)
    for _ in range(5):
        top = rows.first.get_attribute("data-row")
        page.mouse.wheel(0, 1_500)
        expect(rows.first).not_to_have_attribute("data-row", top or "")
        assert 0 < rows.count() <= MOST_IN_DOCUMENT

    assert longest_task(window, f"/actors/runs/{large.run}#log") <= allowed
    log = page.get_by_label("Log", exact=True)
    for share, number in ((0.5, LOG_LINES // 2), (1, LOG_LINES - 1)):
        log.evaluate("(pane, share) => { pane.scrollTop = pane.scrollHeight * share }", share)
        expect(log).to_contain_text(f"line {number // 10:05}")
        assert 0 < log.locator("[data-row]").count() <= MOST_IN_DOCUMENT


def longest_task(visit: Visit, path: str) -> float:
    """Open an address several times, and return the duration of the longest task of the best time."""
    longest: list[float] = []
    for _ in range(ATTEMPTS):
        visit.page.goto("about:blank")
        visit.open(path)
        longest.append(visit.page.evaluate("Math.max(0, ...window.longTasks)"))
    return min(longest)
