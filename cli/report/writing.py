"""Writes web pages to files."""

from __future__ import annotations

from pathlib import Path

from cli.errors import CommandError
from runtime.base.files import replace_file


def write_document(path: Path, text: str) -> None:
    """Write a page completely or not at all. Raises CommandError."""
    try:
        replace_file(path, text.encode())
    except OSError as error:
        raise CommandError(
            f"The page could not be written to {path}: {error.strerror or error}.",
            "Choose a file in a folder that exists and that you may write to.",
        ) from error
