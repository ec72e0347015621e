"""Pages that need no build: they state what is wrong, and what to do next."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape

from starlette.responses import HTMLResponse, Response

from api.response.local_docs import HEADERS, STYLE

CODE = re.compile(r"`([^`]+)`")
MARKED = r"<code>\1</code>"


def plain_page(title: str, sentences: Iterable[str], status: int) -> Response:
    """A page with a title and paragraphs. Text in backticks is shown as code."""
    paragraphs = "".join(f"<p>{CODE.sub(MARKED, escape(each))}</p>" for each in sentences)
    page = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)} · Greenroom</title>'
        f"<style>{STYLE}</style></head><body><h1>{escape(title)}</h1>{paragraphs}</body></html>\n"
    )
    return HTMLResponse(page, status, headers={**HEADERS, "Cache-Control": "no-store"})
