"""Copies of local folders as sources. Which files belong to a source is decided by `push_selection.py`."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from runtime.base.errors import Invalid
from runtime.base.source_paths import is_utf8
from runtime.builds.cancellation import Checkpoint
from runtime.builds.push_selection import PushSelection


@dataclass(frozen=True, slots=True)
class Copied:
    """`skipped` lists the entries that could not be copied, each with the reason."""

    files: int
    skipped: list[str]


def copy_folder(folder: Path, to: Path, selection: PushSelection, limit: Path, checkpoint: Checkpoint) -> Copied:
    """Copy the files of the selection into the folder `to`; files that it already contains stay.

    Links are followed as far as `limit`, which contains the folder. Raises Invalid if there are no files.
    """
    tree = _Tree(folder, selection, limit)
    count = 0
    for name, entry in tree.files():
        checkpoint()
        copy_file(entry, to / name)
        count += 1
    if not count:
        raise Invalid("invalid-value", f"{folder} contains no files to build an Actor from")
    return Copied(count, tree.skipped)


def copy_file(path: os.PathLike[str], to: Path) -> None:
    """Copy a file, with the mode that the execute bit of its owner determines, unless it has been copied already."""
    with open(path, "rb") as content, suppress(FileExistsError), _create(to) as copy:
        shutil.copyfileobj(content, copy)
        to.chmod(0o755 if os.stat(content.fileno()).st_mode & 0o100 else 0o644)


def _create(file: Path) -> BinaryIO:
    """Create a file, and the folders above it if they are missing. Raises FileExistsError."""
    try:
        return file.open("xb")
    except FileNotFoundError:
        file.parent.mkdir(parents=True, exist_ok=True)
        return file.open("xb")


class _Tree:
    """One walk through a folder, which adds to `skipped` as it proceeds."""

    def __init__(self, root: Path, selection: PushSelection, limit: Path) -> None:
        self._root = root
        self._selection = selection
        self._limit = limit
        self.skipped: list[str] = []

    def files(self) -> Iterator[tuple[str, os.DirEntry[str]]]:
        """Yield each file and its name relative to the root, with slashes."""
        return self._walk(self._root, "", frozenset({self._root}))

    def _walk(
        self, directory: Path, prefix: str, real_parents: frozenset[Path]
    ) -> Iterator[tuple[str, os.DirEntry[str]]]:
        for entry in os.scandir(directory):
            name = prefix + entry.name
            is_folder = os.path.isdir(entry)
            is_wanted = self._selection.may_include(name) if is_folder else self._selection.includes(name)
            if not is_wanted or not self._can_copy(entry, name, real_parents):
                continue
            if is_folder:
                path = directory / entry.name
                yield from self._walk(path, f"{name}/", real_parents | {path.resolve()})
            else:
                yield name, entry

    def _can_copy(self, entry: os.DirEntry[str], name: str, real_parents: frozenset[Path]) -> bool:
        obstacle = self._obstacle(entry, real_parents)
        if obstacle:
            self.skipped.append(f"{name!r}: {obstacle}")
        return not obstacle

    def _obstacle(self, entry: os.DirEntry[str], real_parents: frozenset[Path]) -> str | None:
        if not os.path.isdir(entry) and not os.path.isfile(entry):
            return "neither a file nor a folder"
        if entry.is_symlink():
            target = Path(entry).resolve()
            if not target.is_relative_to(self._limit):
                return f"a link out of the {'folder' if self._limit == self._root else 'repository'}"
            if target in real_parents:
                return "a link to a folder that contains it"
        return None if is_utf8(entry.name) else "a name that is not UTF-8"
