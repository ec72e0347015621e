"""How much disk space a tree uses, and whether the quotas of btrfs are reliable."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

BTRFS = Path("/sys/fs/btrfs")
MAX_TREE_LEVELS = 8  # the maximum of btrfs: with this threshold the kernel counts every deletion
BLOCK = 512  # the unit of st_blocks, independent of the file system's block size


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

    Raises OSError if a root itself cannot be read.
    """
    linked: set[tuple[int, int]] = set()
    return sum(_allocated(os.fspath(root), linked) for root in roots)


def _allocated(root: str, linked: set[tuple[int, int]]) -> int:
    with os.scandir(root):
        pending = [root]
    blocks = 0
    while pending:
        with suppress(FileNotFoundError), os.scandir(pending.pop()) as entries:  # removed in the meantime
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
