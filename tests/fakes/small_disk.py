"""A real file system of a few megabytes, which a test can fill. It needs Linux and root."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

MBYTE = 1 << 20


class SmallDisk:
    """`path` is the mount point. `fill` takes the free space, as another program would, and `free` returns it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._filler = path / "filler"

    @property
    def free_bytes(self) -> int:
        return shutil.disk_usage(self.path).free

    def fill(self, left: int = 0) -> None:
        """Take all space but `left` bytes."""
        with self._filler.open("ab") as file:
            size = file.tell() + self.free_bytes - left
            if size > 0:
                os.posix_fallocate(file.fileno(), 0, size)

    def free(self) -> None:
        self._filler.unlink()

    def set_read_only(self, is_read_only: bool) -> None:
        subprocess.run(["mount", "-o", f"remount,{'ro' if is_read_only else 'rw'}", str(self.path)], check=True)


@contextmanager
def small_disk(mount_point: Path, mbytes: int) -> Iterator[SmallDisk]:
    """Mount the file system, or skip the test where that is impossible."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("a small file system for tests needs Linux and root")
    mount_point.mkdir(exist_ok=True)
    mounting = ["mount", "-t", "tmpfs", "-o", f"size={mbytes}m", "greenroom-test", str(mount_point)]
    if (mounted := subprocess.run(mounting, capture_output=True, text=True, check=False)).returncode:
        pytest.skip(f"a small file system cannot be mounted: {mounted.stderr.strip()}")
    try:
        yield SmallDisk(mount_point)
    finally:
        subprocess.run(["umount", "--lazy", str(mount_point)], check=True)
