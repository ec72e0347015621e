"""Copies of local folders as sources. Which files belong to a source is decided by `push_selection.py`."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

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
    for path in tree.files():
        checkpoint()
        copy_file(path, to / path.relative_to(folder))
        count += 1
    if not count:
        raise Invalid("invalid-value", f"{folder} contains no files to build an Actor from")
    return Copied(count, tree.skipped)


def copy_file(path: Path, to: Path) -> None:
    """Copy a file, with the mode that the execute bit of its owner determines, unless it has been copied already."""
    if to.exists():
        return
    to.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, to)
    to.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)


class _Tree:
    """One walk through a folder, which adds to `skipped` as it proceeds."""

    def __init__(self, root: Path, selection: PushSelection, limit: Path) -> None:
        self._root = root
        self._selection = selection
        self._limit = limit
        self.skipped: list[str] = []

    def files(self) -> Iterator[Path]:
        return self._walk(self._root, frozenset({self._root}))

    def _walk(self, directory: Path, real_parents: frozenset[Path]) -> Iterator[Path]:
        for path in directory.iterdir():
            name = path.relative_to(self._root).as_posix()
            is_folder = path.is_dir()
            is_wanted = self._selection.may_include(name) if is_folder else self._selection.includes(name)
            if not is_wanted or not self._can_copy(path, name, real_parents):
                continue
            if is_folder:
                yield from self._walk(path, real_parents | {path.resolve()})
            else:
                yield path

    def _can_copy(self, path: Path, name: str, real_parents: frozenset[Path]) -> bool:
        obstacle = self._obstacle(path, real_parents)
        if obstacle:
            self.skipped.append(f"{name!r}: {obstacle}")
        return not obstacle

    def _obstacle(self, path: Path, real_parents: frozenset[Path]) -> str | None:
        if not path.is_dir() and not path.is_file():
            return "neither a file nor a folder"
        if path.is_symlink():
            target = path.resolve()
            if not target.is_relative_to(self._limit):
                return f"a link out of the {'folder' if self._limit == self._root else 'repository'}"
            if target in real_parents:
                return "a link to a folder that contains it"
        return None if is_utf8(path.name) else "a name that is not UTF-8"
