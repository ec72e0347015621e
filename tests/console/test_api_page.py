"""The API page: requests with the session, and the same requests as commands without it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from testing.console_stage import ConsoleStage
from tests.console.browser import Visit

pytestmark = pytest.mark.docker


def test_a_request_is_sent_with_the_session_and_copied_without_it(visit: Visit, stage: ConsoleStage) -> None:
    page = visit.page
    visit.open("/api?operation=GET%20/v2/actors")
    page.get_by_role("textbox", name="limit").fill("1")
    page.get_by_role("button", name="Send").click()
    response = page.get_by_label("Response")
    expect(response).to_contain_text("200 OK")
    expect(response).to_contain_text('"limit": 1')
    page.get_by_role("button", name="Copy as curl").click()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.splitlines()[1].strip() == '-H "Authorization: Bearer $APIFY_TOKEN"'
    assert "/v2/actors?limit=1" in copied


def test_a_request_that_deletes_is_sent_only_after_a_confirmation(visit: Visit, stage: ConsoleStage) -> None:
    page = visit.page
    visit.open("/api?operation=DELETE%20/v2/schedules/{schedule}")
    page.get_by_role("textbox", name="schedule").fill("none")
    page.get_by_role("button", name="Send").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    expect(page.get_by_label("Response")).to_have_count(0)
    page.get_by_role("button", name="Send").click()
    page.get_by_role("dialog").get_by_role("button", name="Send the request").click()
    expect(page.get_by_label("Response")).to_contain_text("404")
