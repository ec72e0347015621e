"""Writes new files into a project, each completely or not at all, and never over existing ones unasked."""

from __future__ import annotations

import os
from pathlib import Path

from cli.errors import INVALID_INPUT, CommandError
from runtime.base.files import replace_file


def write_files(files: dict[Path, str], root: Path, *, force: bool) -> None:
    """Write the files below `root`. Raises CommandError before anything is written, or if a file cannot be written."""
    for file in files:
        if not file.parent.resolve().is_relative_to(root):
            raise CommandError(
                f"{file} is outside of {root}, because a folder in its path is a symbolic link.",
                "Remove the link.",
                exit_code=INVALID_INPUT,
            )
    existing = [file for file in files if os.path.lexists(file)]
    if existing and not force:
        names = ", ".join(str(file.relative_to(root)) for file in existing)
        raise CommandError(
            f"Nothing was written, because these files exist in {root}: {names}.",
            "Pass --force to replace them.",
            exit_code=INVALID_INPUT,
        )
    for file, content in files.items():
        _write(file, content)


def _write(file: Path, content: str) -> None:
    """Write a file completely or not at all. An existing file or symbolic link is replaced."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        replace_file(file, content.encode())
    except OSError as error:
        raise CommandError(f"Cannot write {file}: {error.strerror or error}.") from error
