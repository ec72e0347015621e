"""How much space a tree takes on the disk, and whether the disk's quotas hold."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

BTRFS = Path("/sys/fs/btrfs")
KEPT_LEVELS = 8  # the highest a tree of btrfs can be: whatever is deleted is counted
BLOCK = 512  # the unit of st_blocks, whatever the file system's own block is


def quota_problem(file_systems: Path = BTRFS) -> str | None:
    """Why quotas of btrfs cannot be relied on; None where they can, or where the kernel does not tell.

    Linux gives up counting when a big subvolume is deleted, and then no limit holds until somebody rescans: a
    container that is removed would take the limits of all others with it.
    """
    for quotas in sorted(file_systems.glob("*/qgroups")):
        if _number(quotas / "inconsistent") == 1:
            return f"btrfs quotas are inconsistent and hold nothing: run `btrfs quota rescan` ({quotas})"
        threshold = quotas / "drop_subtree_threshold"
        if (levels := _number(threshold)) is not None and levels < KEPT_LEVELS:
            return (
                f"btrfs gives its quotas up when a container is removed: `echo {KEPT_LEVELS} > {threshold}` keeps them"
            )
    return None


def _number(path: Path) -> int | None:
    return int(path.read_text()) if path.exists() else None


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
