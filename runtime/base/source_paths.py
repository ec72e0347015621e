"""The paths of a source's files and folders: what one may be called, and which go together in one tree."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path, PurePosixPath

from runtime.base.errors import Invalid

MAX_PATH_CHARS = 1024
MAX_NAME_BYTES = 255
MAX_DEPTH = 64

CONTROL = re.compile(r"[\x00-\x1f\x7f]")
DRIVE = re.compile(r"[A-Za-z]:")


class SourcePaths:
    """The paths of one tree, taken in as they come: every file once, and none that is a folder too.

    Paths that only differ by case or by how accents are written are one file on some machines, so they are refused.
    """

    def __init__(self) -> None:
        self._known: dict[str, tuple[str, bool]] = {}

    def __len__(self) -> int:
        """How many there are, with all folders on the way to them."""
        return len(self._known)

    def add(self, name: str, *, is_folder: bool) -> str:
        """The name as a plain relative path; `.` is the tree's own folder. Raises Invalid."""
        path = plain_path(name)
        for parent in map(str, PurePosixPath(path).parents):
            if self._known.get(_key(parent)) == (parent, True):
                break  # as are those above it
            self._note(parent, is_folder=True)
        self._note(path, is_folder=is_folder)
        return path

    def _note(self, path: str, *, is_folder: bool) -> None:
        key = _key(path)
        if key not in self._known:
            self._known[key] = path, is_folder
            return
        first, was_folder = self._known[key]
        if first != path:
            raise _bad(path, f"is the same as {first!r} where case does not count")
        if is_folder != was_folder:
            raise _bad(path, "is a file and a folder too")
        if not is_folder:
            raise _bad(path, "comes twice")


def _key(path: str) -> str:
    return unicodedata.normalize("NFC", path).casefold()


def plain_path(name: str) -> str:
    """`name` without `.` parts and doubled slashes. Raises Invalid where it is no path inside a folder."""
    path = PurePosixPath(name)
    if not name or path.is_absolute() or ".." in path.parts or "\\" in name or DRIVE.match(name):
        raise _bad(name, "must be a path inside the Actor's folder")
    if CONTROL.search(name) or not is_utf8(name):
        raise _bad(name, "must have no control characters, and be valid UTF-8")
    if len(name) > MAX_PATH_CHARS or len(path.parts) > MAX_DEPTH:
        raise _bad(name, f"must have at most {MAX_PATH_CHARS} characters in {MAX_DEPTH} folders")
    if any(len(part.encode()) > MAX_NAME_BYTES for part in path.parts):
        raise _bad(name, f"must have at most {MAX_NAME_BYTES} bytes between two slashes")
    return str(path)


def followed(folder: Path, place: str) -> Path:
    """Where `place` leads from the folder, by way of links too. Raises Invalid where it is no path at all."""
    try:
        return (folder / place).resolve()
    except (ValueError, RuntimeError) as problem:
        raise Invalid("invalid-value", f"The path {place!r} leads nowhere: {problem}") from problem


def is_utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _bad(name: str, why: str) -> Invalid:
    shown = name if len(name) <= 100 else f"{name[:100]}…"
    return Invalid("invalid-value", f"Source file name {shown!r} {why}")
