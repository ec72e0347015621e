"""Web pages that need no other file, no network and no scripts."""

from __future__ import annotations

from pathlib import Path

from cli.errors import CommandError
from runtime.base.files import replace_file

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


def write_document(path: Path, text: str) -> None:
    """Write a page completely or not at all. Raises CommandError."""
    try:
        replace_file(path, text.encode())
    except OSError as error:
        raise CommandError(
            f"The page could not be written to {path}: {error.strerror or error}.",
            "Choose a file in a folder that exists and that you may write to.",
        ) from error
