"""Paths of files and folders in a source: which names are valid, and which can exist side by side in one tree."""

from __future__ import annotations

import os
import re
import unicodedata
from pathlib import Path, PurePosixPath

from runtime.base.errors import Invalid

MAX_PATH_CHARS = 1024
MAX_NAME_BYTES = 255
MAX_DEPTH = 64
SHOWN_CHARS = 100

CONTROL = re.compile(r"[\x00-\x1f\x7f]")
DRIVE = re.compile(r"[A-Za-z]:")


class SourcePaths:
    """The paths of one tree, checked as they are added: each file occurs once, and no path is both a file and a folder.

    Paths that differ only by case or by the encoding of accents are the same file on some machines, so they are
    rejected.
    """

    def __init__(self) -> None:
        self._known: dict[str, tuple[str, bool]] = {}

    def __len__(self) -> int:
        """The number of files and folders, including all parent folders."""
        return len(self._known)

    def add(self, name: str, *, is_folder: bool) -> str:
        """Add a path and return it in its plain form; `.` is the root of the tree. Raises Invalid."""
        path = plain_path(name)
        for parent in map(str, PurePosixPath(path).parents):
            if self._known.get(_key(parent)) == (parent, True):
                break  # its own parents are already known
            self._add(parent, is_folder=True)
        self._add(path, is_folder=is_folder)
        return path

    def _add(self, path: str, *, is_folder: bool) -> None:
        key = _key(path)
        if key not in self._known:
            self._known[key] = path, is_folder
            return
        first, was_folder = self._known[key]
        if first != path:
            raise _invalid(path, f"is the same as {first!r} on file systems that ignore case")
        if is_folder != was_folder:
            raise _invalid(path, "is both a file and a folder")
        if not is_folder:
            raise _invalid(path, "occurs twice")


def _key(path: str) -> str:
    return unicodedata.normalize("NFC", path).casefold()


def plain_path(name: str) -> str:
    """Return `name` without `.` parts and doubled slashes. Raises Invalid if it is not a path inside a folder."""
    path = PurePosixPath(name)
    if not name or path.is_absolute() or ".." in path.parts or "\\" in name or DRIVE.match(name):
        raise _invalid(name, "must be a path inside the Actor's folder")
    if CONTROL.search(name) or not is_utf8(name):
        raise _invalid(name, "must be valid UTF-8 without control characters")
    if len(name) > MAX_PATH_CHARS or len(path.parts) > MAX_DEPTH:
        raise _invalid(name, f"must have at most {MAX_PATH_CHARS} characters in {MAX_DEPTH} folders")
    if any(len(part.encode()) > MAX_NAME_BYTES for part in path.parts):
        raise _invalid(name, f"must have at most {MAX_NAME_BYTES} bytes between two slashes")
    return str(path)


def resolve_path(folder: Path, path: str) -> Path:
    """Return the absolute path, with all links followed. Raises Invalid if it cannot be a path."""
    try:
        if len(path) > MAX_PATH_CHARS or any(len(os.fsencode(part)) > MAX_NAME_BYTES for part in path.split("/")):
            raise ValueError("it is too long")
        return (folder / path).resolve()
    except (ValueError, RuntimeError) as problem:
        raise Invalid("invalid-value", f"The path {_shown(path)!r} cannot be resolved: {problem}") from problem


def is_utf8(name: str) -> bool:
    """Return whether a name or an argument is UTF-8. Other bytes arrive from the system as lone surrogates."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _invalid(name: str, why: str) -> Invalid:
    return Invalid("invalid-value", f"Source file name {_shown(name)!r} {why}")


def _shown(name: str) -> str:
    return name if len(name) <= SHOWN_CHARS else f"{name[:SHOWN_CHARS]}…"
