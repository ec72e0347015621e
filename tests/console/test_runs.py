"""The list of runs as its user works with it: changes appear, keys move, and several runs are aborted together."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, expect

from testing.console_stage import MEMORY_MBYTES, ConsoleStage
from testing.live_server import LiveServer
from tests.console.browser import NARROW, Visit

pytestmark = pytest.mark.docker


def row(visit: Visit, run_id: str) -> Locator:
    return visit.page.locator(f"tr[data-row='{run_id}']")


def test_a_new_run_appears_and_is_aborted_from_the_list(
    visit: Visit, stage: ConsoleStage, console_server: LiveServer
) -> None:
    visit.open("/actors/runs")
    expect(visit.page.get_by_text("Connected", exact=True)).to_be_visible()
    run = console_server.run(console_server.sample("web_server"), memory=MEMORY_MBYTES)
    expect(row(visit, run["id"])).to_contain_text("Running")
    row(visit, run["id"]).get_by_role("checkbox").click()
    row(visit, stage.failed_run).get_by_role("checkbox").click()
    bar = visit.page.get_by_role("toolbar", name="Selected runs")
    expect(bar).to_contain_text("2 runs selected1 already ended")
    bar.get_by_role("button", name="Abort now").click()
    dialog = visit.page.get_by_role("dialog", name="Abort the run?")
    expect(dialog).to_contain_text("1 of 2 already ended.")
    assert visit.violations() == []
    dialog.get_by_role("button", name="Abort the run").click()
    expect(row(visit, run["id"])).to_contain_text("Aborted")


def test_filters_are_in_the_address_and_keys_open_a_run(visit: Visit, stage: ConsoleStage) -> None:
    visit.open("/actors/runs")
    visit.page.keyboard.press("/")
    visit.page.keyboard.type(stage.failed_run)
    expect(visit.page.locator("tr[data-row]")).to_have_count(1)
    visit.page.get_by_role("button", name=re.compile("^Failed")).click()
    expect(visit.page).to_have_url(re.compile(r"q=\w+&status=FAILED|status=FAILED&q=\w+"))
    visit.page.reload()
    expect(row(visit, stage.failed_run)).to_be_visible()
    visit.page.get_by_role("button", name=re.compile("^Aborted")).click()
    expect(visit.page.get_by_text(f"No aborted runs match “{stage.failed_run}”.")).to_be_visible()
    visit.page.get_by_role("button", name="Clear filters").click()
    expect(row(visit, stage.failed_run)).to_be_visible()
    visit.page.keyboard.press("j")
    visit.page.keyboard.press("Enter")
    expect(visit.page).to_have_url(re.compile(r"/actors/\w+/runs/\w+"))


def test_the_palette_and_the_keys_lead_to_pages(visit: Visit, stage: ConsoleStage) -> None:
    visit.open("/settings")
    visit.page.keyboard.press("Control+k")
    visit.page.get_by_role("dialog").get_by_role("combobox").fill(stage.failed_run)
    expect(visit.page.get_by_role("option")).to_have_count(1)
    expect(visit.page.get_by_role("option")).to_contain_text(stage.failed_run)
    assert visit.violations() == []
    visit.page.keyboard.press("Enter")
    expect(visit.page).to_have_url(re.compile(stage.failed_run))
    visit.page.keyboard.press("g")
    visit.page.keyboard.press("w")
    expect(visit.page.get_by_role("heading", level=1, name="Webhooks")).to_be_focused()
    visit.page.keyboard.press("?")
    expect(visit.page.get_by_role("dialog", name="Keys")).to_be_visible()
    assert visit.violations() == []


def test_a_narrow_window_has_a_drawer(visit: Visit, stage: ConsoleStage) -> None:
    visit.page.set_viewport_size(NARROW)
    visit.open("/actors/runs")
    visit.page.get_by_role("button", name="Open the menu").click()
    visit.page.get_by_role("link", name="Doctor").click()
    expect(visit.page.get_by_role("heading", level=1, name="Doctor")).to_be_visible()
    expect(visit.page.get_by_role("link", name="Doctor")).to_be_hidden()
