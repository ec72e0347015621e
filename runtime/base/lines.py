"""The lines of texts whose format git, Docker, the kernel or JSON Lines defines."""

from __future__ import annotations

from pathlib import Path


def lines_of(text: str) -> list[str]:
    """Return the lines, which end with a line feed, or with a carriage return and a line feed.

    `str.splitlines` also splits at characters that a line can contain, such as U+2028 or a form feed.
    """
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    return lines if lines[-1] else lines[:-1]


def read_lines(file: Path) -> list[str]:
    """Return the lines of a file in UTF-8, without a byte order mark. Invalid bytes are replaced. Raises OSError."""
    return lines_of(file.read_bytes().decode("utf-8-sig", errors="replace"))
