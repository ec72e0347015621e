"""What a user does with a run from its start to its export, in one window that is never loaded again."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from testing.console_stage import ConsoleStage
from testing.live_server import LiveServer
from tests.console.browser import Visit
from tests.crawls.site import Site

pytestmark = pytest.mark.docker

PAGES = 5_000
"""More than a run crawls before the test aborts it."""
MARK = "window.isSameDocument = true"


@pytest.fixture
def site(console_server: LiveServer) -> Iterator[str]:
    """A web site that containers can crawl."""
    site = Site(PAGES)
    site.opened.set()
    with site.serving(console_server.control("GET", "info")["engine"]["gateway"]) as url:
        yield f"{url}/0"


def test_a_crawl_from_the_form_to_its_resurrection(visit: Visit, console_server: LiveServer, site: str) -> None:
    page = visit.page
    visit.open(f"/actors/{console_server.sample('crawler')}")
    page.evaluate(MARK)
    page.get_by_label("Start URLs, item 1", exact=True).fill(site)
    page.get_by_label("Pages", exact=True).fill(str(PAGES))
    page.get_by_role("button", name="Start Ctrl Enter").click()

    page.wait_for_url(re.compile(r"/runs/\w+"))
    run = f"actor-runs/{page.url.rpartition('/')[2]}"
    expect(visit.status()).to_have_text("Running")
    log = page.get_by_label("Log", exact=True)
    expect(log).to_contain_text(f"Crawling from {site}")
    expect(page.get_by_label("Explanation")).to_contain_text(re.compile(r"Crawled \d+ pages"))
    expect_growth(items_of(visit))
    page.get_by_role("button", name="Show as table").click()
    samples = page.get_by_role("table").locator("tbody tr")
    samples.nth(2).wait_for()

    abort(page, "Now")
    expect(visit.status()).to_have_text("Aborted")
    assert console_server.data("GET", run)["status"] == "ABORTED"
    stored = number_in(items_of(visit))

    page.get_by_role("button", name="Resurrect").first.click()
    page.get_by_role("dialog").get_by_role("button", name="Resurrect the run").click()
    expect(visit.status()).to_have_text("Running")
    expect_growth(items_of(visit), stored)
    abort(page, "Gracefully")
    expect(visit.status()).to_have_text("Aborting")
    console_server.data("POST", f"{run}/abort")  # the crawler would use the 30 seconds that it has left
    expect(visit.status()).to_have_text("Aborted")

    page.get_by_label("Find in the log").fill("Crawling from")
    expect(page.get_by_role("search").get_by_role("status")).to_have_text("2 lines")
    page.get_by_role("button", name="Next match").click()
    expect(page.get_by_role("search").get_by_role("status")).to_have_text("1 of 2")

    items = console_server.items(console_server.data("GET", run))
    page.get_by_role("tab", name="Output").click()
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name="CSV").click()
    header, *rows = download.value.path().read_text("utf-8-sig").splitlines()
    assert (header, len(rows)) == ("url,title,depth,links", len(items))
    assert len(items) >= stored
    assert page.evaluate("window.isSameDocument")


def abort(page: Page, how: str) -> None:
    page.get_by_role("button", name="Abort").click()
    page.get_by_role("menuitem", name=how).click()


def items_of(visit: Visit) -> Locator:
    """Return the number of stored items among the facts of a run."""
    return visit.page.locator("dl > div", has=visit.page.get_by_text("Items", exact=True)).locator("dd").first


def expect_growth(number: Locator, above: int = 0) -> None:
    """Wait until a shown number is above another one, and then grows again."""
    for _ in range(2):
        number.page.wait_for_function(
            "([element, above]) => Number(element.textContent.replaceAll(',', '')) > above",
            arg=[number.element_handle(), above],
        )
        above = number_in(number)


def number_in(element: Locator) -> int:
    return int((element.text_content() or "").replace(",", ""))


def test_a_run_that_was_out_of_memory_is_explained_and_started_again_with_more(
    visit: Visit, stage: ConsoleStage, console_server: LiveServer
) -> None:
    page = visit.page
    visit.open(f"/actors/runs/{stage.failed_run}")
    card = page.get_by_label("Explanation")
    expect(card.get_by_role("heading", level=2)).to_contain_text("memory")
    expect(card).to_contain_text("exit code: 137")
    expect(card.locator("code").last).to_contain_text("--memory 256")
    card.get_by_role("button", name="Start again with 256 MB").click()
    expect(visit.shown_id()).not_to_have_text(stage.failed_run)
    run = console_server.data("GET", f"actor-runs/{visit.shown_id().text_content()}")
    assert (run["options"]["memoryMbytes"], run["actId"]) == (256, console_server.sample("memory_hog"))
    expect(visit.status()).to_have_text("Failed")
    expect(page.get_by_role("button", name="Start again with 512 MB")).to_be_visible()


def test_the_web_server_of_a_run_is_shown_in_a_frame(visit: Visit, stage: ConsoleStage) -> None:
    visit.open(f"/actors/runs/{stage.live_run}#live-view")
    frame = visit.page.frame_locator("main iframe")
    expect(frame.locator("body")).to_contain_text('"method": "GET"')
    sandbox = visit.page.locator("main iframe").get_attribute("sandbox") or ""
    assert "allow-same-origin" not in sandbox.split()
