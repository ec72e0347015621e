"""The Fit tab: a fit is started, followed, applied and started again in the browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from testing.console_stage import ConsoleStage
from tests.console.browser import Visit

pytestmark = pytest.mark.docker


def test_a_fit_is_measured_live_and_applied_with_one_click(visit: Visit, stage: ConsoleStage) -> None:
    page = visit.page
    visit.open(f"/actors/{stage.actor}/fit/new")
    page.get_by_label("512 MB").uncheck()
    page.get_by_label("Repeats").fill("1")
    page.get_by_label("Name of the input").fill("the usual one")
    page.get_by_role("button", name="Start the fit").click()
    page.get_by_text("Running since").wait_for()
    page.get_by_role("heading", name="Use ").wait_for(timeout=60_000)
    assert visit.violations() == []
    page.get_by_role("button", name="Apply to the Actor").click()
    expect(page.get_by_role("button", name="Applied to the Actor")).to_be_disabled()
    page.get_by_role("button", name="Report").click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name="Web page").click()
    assert download.value.suggested_filename == "hello-fit.html"
    assert "<h1>hello</h1>" in download.value.path().read_text()
    page.get_by_role("link", name="Run again").click()
    expect(page.get_by_label("Name of the input")).to_have_value("the usual one")
    expect(page.get_by_label("512 MB")).not_to_be_checked()
