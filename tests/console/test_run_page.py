"""The page of a run: the explanation, the log with the cursor that it shares with the curves, and orders."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from testing.console_stage import ConsoleStage
from tests.console.browser import Visit

pytestmark = pytest.mark.docker


def test_a_failed_run_is_explained_and_its_log_is_searched(visit: Visit, stage: ConsoleStage) -> None:
    visit.open(f"/actors/runs/{stage.failed_run}")
    page = visit.page
    page.get_by_role("heading", name="The kernel killed the process python").wait_for()
    page.get_by_role("button", name="Start again with 256 MB").wait_for()
    page.get_by_label("Find in the log").fill("Holding 16 MB")
    page.get_by_text("1 line", exact=True).wait_for()
    page.keyboard.press("Enter")
    page.locator("mark", has_text="Holding 16 MB").click()
    page.get_by_role("listitem").filter(has_text="at 0:0").wait_for()  # the cursor of the curves
    assert "find=Holding+16+MB" in page.url
    assert "line=" in page.url


def test_a_rejected_order_shows_the_words_of_the_server(visit: Visit, stage: ConsoleStage) -> None:
    visit.open(f"/actors/runs/{stage.succeeded_run}")
    page = visit.page
    page.get_by_role("button", name="Resurrect").click()
    page.get_by_label("Build").fill("9.9.9")
    page.get_by_role("button", name="Resurrect the run").click()
    page.get_by_role("dialog").get_by_role("alert").get_by_text("'9.9.9'").wait_for()


def test_an_ended_run_starts_again_with_one_click_or_with_another_input(visit: Visit, stage: ConsoleStage) -> None:
    path = f"/actors/runs/{stage.succeeded_run}"
    visit.open(path)
    page = visit.page
    page.get_by_role("button", name="Start again", exact=True).click()
    expect(visit.shown_id()).not_to_have_text(stage.succeeded_run)
    visit.open(path)
    page.get_by_role("button", name="Other ways to start again").click()
    page.get_by_role("menuitem", name="Edit the input").click()
    page.wait_for_url(f"**/actors/{stage.actor}?run={stage.succeeded_run}")
    expect(page.get_by_text("The input of the run of")).to_be_visible()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Ada")
