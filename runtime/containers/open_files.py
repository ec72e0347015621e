"""The space of files that were removed while a process still uses them: no folder contains them any longer.

Source: proc(5), `/proc/<pid>/fd`, `maps` and `map_files`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from stat import S_ISREG

from runtime.base.lines import lines_of
from runtime.base.sizes import BLOCK_BYTES
from runtime.containers.cgroups import PROC, read_file

REMOVED = " (deleted)"
"""What the kernel adds to the path of a mapped file that was removed."""


def removed_bytes(process_ids: Iterable[int], folders: Iterable[Path], proc: Path = PROC) -> int:
    """Return the allocated bytes of removed files that the processes hold open or mapped.

    Only files on the file systems of `folders` and of the processes' root count, not those in memory.
    """
    devices = {os.stat(folder).st_dev for folder in folders}
    blocks: dict[tuple[int, int], int] = {}
    for process in (f"{proc}/{pid}" for pid in process_ids):
        with suppress(OSError):  # it has ended, or hides its files from this user
            root = os.stat(f"{process}/root").st_dev
            for found in _used_files(process):
                if found.st_nlink == 0 and S_ISREG(found.st_mode) and found.st_dev in {root, *devices}:
                    blocks[found.st_dev, found.st_ino] = found.st_blocks
    return sum(blocks.values()) * BLOCK_BYTES


def _used_files(process: str) -> Iterator[os.stat_result]:
    with os.scandir(f"{process}/fd") as entries:
        for entry in entries:
            with suppress(OSError):  # closed in the meantime
                yield entry.stat()
    maps = read_file(f"{process}/maps")
    for line in lines_of(maps) if REMOVED in maps else ():
        if line.endswith(REMOVED):
            with suppress(OSError):  # unmapped in the meantime
                yield os.stat(f"{process}/map_files/{line.partition(' ')[0]}")
