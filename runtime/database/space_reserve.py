"""A reserve for a full disk: a file whose space is freed for writes that must succeed.

Without it, nothing could be deleted on a full disk, because SQLite needs space for its log before it frees any.
"""

from __future__ import annotations

import logging
import os
import shutil
from contextlib import suppress
from pathlib import Path

log = logging.getLogger("greenroom.database")

RESERVE_BYTES = 8 * 1024 * 1024
SHARE_OF_DISK = 32
"""On a small disk, the reserve is at most this fraction of it."""
ROOM_BYTES = 256 * 1024
"""The reserve leaves this much free space, for the small files that a start of the server writes."""
BLOCK_BYTES = 64 * 1024


class SpaceReserve:
    """Does nothing until it is opened, except that `release` also deletes the reserve of an earlier server."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._is_open = False

    def open(self) -> None:
        self._is_open = True
        self.fill()

    def release(self) -> bool:
        """Free the reserved space. Return whether there was any."""
        try:
            self._path.unlink()
        except OSError:  # there is no reserve, or the file system is read-only
            return False
        return True

    def release_if_needed(self) -> None:
        """Free the reserved space if a server could not start in what is left."""
        if shutil.disk_usage(self._path.parent).free < ROOM_BYTES:
            self.release()

    def fill(self) -> None:
        """Reserve the space again, or as much of it as the disk has."""
        if not self._is_open:
            return
        disk = shutil.disk_usage(self._path.parent)
        with suppress(OSError), self._path.open("ab") as file:  # on a full disk, what fits is the reserve
            size = file.tell()
            missing = min(RESERVE_BYTES, disk.total // SHARE_OF_DISK) - size
            _extend(file.fileno(), size, min(missing, disk.free - ROOM_BYTES))


def _extend(fd: int, size: int, added: int) -> None:
    """Add allocated bytes to a file of this size, rounded down to whole blocks."""
    blocks = max(0, added) // BLOCK_BYTES
    if not blocks:
        return
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(fd, size, blocks * BLOCK_BYTES)
        return
    for _ in range(blocks):  # macOS; random bytes, because its file system may store zeros without using space
        os.write(fd, os.urandom(BLOCK_BYTES))
