"""How much disk space a tree uses, and whether the quotas of btrfs are reliable."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from runtime.base.sizes import BLOCK_BYTES

BTRFS = Path("/sys/fs/btrfs")
MAX_TREE_LEVELS = 8  # the maximum of btrfs: with this threshold the kernel counts every deletion
FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
GONE = (FileNotFoundError, NotADirectoryError)  # a folder that was removed, or replaced by a file or link


@dataclass(frozen=True, slots=True)
class _Level:
    """A folder on the way from the root to where a walk is, and its folders that the walk has not entered yet."""

    name: str
    identity: tuple[int, int]
    folders: list[str]


def quota_fault(file_systems: Path = BTRFS) -> str | None:
    """Return why the quotas of btrfs are unreliable, or None if they are reliable or the kernel does not show it.

    Linux can stop counting when a large subvolume is deleted. Until the next rescan no limit is enforced, so the
    removal of one container would remove the limits of all others.
    """
    for quotas in sorted(file_systems.glob("*/qgroups")):
        if _number(quotas / "inconsistent") == 1:
            return f"btrfs quotas are inconsistent and limit nothing: run `btrfs quota rescan` ({quotas})"
        threshold = quotas / "drop_subtree_threshold"
        if (levels := _number(threshold)) is not None and levels < MAX_TREE_LEVELS:
            return (
                "btrfs stops enforcing its quotas when a container is removed:"
                f" prevent it with `echo {MAX_TREE_LEVELS} > {threshold}`"
            )
    return None


def _number(path: Path) -> int | None:
    return int(path.read_text()) if path.exists() else None


def used_bytes(roots: Iterable[Path]) -> int:
    """Return the bytes allocated below `roots`. Holes of sparse files do not count; a hard-linked file counts once.

    Raises OSError if a root itself cannot be read, or if a folder in it cannot.
    """
    linked: set[tuple[int, int]] = set()
    return sum(_Walk(os.fspath(root), linked).blocks() for root in roots) * BLOCK_BYTES


class _Walk:
    """Walks one tree, however deep it is, with two open folders: the root, and the one that it is in.

    A path can be longer than the kernel accepts, so it opens each folder relative to the one above. What a container
    removes or moves meanwhile is skipped.
    """

    def __init__(self, root: str, linked: set[tuple[int, int]]) -> None:
        self._root = root
        self._linked = linked
        self._blocks = 0
        self._levels: list[_Level] = []

    def blocks(self) -> int:
        """Return the allocated blocks. A walk can be made once."""
        root = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY)
        try:
            self._fd = os.dup(root)
            try:
                self._enter("")
                while self._levels:
                    if self._levels[-1].folders:
                        self._go_down(self._levels[-1].folders.pop(), root)
                    else:
                        self._go_up(root)
            finally:
                os.close(self._fd)
        finally:
            os.close(root)
        return self._blocks

    def _go_down(self, name: str, root: int) -> None:
        try:
            fd = os.open(name, FOLDER, dir_fd=self._fd)
        except GONE:
            return
        self._move_to(fd)
        try:
            self._enter(name)
        except FileNotFoundError:
            self._return_from(root)

    def _go_up(self, root: int) -> None:
        self._levels.pop()
        if self._levels:
            with suppress(FileNotFoundError):
                self._move_to(os.open("..", FOLDER, dir_fd=self._fd))
            if _identity(self._fd) != self._levels[-1].identity:
                self._return_from(root)

    def _enter(self, name: str) -> None:
        """Count the content of the folder that the walk is in, and remember its folders."""
        folders = []
        with os.scandir(self._fd) as entries:
            for entry in entries:
                self._blocks += _blocks(entry, self._linked)
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.name)
        self._levels.append(_Level(name, _identity(self._fd), folders))

    def _return_from(self, root: int) -> None:
        """Go from the root to the lowest level that is still in its place: a folder on the way was moved or removed."""
        self._move_to(os.dup(root))
        for depth, level in enumerate(self._levels[1:], start=1):
            try:
                self._move_to(os.open(level.name, FOLDER, dir_fd=self._fd))
            except GONE:
                del self._levels[depth:]
                return

    def _move_to(self, fd: int) -> None:
        os.close(self._fd)
        self._fd = fd


def _identity(fd: int) -> tuple[int, int]:
    stat = os.fstat(fd)
    return stat.st_dev, stat.st_ino


def _blocks(entry: os.DirEntry[str], linked: set[tuple[int, int]]) -> int:
    try:
        stat = entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return 0
    if stat.st_nlink > 1 and not entry.is_dir(follow_symlinks=False):
        if (stat.st_dev, stat.st_ino) in linked:
            return 0
        linked.add((stat.st_dev, stat.st_ino))
    return stat.st_blocks
