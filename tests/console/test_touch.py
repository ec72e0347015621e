"""The console on a phone: menus are sheets at the bottom, and the tabs scroll to the current one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Download, expect

from testing.console_stage import ConsoleStage
from testing.live_server import LiveServer
from tests.console.browser import NARROW, Visit

pytestmark = pytest.mark.docker


@pytest.fixture
def phone(browser: Browser, console_server: LiveServer) -> Iterator[Visit]:
    context = browser.new_context(viewport=NARROW, has_touch=True, is_mobile=True)
    visit = Visit(context.new_page(), f"http://localhost:{console_server.port}")
    yield visit
    context.close()
    assert visit.problems == []


def test_a_tap_opens_a_sheet_and_selects_nothing_of_it(phone: Visit, stage: ConsoleStage) -> None:
    page = phone.page
    downloads: list[Download] = []
    page.on("download", lambda download: downloads.append(download))
    phone.open(stage.paths()["run-output"])
    export = page.get_by_role("button", name="Export")
    place = export.bounding_box()
    export.tap()
    sheet = page.get_by_role("menu")
    expect(sheet).to_be_visible()
    box = sheet.bounding_box()
    assert place is not None and box is not None
    assert (box["x"], box["width"], box["y"] + box["height"]) == (0, NARROW["width"], NARROW["height"])
    assert box["y"] < place["y"], "the sheet does not cover the button, so the test shows nothing"
    assert downloads == []
    with page.expect_download() as download:
        page.get_by_role("menuitem", name="CSV").tap()
    assert download.value.suggested_filename.endswith(".csv")


def test_a_second_tap_closes_the_menu(phone: Visit, stage: ConsoleStage) -> None:
    page = phone.page
    phone.open(stage.paths()["run-live"])
    abort = page.get_by_role("button", name="Abort")
    abort.tap()
    expect(page.get_by_role("menu")).to_be_visible()
    abort.tap()
    expect(page.get_by_role("menu")).to_be_hidden()
    expect(phone.status()).to_have_text("Running")


def test_the_current_tab_is_in_view_also_when_numbers_have_moved_it(phone: Visit, stage: ConsoleStage) -> None:
    phone.open(stage.paths()["run-api"])
    expect(phone.page.get_by_role("tab", selected=True)).to_be_in_viewport(ratio=1)
