"""The headers with which a browser sends requests, and a build of the console that it can load."""

from __future__ import annotations

from pathlib import Path

import httpx

ORIGIN = "http://localhost:3333"
BY_PAGE = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}
"""A request of a page of the console."""
WRITE_BY_PAGE = {**BY_PAGE, "Origin": ORIGIN}
BY_USER = {
    "Sec-Fetch-Site": "none",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Dest": "document",
    "Accept": "text/html,application/xhtml+xml,*/*;q=0.8",
}
"""A page that a user opens by its address."""
INDEX = """<!doctype html><meta property="csp-nonce" nonce="__CSP_NONCE__">
<script type="module" src="/assets/index-1.js" nonce="__CSP_NONCE__"></script><style nonce="__CSP_NONCE__"></style>
<h1>console</h1>"""


def cookie_of(response: httpx.Response) -> dict[str, str]:
    """The Cookie header for the cookie that a response sets."""
    return {"Cookie": response.headers["set-cookie"].partition(";")[0]}


def build_console(folder: Path, script: str = "") -> None:
    """Write a build of the console with one script."""
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text(INDEX)
    (folder / "assets" / "index-1.js").write_text(script)
