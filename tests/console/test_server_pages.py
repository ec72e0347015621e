"""The pages of the server: what happens meanwhile appears without polling."""

from __future__ import annotations

from urllib.error import HTTPError
from urllib.request import ProxyHandler, build_opener

import pytest
from playwright.sync_api import expect

from testing.console_stage import ConsoleStage
from testing.live_server import LiveServer
from tests.console.browser import Visit

pytestmark = pytest.mark.docker


def test_a_request_through_the_proxy_appears(visit: Visit, stage: ConsoleStage, console_server: LiveServer) -> None:
    page = visit.page
    visit.open("/proxy")
    proxy_url = page.evaluate("async () => (await (await fetch('/greenroom/console')).json()).proxyUrl")
    password = console_server.data("GET", "users/me")["proxy"]["password"]
    proxy = proxy_url.replace("://", f"://auto:{password}@")
    opener = build_opener(ProxyHandler({"http": proxy}))
    with pytest.raises(HTTPError):
        opener.open(f"http://127.0.0.1:{console_server.port}/", timeout=10)  # the proxy does not connect to the server
    row = page.get_by_role("table", name="Last requests through the proxy").get_by_role("row").nth(1)
    expect(row).to_contain_text(f"127.0.0.1:{console_server.port}")
    assert visit.violations() == []


def test_checks_appear_without_polling(visit: Visit, stage: ConsoleStage) -> None:
    page = visit.page
    visit.open("/doctor")
    methods: list[str] = []
    page.on("request", lambda request: methods.append(request.method) if request.url.endswith("/doctor") else None)
    page.get_by_role("button", name="Check this machine").click()
    expect(page.get_by_role("button", name="Run again")).to_be_enabled(timeout=120_000)
    expect(page.get_by_role("heading", name="Docker")).to_be_visible()
    assert methods.count("POST") == 1
    assert methods.count("GET") <= 1  # once if the events began after the checks


def test_a_webhook_of_an_actor_begins_with_the_actor(visit: Visit, stage: ConsoleStage) -> None:
    page = visit.page
    visit.open(f"/actors/{stage.actor}/webhooks")
    page.get_by_role("link", name="Create a webhook").click()
    expect(page.get_by_label("Actor", exact=True)).to_have_value(stage.actor)
