"""Pages that an attacker controls, in a browser that is signed in to the console: what they can read and change."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from api.connections.server_options import server_options
from tests.clients.test_browser import CHROMIUM
from tests.console.browser import launch_options
from tests.fakes.api import CONTROL_TOKEN, Api
from tests.fakes.browser import build_console
from tests.listening import bound_socket, listening

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed (apt-get install chromium)"),
    pytest.mark.asyncio(loop_scope="module"),
]

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
    cookie: await attempt(() => document.cookie.includes("greenroom_session_") ? document.cookie : "blocked"),
    storage: await attempt(() => localStorage.getItem("secret") ?? "blocked"),
    worker: await attempt(async () => await navigator.serviceWorker.register("worker.js") && "registered"),
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


OWN_ORIGIN = {**BLOCKED, "worker": "registered"}
"""What a page can do that has an origin of its own."""


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
        if request.url.path.endswith(".js"):
            return Response("", media_type="text/javascript")
        is_forwarded = "x-forwarded-host" in request.headers
        wipe = {"Clear-Site-Data": '"cookies", "storage"', "Service-Worker-Allowed": "/"} if is_forwarded else {}
        return HTMLResponse(self.page, headers={**wipe, "Set-Cookie": "own=1"})


@dataclass
class Stage:
    """A browser on a page of the console, and an attack at each place where an attacker can put one."""

    api: Api
    browser: Browser
    origin: str
    hostile: HostileServer
    hostile_port: int
    web_key: str
    record: str

    async def datasets(self) -> set[str]:
        return {each["name"] for each in (await self.api.data("GET", "/v2/datasets"))["items"]}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    bound, hostile_bound = bound_socket(), bound_socket()
    port, hostile_port = bound.getsockname()[1], hostile_bound.getsockname()[1]
    # This origin may call the API, but only with a token of its own.
    origins = frozenset({f"http://localhost:{hostile_port}"})
    api, origin = (
        Api(tmp_path_factory.mktemp("console"), port=port, allowed_origins=origins),
        f"http://localhost:{port}",
    )
    build_console(api.console_build, "window.scripts = ['asset']")
    await api.open()
    hostile = HostileServer(ATTACK.replace("API", origin))
    async with (
        async_playwright() as playwright,
        listening(api.app, bound, **server_options(api.app.web_servers)),
        listening(hostile.app, hostile_bound),
    ):
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=launch_options())
        key, path = await web_key(api, hostile_port), await record(api, hostile)
        yield Stage(api, browser, origin, hostile, hostile_port, key, path)
        await browser.close()
    await api.close()


@pytest_asyncio.fixture(loop_scope="module")
async def page(stage: Stage) -> AsyncIterator[Page]:
    """A page of the console in a new browser profile."""
    context = await stage.browser.new_context()
    page = await context.new_page()
    await page.goto(stage.origin)
    yield page
    await context.close()


async def fetch(page: Page, path: str, method: str = "GET") -> int:
    """Send a request as a page of the console, and return its status."""
    send = "([path, method]) => fetch(path, {method}).then(response => response.status)"
    return int(await page.evaluate(send, [path, method]))


async def session_cookie(page: Page) -> str | None:
    cookies = await page.context.cookies()
    return next((each.get("value") for each in cookies if each.get("name", "").startswith("greenroom_session_")), None)


async def attack(page: Page, address: str) -> dict[str, Any]:
    """Open the attack at an address, and return what it could do."""
    await page.goto(address)
    await page.wait_for_function("() => window.results")
    found: dict[str, Any] = await page.evaluate("() => window.results")
    return found


async def web_key(api: Api, port: int) -> str:
    """The key of a run whose web server is the one on this port."""

    async def address(run_id: str) -> tuple[str, int]:
        return "127.0.0.1", port

    run = await api.start()
    api.orchestrator.live_runs.web_server_address = address  # type: ignore[method-assign]
    return run.web_key


async def record(api: Api, hostile: HostileServer) -> str:
    """The path of a record that is the attack."""
    id = (await api.data("POST", "/v2/key-value-stores?name=hostile"))["id"]
    path = f"/v2/key-value-stores/{id}/records"
    for key, content, kind in (("page", hostile.page, "html"), ("worker.js", "scripts.push('record')", "javascript")):
        headers = {"Content-Type": f"text/{kind}"}
        assert (await api.call("PUT", f"{path}/{key}", content=content, headers=headers)).is_success
    return f"{path}/page"


async def test_pages_of_attackers_cannot_use_the_session(stage: Stage, page: Page) -> None:
    origin = stage.origin
    port, hostile_port = origin.rpartition(":")[2], stage.hostile_port
    await page.evaluate("localStorage.setItem('secret', 'of the console')")
    before = await session_cookie(page)
    assert (await fetch(page, "/v2/users/me"), await fetch(page, "/v2/datasets?name=own", "POST")) == (200, 201)
    for address, expected in (
        (f"{origin}{stage.record}", BLOCKED),
        (f"{origin}/greenroom/web/{stage.web_key}/", BLOCKED),
        (f"http://{stage.web_key}.runs.localhost:{port}/", OWN_ORIGIN),
    ):
        assert await attack(page, address) == expected, address
    assert {*stage.hostile.cookies} <= {"", "own=1"}
    assert await session_cookie(page) == before
    for host in ("localhost", "127.0.0.1"):
        assert await attack(page, f"http://{host}:{hostile_port}/") == OWN_ORIGIN, host
    assert await session_cookie(page) == before
    assert await stage.datasets() == {"own"}
    await page.goto(origin)
    assert await fetch(page, "/v2/users/me") == 200
    assert await page.evaluate("localStorage.getItem('secret')") == "of the console"


async def test_a_link_of_an_attacker_starts_and_changes_nothing(stage: Stage, page: Page) -> None:
    """A link in another program has no Referer and no origin, and leads a signed-in browser to any address."""
    actor = await stage.api.create_actor("victim")
    for path in (
        "/v2/datasets?name=link&method=POST",
        f"/v2/acts/{actor.id}/run-sync",
        f"/v2/acts/{actor.id}?method=DELETE",
    ):
        answer = await page.goto(stage.origin + path)
        assert answer is not None and answer.status == 401, path
    answer = await page.goto(f"{stage.origin}/v2/users/me")
    assert answer is not None and answer.status == 200


async def test_the_console_runs_no_scripts_but_its_own_and_shows_web_servers_in_frames(
    stage: Stage, page: Page
) -> None:
    port = stage.origin.rpartition(":")[2]
    add = """([name, attributes]) => new Promise(resolve => {
        const element = Object.assign(document.createElement(name), attributes)
        element.onload = () => resolve("loaded")
        element.onerror = () => resolve("blocked")
        document.body.append(element)
    })"""
    script = stage.record.replace("/page", "/worker.js")
    assert await page.evaluate(add, ["script", {"src": script}]) == "blocked"
    assert await page.evaluate(add, ["script", {"src": f"/greenroom/web/{stage.web_key}/worker.js"}]) == "blocked"
    await page.evaluate(
        "document.body.append(Object.assign(document.createElement('script'), {text: 'scripts.push(1)'}))"
    )
    assert await page.evaluate("scripts") == ["asset"]
    address = f"http://{stage.web_key}.runs.localhost:{port}/"
    assert await page.evaluate(add, ["iframe", {"src": address, "sandbox": "allow-scripts allow-forms"}]) == "loaded"
    frame = next(each for each in page.frames if each.url == address)
    await frame.wait_for_function("() => window.results")
    assert await frame.evaluate("window.results") == BLOCKED
    assert "form" not in await stage.datasets()


async def test_the_operator_signs_in_with_a_link_that_works_once(stage: Stage, page: Page) -> None:
    code = (await stage.api.call("POST", "/greenroom/sign-in-codes", token=CONTROL_TOKEN)).json()["code"]
    assert await fetch(page, "/greenroom/info") == 401
    link = f"{stage.origin}/greenroom/sign-in?code={code}&page=/actors/runs"
    await page.goto(link)
    assert page.url == f"{stage.origin}/actors/runs"
    assert await fetch(page, "/greenroom/info") == 200
    assert await fetch(page, "/greenroom/session", "DELETE") == 204
    assert await fetch(page, "/greenroom/info") == 401
    answer = await page.goto(link)
    assert answer is not None and answer.status == 410
