"""Web pages that need no other file, no network and no scripts."""

from __future__ import annotations

from pathlib import Path

STYLE = Path(__file__).with_name("page.css")
POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""The page's own security policy: an Actor's text in it can load and run nothing."""


def document(title: str, body: str, more_style: str = "") -> str:
    """Return a whole page. All arguments are HTML or CSS, so texts in them are escaped already."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        f"<title>{title}</title><style>{STYLE.read_text()}{more_style}</style></head><body><main>{body}</main></body>"
        "</html>\n"
    )
