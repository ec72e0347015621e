"""The page of a run: the explanation, the log with the cursor that it shares with the curves, and orders."""

from __future__ import annotations

import pytest

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
