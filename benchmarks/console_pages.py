"""How long the first page of the web console takes in Chromium, beside an empty page of the same server, and its size.

The processor of the browser is slowed down four times. A page is interactive when its content is drawn and the last
long task has ended. The browser has no files of the console in its cache.
"""

from __future__ import annotations

from collections.abc import Mapping

from playwright.sync_api import Browser, CDPSession, sync_playwright

from benchmarks.table import CONSOLE, show
from testing.api_client import TOKEN
from testing.live_server import LiveServer
from tests.console.browser import WIDE, Visit, gzipped_bytes, open_browser

ROUNDS = 9
SLOWDOWN = 4
QUIET_MILLIS = 1_000
"""A page is at rest when it has had no long task for this time."""
PATH = "/actors/runs"
MARKS = """
window.marks = {tasksEnd: 0, drawn: 0}
new PerformanceObserver(list => {
    for (const {startTime, duration} of list.getEntries()) window.marks.tasksEnd = startTime + duration
}).observe({type: "longtask", buffered: true})
const look = () => {
    const isDrawn = document.querySelector("tr[data-row], p.empty") && !document.querySelector("[aria-label=Loading]")
    if (isDrawn) window.marks.drawn = performance.now()
    else requestAnimationFrame(look)
}
look()
"""
MARKS_AT_REST = f"""(() => {{
    const {{drawn, tasksEnd}} = window.marks
    if (drawn === 0 || performance.now() - Math.max(drawn, tasksEnd) < {QUIET_MILLIS}) return null
    return {{drawn, tasksEnd, painted: performance.getEntriesByName("first-contentful-paint")[0].startTime}}
}})()"""
POLL_MILLIS = 100


def measure(server: LiveServer) -> None:
    server.finished_run(server.sample("hello"))
    pages = {"an empty page": empty_page(server), f"the console, {PATH}": PATH}
    painted: dict[str, list[float]] = {}
    interactive: dict[str, list[float]] = {}
    with sync_playwright() as playwright, open_browser(playwright) as browser:
        for _ in range(ROUNDS):
            for name, path in pages.items():
                marks = open_once(browser, server, path)
                painted.setdefault(name, []).append(marks["painted"])
                interactive.setdefault(name, []).append(max(marks["drawn"], marks["tasksEnd"]))
        size = first_page_bytes(browser, server)
    slowly = f"with the processor slowed down {SLOWDOWN} times"
    show(f"First paint, {slowly}", "ms", painted)
    show(f"Interactive, {slowly}", "ms", interactive)
    CONSOLE.print(f"JS and CSS of the first page, gzipped: {size / 1000:.0f} kB")


def empty_page(server: LiveServer) -> str:
    """Store a page with one line of text, and return its path."""
    store = server.data("POST", "key-value-stores", params={"name": "pages"})["id"]
    path = f"/v2/key-value-stores/{store}/records/empty.html"
    page = "<!doctype html><title>Empty</title><p class=empty>Empty"
    server.http.put(path, content=page, headers={"Content-Type": "text/html"}).raise_for_status()
    return f"{path}?token={TOKEN}"


def open_once(browser: Browser, server: LiveServer, path: str) -> Mapping[str, float]:
    """Open a path in a new browser profile, wait until the page is at rest, and return its marks."""
    context = browser.new_context(viewport=WIDE)
    context.add_init_script(MARKS)
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWDOWN})
    page.goto(f"http://localhost:{server.port}{path}")
    while (marks := marks_at_rest(session)) is None:
        page.wait_for_timeout(POLL_MILLIS)
    context.close()
    return marks


def marks_at_rest(session: CDPSession) -> Mapping[str, float] | None:
    """Return the marks of a page; None while it is not at rest.

    Playwright itself would first run a large script of its own in the page, which would count as a long task.
    """
    evaluation = {"expression": MARKS_AT_REST, "returnByValue": True}
    marks: Mapping[str, float] | None = session.send("Runtime.evaluate", evaluation)["result"]["value"]
    return marks


def first_page_bytes(browser: Browser, server: LiveServer) -> int:
    context = browser.new_context(viewport=WIDE)
    visit = Visit(context.new_page(), f"http://localhost:{server.port}")
    visit.open(PATH)
    size = gzipped_bytes(visit.files())
    context.close()
    return size
