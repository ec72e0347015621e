"""Standby in the console: its page follows real requests without polling, and its tabs change the settings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from playwright.sync_api import Locator, expect

from testing.console_stage import STANDBY_REQUESTS, ConsoleStage
from testing.live_server import LiveServer
from tests.console.browser import Visit

pytestmark = pytest.mark.docker

PATH = "/greenroom/standby/local--web-server"
SECS = 20


@pytest.fixture
def standby(stage: ConsoleStage, console_server: LiveServer) -> Iterator[str]:
    """The address of the Actor below that of the server. Its settings are restored."""
    before = console_server.data("GET", f"actors/{stage.standby_actor}")["actorStandby"]
    yield PATH
    console_server.data("PUT", f"actors/{stage.standby_actor}", json={"actorStandby": before})
    console_server.http.post(f"/greenroom/actors/{stage.standby_actor}/standby/stop").raise_for_status()


def fact(place: Locator, label: str) -> Locator:
    """Return the value of a fact."""
    return place.locator(f"dl div:has(> dt:text-is('{label}')) > dd").first


def test_the_page_follows_requests_without_polling(visit: Visit, standby: str, console_server: LiveServer) -> None:
    page = visit.page
    visit.open("/standby")
    entry = page.get_by_role("region", name="web-server")
    runs = page.get_by_role("table", name="Live runs of web-server").locator("tr[data-row]")
    expect(entry).to_contain_text("3 desired and at most 4 requests a run")
    fetches: list[str] = []
    page.on("request", lambda request: fetches.append(request.url) if request.url.endswith("/standby") else None)
    with ThreadPoolExecutor() as threads:
        urls = [f"{standby}/events?count=10&intervalSecs={SECS / 10}"] * 2
        sent = [threads.submit(console_server.http.get, url) for url in urls]
        expect(runs).to_have_count(1)
        expect(runs.first).to_contain_text("Serving")
        expect(runs.first).to_contain_text("2 / 4")
        expect(fact(entry, "Open requests")).to_have_text("2 of 4")
        expect(entry).to_contain_text(re.compile("at most [12] a second"))
        assert all(each.result().is_success for each in sent)
    expect(entry).to_contain_text("Ready")
    expect(runs.first.get_by_role("cell").last).to_have_text(re.compile(r"^\d\d:\d\d:\d\d$"))
    assert len(fetches) <= 1  # once if the events began after the response
    runs.first.get_by_role("link").click()
    expect(page.locator("h1")).to_have_text("web-server")
    expect(visit.status()).to_have_text("Running")


def test_the_run_of_a_task_is_listed_with_its_address(visit: Visit, stage: ConsoleStage) -> None:
    page = visit.page
    visit.open("/standby")
    entry = page.get_by_role("region", name="echo")
    expect(entry).to_contain_text("Task of web-server")
    expect(entry).to_contain_text("idle timeout 7,200 s")
    run = page.get_by_role("table", name="Live runs of echo").locator("tr[data-row]")
    expect(run).to_contain_text(str(STANDBY_REQUESTS))
    entry.get_by_role("button", name="Copy the address", exact=True).click()
    copied = page.evaluate("() => navigator.clipboard.readText()")
    assert copied == f"http://local--echo.localhost:{visit.origin.rpartition(':')[2]}"
    with page.context.expect_page() as opened:
        entry.get_by_role("link", name="Open").click()
    expect(opened.value.locator("body")).to_contain_text('"method": "GET"')
    page.keyboard.press("/")
    page.keyboard.type("web-s")
    expect(page).to_have_url(re.compile("q=web-s"))
    expect(entry).to_be_visible()  # it is a task of web-server
    page.keyboard.type("elf")
    expect(page.get_by_text("No Actor or task with Standby contains")).to_be_visible()


def test_a_run_is_warmed_up_and_stopped(visit: Visit, standby: str) -> None:
    page = visit.page
    visit.open("/standby")
    entry = page.get_by_role("region", name="web-server")
    entry.get_by_role("button", name="Warm up").click()
    expect(page.get_by_text(re.compile(r"^Run \w+ is ready for requests\.$")).first).to_be_visible()
    expect(entry).to_contain_text("Ready")
    entry.get_by_role("button", name="Stop").click()
    dialog = page.get_by_role("dialog", name="Stop the runs of web-server?")
    assert visit.violations() == []
    dialog.get_by_role("button", name="Stop the runs").click()
    expect(dialog).to_be_hidden()
    expect(entry).to_contain_text("No run is live")


def test_settings_are_changed_and_rejected_at_their_fields(
    visit: Visit, standby: str, stage: ConsoleStage, console_server: LiveServer
) -> None:
    page = visit.page
    visit.open(f"/actors/{stage.standby_actor}/standby")
    save = page.get_by_role("button", name="Save the settings")
    desired, most = page.get_by_label("Desired requests per run"), page.get_by_label("Maximum requests per run")
    expect(save).to_be_disabled()
    desired.fill("many")
    expect(page.get_by_text("Write a whole number.")).to_be_visible()
    expect(save).to_be_disabled()
    desired.fill("9")
    save.click()
    problem = "maxRequestsPerActorRun (4) must be greater than or equal to desiredRequestsPerActorRun (9)"
    expect(page.get_by_text(problem)).to_be_visible()
    expect(most).to_have_attribute("aria-invalid", "true")
    assert visit.violations() == []
    most.fill("12")
    page.get_by_label("Memory").select_option("256")
    page.get_by_label("Tasks cannot change these settings").check()
    save.click()
    expect(page.get_by_text("The settings are saved.").first).to_be_visible()
    stored = console_server.data("GET", f"actors/{stage.standby_actor}")["actorStandby"]
    changed = {"desiredRequestsPerActorRun": 9, "maxRequestsPerActorRun": 12, "memoryMbytes": 256}
    assert stored.items() >= {**changed, "disableStandbyFieldsOverride": True, "idleTimeoutSecs": 300}.items()
    visit.open(f"/actors/tasks/{stage.standby_task}/standby")
    expect(page.get_by_text("The Actor does not let its tasks change these settings.")).to_be_visible()
    expect(page.get_by_label("Idle timeout")).to_be_disabled()


def test_a_task_follows_its_actor_where_it_has_no_setting(
    visit: Visit, standby: str, stage: ConsoleStage, console_server: LiveServer
) -> None:
    page = visit.page
    visit.open(f"/actors/tasks/{stage.standby_task}/standby")
    idle = page.get_by_label("Idle timeout")
    expect(idle).to_have_value("7200")
    idle.fill("")
    expect(idle).to_have_attribute("placeholder", "As the Actor: 300")
    page.get_by_label("Maximum requests per run").fill("7")
    page.get_by_role("button", name="Save the settings").click()
    expect(page.get_by_text("The settings are saved.").first).to_be_visible()
    own = console_server.data("GET", f"actor-tasks/{stage.standby_task}")["actorStandby"]
    assert own == {"idleTimeoutSecs": None, "maxRequestsPerActorRun": 7}
    restored = {"idleTimeoutSecs": 7200, "maxRequestsPerActorRun": None}
    console_server.data("PUT", f"actor-tasks/{stage.standby_task}", json={"actorStandby": restored})


def test_standby_is_switched_on_and_off(visit: Visit, stage: ConsoleStage, console_server: LiveServer) -> None:
    page = visit.page
    visit.open(f"/actors/{stage.actor}/standby")
    switch = page.get_by_role("switch", name="Standby")
    expect(switch).not_to_be_checked()
    expect(page.get_by_text("With Standby, an Actor is a web server")).to_be_visible()
    switch.click()
    expect(page.get_by_text("No run is live. The next request starts one.")).to_be_visible()
    expect(page.get_by_label("Idle timeout")).to_have_value("300")
    assert console_server.data("GET", f"actors/{stage.actor}")["standbyUrl"] is not None
    switch.click()
    expect(page.get_by_text("With Standby, an Actor is a web server")).to_be_visible()
    assert console_server.data("GET", f"actors/{stage.actor}")["standbyUrl"] is None
    visit.open(f"/actors/tasks/{stage.task}/standby")
    expect(page.get_by_text("A task has Standby if its Actor has it.")).to_be_visible()


def test_a_server_without_standby_shows_the_command_to_type_next(visit: Visit, stage: ConsoleStage) -> None:
    page = visit.page
    page.route("**/greenroom/events**", lambda route: route.abort())  # an event would bring the real list
    page.route("**/greenroom/standby", lambda route: route.fulfill(json={"items": []}))
    visit.open("/standby")
    expect(page.locator("main")).to_contain_text("greenroom push ./my-actor")
    assert visit.violations() == []
    expect(page.get_by_text("0 addresses")).to_be_visible()
