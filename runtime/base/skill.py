"""The page for coding agents, which the command prints and the server serves."""

from __future__ import annotations

from pathlib import Path


def skill_page() -> str:
    """Return the page as Markdown, with the name and the description that agents read first."""
    return Path(__file__).with_suffix(".md").read_text(encoding="utf-8")
