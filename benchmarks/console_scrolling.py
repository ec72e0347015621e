"""How evenly the console scrolls 10,000 runs and a log of 10 MB in Chromium, beside a page of plain text.

Each page is moved on with every frame, as fast as a fast wheel moves it. The first table shows the time between two
frames, which is 16.7 ms at best. The second one shows how long the longest task of each round held the page.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from benchmarks.run_lists import MANY, add_runs
from benchmarks.table import show
from testing.api_client import TOKEN
from testing.live_server import LiveServer
from tests.console.browser import WIDE, open_browser
from tests.engine import python_actor

ROUNDS = 5
FRAMES = 180
STEP_PIXELS = 120
SETTLE_MILLIS = 3_000
TEXT_LINES = 20_000
LOG_LINES = 90_000
LOG_ACTOR = f"""
for number in range({LOG_LINES}):
    print(f"line {{number:06}} " + "x" * 60)
"""
"""Prints almost the 10 MiB that a log can have: the server writes the time before each line."""
PANES = "[aria-label=Log], main"
SCROLL = """([panes, frames, step]) => new Promise(resolve => {
    const distance = pane => pane.scrollHeight - pane.clientHeight
    const [pane] = [document.scrollingElement, ...document.querySelectorAll(panes)]
        .sort((one, other) => distance(other) - distance(one))
    const tasks = []
    new PerformanceObserver(list => tasks.push(...list.getEntries().map(({duration}) => duration)))
        .observe({type: "longtask"})
    const times = []
    pane.scrollTop = 0
    const next = time => {
        times.push(time)
        pane.scrollTop += step
        if (times.length <= frames) return requestAnimationFrame(next)
        setTimeout(() => resolve({
            frames: times.slice(1).map((each, index) => each - times[index]),
            longestTask: Math.max(0, ...tasks),
            pixels: pane.scrollTop,
        }), 200)
    }
    requestAnimationFrame(next)
})"""


def measure(server: LiveServer) -> None:
    """Measure the pages in turn. The server must not have any runs yet."""
    pages = prepare(server)
    frames: dict[str, list[float]] = {}
    longest: dict[str, list[float]] = {}
    with sync_playwright() as playwright, open_browser(playwright) as browser:
        for _ in range(ROUNDS):
            for name, path in pages.items():
                marks = scroll_once(browser, f"http://localhost:{server.port}{path}")
                frames.setdefault(name, []).extend(marks["frames"])
                longest.setdefault(name, []).append(marks["longestTask"])
    show("Between two frames while scrolling", "ms", frames)
    show("Longest task while scrolling, 0 if none takes 50 ms", "ms", longest)


def prepare(server: LiveServer) -> dict[str, str]:
    """Store the text, the log and the runs, and return the path of each page by its name in the tables."""
    store = server.data("POST", "key-value-stores", params={"name": "texts"})["id"]
    text = f"/v2/key-value-stores/{store}/records/text.txt"
    content = "\n".join(f"line {number}" for number in range(TEXT_LINES))
    server.http.put(text, content=content, headers={"Content-Type": "text/plain"}).raise_for_status()
    run = server.finished_run(python_actor(server, "long-log", LOG_ACTOR), memory=1024)
    server.interrupt()
    asyncio.run(add_runs(server.data_dir, run["id"], MANY - 1))
    server.start()
    return {
        "plain text": f"{text}?token={TOKEN}",
        f"{MANY:,} runs": "/actors/runs",
        "a log of 10 MB": f"/actors/runs/{run['id']}#log",
    }


def scroll_once(browser: Browser, url: str) -> Mapping[str, Any]:
    context = browser.new_context(viewport=WIDE)
    page = context.new_page()
    page.goto(url)
    page.wait_for_timeout(SETTLE_MILLIS)
    marks: Mapping[str, Any] = page.evaluate(SCROLL, [PANES, FRAMES, STEP_PIXELS])
    context.close()
    if marks["pixels"] < FRAMES * STEP_PIXELS / 2:
        raise RuntimeError(f"{url} could not be scrolled: it is at pixel {marks['pixels']}")
    return marks
