"""Pages that an attacker controls, in a browser that is signed in to the console: what they can read and change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from tests.cli.serving import Serving, record_path, serving_api
from tests.fakes.browser import build_console
from tests.listening import listening_in_thread

SESSION = "greenroom_session_"
ATTACK = """<!doctype html><title>attack</title><iframe name="target"></iframe><script>
const api = "API"
const attempt = async action => { try { return await action() } catch { return "blocked" } }
const send = (path, options) =>
    attempt(async () => (await fetch(api + path, {credentials: "include", ...options})).status)
const framed = () => new Promise(resolve => {
    const frame = document.createElement("iframe")
    frame.onload = () => resolve(attempt(() => frame.contentDocument.querySelector("h1").textContent))
    frame.src = api + "/actors/runs"
    document.body.append(frame)
})
const submit = () => new Promise(resolve => {
    const form = document.createElement("form")
    Object.assign(form, {method: "POST", action: api + "/v2/datasets?name=form", target: "target"})
    document.body.append(form)
    document.querySelector("[name=target]").onload = () => resolve("sent")
    form.submit()
})
const run = async () => ({
    read: await send("/v2/users/me"),
    console: await send("/greenroom/console"),
    readAsPage: await send("/actors/runs", {headers: {Accept: "text/html"}}),
    write: await send("/v2/datasets?name=write", {method: "POST"}),
    writeWithoutCors: await send("/v2/datasets?name=no-cors", {method: "POST", mode: "no-cors"}),
    writeByGet: await send("/v2/datasets?name=by-get&method=POST", {mode: "no-cors"}),
    signOut: await send("/greenroom/session", {method: "DELETE"}),
    cookie: await attempt(() => document.cookie || "blocked"),
    storage: await attempt(() => localStorage.getItem("secret") ?? "blocked"),
    worker: await attempt(async () => navigator.serviceWorker.register(location.href) && "registered"),
    frame: await framed(),
    form: await submit(),
})
window.addEventListener("load", () => run().then(results => { window.results = results }))
</script>"""
BLOCKED = {
    **dict.fromkeys(("read", "console", "readAsPage", "write", "signOut", "cookie", "storage", "frame"), "blocked"),
    **dict.fromkeys(("writeWithoutCors", "writeByGet"), 0),  # what a page sees of a response without CORS
    "worker": "blocked",
    "form": "sent",
}


@dataclass
class HostileServer:
    """A server whose every page is the attack. `cookies` are those that it received."""

    page: str
    cookies: list[str] = field(default_factory=list)

    @property
    def app(self) -> Starlette:
        return Starlette(routes=[Route("/{path:path}", self._answer)])

    async def _answer(self, request: Request) -> Response:
        self.cookies.append(request.headers.get("cookie", ""))
        wipe = {"Clear-Site-Data": '"cookies", "storage"', "Service-Worker-Allowed": "/"}
        return HTMLResponse(self.page, headers=wipe)


@dataclass
class Stage:
    """A signed-in browser, and an attack at each place where an attacker can put one."""

    serving: Serving
    page: Page
    origin: str
    hostile: HostileServer
    hostile_port: int
    web_key: str
    record: str

    def datasets(self) -> set[str]:
        return {each["name"] for each in self.serving.data("GET", "datasets")["items"]}

    def fetch(self, path: str, method: str = "GET") -> int:
        """Send a request as a page of the console, and return its status."""
        status: int = self.page.evaluate(
            "([path, method]) => fetch(path, {method}).then(response => response.status)", [path, method]
        )
        return status


@pytest.fixture
def stage(browser: Browser, tmp_path: Path) -> Iterator[Stage]:
    with serving_api(tmp_path / "data") as serving:
        api, origin = serving.api, f"http://localhost:{serving.api.settings.port}"
        build_console(api.console_build, "window.isRunning = true")
        hostile = HostileServer(ATTACK.replace("API", origin))
        store = serving.data("POST", "key-value-stores", params={"name": "hostile"})["id"]
        record = record_path(store, "page")
        html = {"content-type": "text/html"}
        serving.http.put(record, content=hostile.page, headers=html).raise_for_status()
        context = browser.new_context()
        page = context.new_page()
        with listening_in_thread(serving.thread, hostile.app) as port:
            serving.thread.run(lead_web_servers_to(serving, port))
            run = serving.run("web-server")
            page.goto(origin)
            page.evaluate("localStorage.setItem('secret', 'of the console')")
            yield Stage(serving, page, origin, hostile, port, run.web_key, record)
        context.close()


async def lead_web_servers_to(serving: Serving, port: int) -> None:
    async def address(_: str) -> tuple[str, int]:
        return "127.0.0.1", port

    serving.api.orchestrator.live_runs.web_server_address = address  # type: ignore[method-assign, assignment]


def results(page: Any) -> dict[str, Any]:
    page.wait_for_function("() => window.results")
    found: dict[str, Any] = page.evaluate("() => window.results")
    return found


def test_pages_of_attackers_can_do_nothing(stage: Stage) -> None:
    page, origin = stage.page, stage.origin
    assert (stage.fetch("/v2/users/me"), stage.fetch("/v2/datasets?name=own", "POST")) == (200, 201)
    path_form = f"{origin}/greenroom/web/{stage.web_key}/"
    places = {
        "a stored record": origin + stage.record,
        "a web server below the path of the API": path_form,
        "a web server with a host of its own": f"http://{stage.web_key}.runs.localhost:{stage.hostile_port}/",
        "another port of localhost": f"http://localhost:{stage.hostile_port}/",
        "another site": f"http://127.0.0.1:{stage.hostile_port}/",
    }
    for place, address in places.items():
        page.goto(address)
        found = results(page)
        own = {"worker", "storage"} if place.startswith(("another", "a web server with")) else set()
        assert {name: found[name] for name in BLOCKED if name not in own} == {
            name: value for name, value in BLOCKED.items() if name not in own
        }, place
    page.goto(origin)
    assert stage.datasets() == {"own"}
    assert stage.fetch("/v2/users/me") == 200
    assert page.evaluate("localStorage.getItem('secret')") == "of the console"
