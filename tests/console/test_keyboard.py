"""The keys of the console: on every page, in lists and on the page of a run."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Route, expect

from testing.console_stage import ConsoleStage
from testing.live_server import LiveServer
from tests.console.browser import Visit

pytestmark = pytest.mark.docker

TITLES = {
    "r": "Runs",
    "a": "Actors",
    "t": "Tasks",
    "b": "Standby",
    "s": "Schedules",
    "d": "Datasets",
    "k": "Key-value stores",
    "q": "Request queues",
    "w": "Webhooks",
    "h": "Doctor",
}
"""The letters after `g`, and the page that each one opens."""


def test_g_and_a_letter_open_a_page(visit: Visit, stage: ConsoleStage) -> None:
    visit.open("/settings")
    for letter, title in TITLES.items():
        visit.press("g", letter)
        expect(visit.page.locator("h1")).to_have_text(title)


def test_the_theme_the_sidebar_and_the_switch_of_single_keys(visit: Visit, stage: ConsoleStage) -> None:
    visit.open("/actors")
    page, root = visit.page, visit.page.locator("html")
    visit.press("t")
    expect(root).to_have_attribute("data-theme", "dark")
    visit.press("t", "[")
    expect(root).to_have_attribute("data-theme", "light")
    expect(page.locator("[data-narrow=true]")).to_be_visible()
    visit.press("?")
    dialog = page.get_by_role("dialog", name="Keys")
    dialog.get_by_label("Use keys without Ctrl").uncheck()
    visit.press("Escape")
    expect(dialog).to_be_hidden()
    visit.press("t", "?", "g", "r")
    visit.press("Control+k")
    expect(page.get_by_role("dialog", name="Jump to anything")).to_be_visible()
    expect(root).to_have_attribute("data-theme", "light")
    expect(page.locator("h1")).to_have_text("Actors")


def test_the_palette_opens_the_run_of_an_id_even_before_the_server_has_searched(
    visit: Visit, stage: ConsoleStage
) -> None:
    page = visit.page
    held: list[Route] = []
    visit.open("/actors")
    visit.press("Control+k")
    options = page.get_by_role("dialog", name="Jump to anything").get_by_role("option", name="hello")
    options.first.wait_for()
    page.route("**/greenroom/runs?*q=*", lambda route: held.append(route))
    page.keyboard.insert_text(stage.live_run)
    expect(options).to_have_count(0)
    for route in held:
        route.continue_()
    page.get_by_role("option", name=stage.live_run).wait_for()
    visit.press("Enter")
    expect(visit.shown_id()).to_have_text(stage.live_run)


RUNS_OR_LOADING = re.compile("^Runs?$")


def test_rows_are_moved_to_selected_and_opened(visit: Visit, stage: ConsoleStage) -> None:
    visit.open("/actors/runs")
    page = visit.page
    links = page.locator("tr[data-row] a[href]")
    visit.press("j")
    expect(links.nth(0)).to_be_focused()
    visit.press("j", "k", "x", "j", "j", "Shift+X")
    expect(page.get_by_role("toolbar", name="Selected runs")).to_contain_text("3 runs selected")
    expect(links.nth(2)).to_be_focused()
    visit.press("Escape")
    expect(page.get_by_role("toolbar", name="Selected runs")).to_be_hidden()
    opened = links.nth(2).get_attribute("href")
    assert opened is not None
    visit.press("Enter")
    expect(page).to_have_url(re.compile(re.escape(opened)))
    expect(page.locator("h1")).not_to_have_text(RUNS_OR_LOADING)  # the way back from a run that loads is the list
    visit.press("Escape")
    expect(page).not_to_have_url(re.compile(re.escape(opened)))
    expect(page.locator("h1")).not_to_have_text(RUNS_OR_LOADING)


LISTS = ("actors", "actors/runs", "actors/tasks", "schedules", "webhooks", "storage/datasets?unnamed=1")


def test_each_list_is_searched_and_its_rows_are_reached(visit: Visit, stage: ConsoleStage) -> None:
    for path in LISTS:
        visit.open(f"/{path}")
        field, first = visit.page.get_by_role("searchbox"), visit.page.locator("tr[data-row] a[href]").first
        visit.press("/")
        expect(field).to_be_focused()
        visit.press("Escape")
        if first.is_visible():
            visit.press("j")
            expect(first).to_be_focused()


TABS = {"builds": "succeeded", "saved-tasks": "greet", "webhooks": "run failed"}
"""The tabs of an Actor with a list, and a text that each list contains."""


def test_the_lists_of_an_actor_are_searched_and_their_rows_are_reached(visit: Visit, stage: ConsoleStage) -> None:
    page, rows = visit.page, visit.page.locator("tr[data-row]")
    for tab, contained in TABS.items():
        visit.open(f"/actors/{stage.actor}/{tab}")
        visit.press("/")
        page.keyboard.type("nothing like this")
        expect(rows).to_have_count(0)
        page.get_by_role("searchbox").fill(contained)
        expect(rows).not_to_have_count(0)
        visit.press("Escape", "Escape", "j")
        expect(rows.first.locator("a[href]").first).to_be_focused()


def test_the_operations_of_the_api_page_are_reached_and_opened(visit: Visit, stage: ConsoleStage) -> None:
    visit.open("/api")
    operations = visit.page.get_by_role("navigation", name="Operations").get_by_role("link")
    visit.press("j", "j")
    expect(operations.nth(1)).to_be_focused()
    visit.press("Enter")
    expect(operations.nth(1)).to_have_attribute("aria-current", re.compile("true|page"))


def test_the_records_of_a_store_are_reached_and_opened(visit: Visit, stage: ConsoleStage) -> None:
    visit.open(f"/actors/runs/{stage.succeeded_run}#key-value-store")
    records = visit.page.get_by_role("navigation", name="Records").get_by_role("button")
    records.first.wait_for()
    visit.press("j")
    expect(records.first).to_be_focused()
    visit.press("Enter")
    expect(records.first).to_have_attribute("aria-current", "true")


def test_a_field_gets_the_keys_that_are_typed_in_it(visit: Visit, stage: ConsoleStage) -> None:
    visit.open("/actors/runs")
    field = visit.page.get_by_label("Search runs")
    visit.press("/")
    expect(field).to_be_focused()
    visit.press("g", "a", "t", "/", "?")
    expect(field).to_have_value("gat/?")
    expect(visit.page).to_have_url(re.compile("q=gat"))
    expect(visit.page.locator("h1")).to_have_text("Runs")
    visit.press("Escape")
    expect(field).to_have_value("")
    expect(visit.page).not_to_have_url(re.compile("q="))
    visit.press("Escape", "g", "a")
    expect(visit.page.locator("h1")).to_have_text("Actors")


def test_the_log_of_a_run_is_searched_and_its_curves_are_hidden(visit: Visit, stage: ConsoleStage) -> None:
    visit.open(f"/actors/runs/{stage.failed_run}#log")
    page, field = visit.page, visit.page.get_by_label("Find in the log")
    matches = page.get_by_role("search").get_by_role("status")
    visit.press("/")
    page.keyboard.type("ACTOR:")
    expect(matches).to_have_text(re.compile(r"^\d+ lines$"))
    total = (matches.text_content() or "").partition(" ")[0]
    page.get_by_label("Log", exact=True).focus()
    visit.press("n", "n", "Shift+N")
    expect(matches).to_have_text(f"1 of {total}")
    expect(field).to_have_value("ACTOR:")
    visit.press("c")
    expect(page.get_by_role("button", name="Show curves")).to_be_visible()
    visit.press("c")
    expect(page.get_by_role("button", name="Hide curves")).to_be_visible()


def test_numbers_open_the_tabs_of_a_run(visit: Visit, stage: ConsoleStage) -> None:
    visit.open(f"/actors/runs/{stage.succeeded_run}")
    tabs = visit.page.get_by_role("tab")
    for number in (9, 1, 5, 2):
        visit.press(str(number))
        expect(tabs.nth(number - 1)).to_have_attribute("aria-selected", "true")


def test_a_live_run_is_followed_and_aborted_and_an_ended_one_starts_again(
    visit: Visit, stage: ConsoleStage, console_server: LiveServer
) -> None:
    page = visit.page
    run = console_server.run(stage.actor, {"sleepSecs": 100}, memory=128)
    visit.open(f"/actors/runs/{run['id']}#log")
    expect(page.get_by_text("Following", exact=True)).to_be_visible()
    visit.press("f")
    expect(page.get_by_text("Following", exact=True)).to_be_hidden()
    visit.press("f")
    expect(page.get_by_text("Following", exact=True)).to_be_visible()
    visit.press("a")
    dialog = page.get_by_role("dialog", name="Abort the run?")
    dialog.get_by_label("Gracefully").uncheck()
    dialog.get_by_role("button", name="Abort the run").click()
    expect(visit.status()).to_have_text("Aborted")
    expect(dialog).to_be_hidden()
    visit.press("s")
    expect(visit.shown_id()).not_to_have_text(run["id"])
    started = visit.shown_id().text_content()
    again = console_server.data("POST", f"actor-runs/{started}/abort")
    assert again["options"]["memoryMbytes"] == 128
    expect(visit.status()).to_have_text("Aborted")
