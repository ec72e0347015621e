"""Sizes of memory, disks and files as people read them."""

from __future__ import annotations

MBYTE = 1024 * 1024
BLOCK_BYTES = 512
"""The unit of `st_blocks`, which does not depend on the block size of the file system."""
UNITS = ((1024 * MBYTE, "GB"), (MBYTE, "MB"), (1024, "kB"))


def readable_size(count: float) -> str:
    """Return a number of bytes with one decimal in the largest unit that fits."""
    for size, unit in UNITS:
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count:.0f} B"


def megabytes(count: float) -> str:
    """Return a size of memory, always in megabytes, so that it can be compared with the limit."""
    return f"{count / MBYTE:.1f} MB"


def image_size(count: int) -> str:
    """Return the size of images in whole megabytes, so that sizes in a list can be compared."""
    return f"{count / MBYTE:.0f} MB"
