"""How much space a tree takes on the disk."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

BLOCK = 512  # the unit of st_blocks, whatever the file system's own block is


def used_bytes(roots: Iterable[Path]) -> int:
    """Bytes allocated below `roots`: holes of sparse files don't count, a file with several names counts once.

    Raises OSError when a root itself cannot be read.
    """
    linked: set[tuple[int, int]] = set()
    return sum(_allocated(os.fspath(root), linked) for root in roots)


def _allocated(root: str, linked: set[tuple[int, int]]) -> int:
    with os.scandir(root):
        pending = [root]
    blocks = 0
    while pending:
        with suppress(FileNotFoundError), os.scandir(pending.pop()) as entries:  # removed while we walk
            for entry in entries:
                blocks += _blocks(entry, linked)
                if entry.is_dir(follow_symlinks=False):
                    pending.append(entry.path)
    return blocks * BLOCK


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
