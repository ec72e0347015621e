from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.base import folder_size
from runtime.base.folder_size import FolderSize
from tests.fakes.clock import VirtualClock


class Walks:
    """Counts the walks through a folder. `blocks` lets them wait."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        self.is_blocked = False
        self.has_started = threading.Event()
        steps = folder_size._Walk.steps

        def counted(walk: folder_size._Walk) -> Iterator[bytes]:
            self.count += 1
            self.has_started.set()
            while self.is_blocked:
                yield b""
            yield from steps(walk)

        monkeypatch.setattr(folder_size._Walk, "steps", counted)


def allocated(*paths: Path) -> int:
    return sum(path.lstat().st_blocks * 512 for path in paths)


async def test_the_size_is_that_of_all_files_below_without_followed_links(tmp_path: Path) -> None:
    folder, outside = tmp_path / "data", tmp_path / "outside"
    (folder / "values" / "deep").mkdir(parents=True)
    big, small = folder / "values" / "deep" / "big", folder / "small"
    big.write_bytes(os.urandom(100_000))
    small.write_bytes(b"x")
    outside.write_bytes(os.urandom(100_000))
    (folder / "link").symlink_to(outside)
    (folder / "loop").symlink_to(folder)
    measured = await FolderSize(folder, VirtualClock()).measure(10)
    links, folders = (folder / "link", folder / "loop"), (folder / "values", folder / "values" / "deep")
    assert measured is not None and measured.size_bytes == allocated(big, small, *links, *folders) >= 100_000


async def test_a_size_is_returned_again_for_a_minute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock, walks = VirtualClock(), Walks(monkeypatch)
    size = FolderSize(tmp_path, clock)
    first = await size.measure(10)
    await clock.advance(59)
    assert await size.measure(10) is first
    await clock.advance(1)
    both = await asyncio.gather(size.measure(10), size.measure(10))
    assert both[0] is both[1] is not first
    assert walks.count == 2


async def test_a_long_measurement_returns_the_last_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock, walks = VirtualClock(), Walks(monkeypatch)
    size, walks.is_blocked = FolderSize(tmp_path, clock), True
    for _ in range(2):
        waiting = asyncio.create_task(size.measure(2))
        await clock.advance(2)
        assert await waiting is None
    assert await asyncio.to_thread(walks.has_started.wait, 60)  # in a thread, when the machine has time
    await size.close()
    assert walks.count == 1
    walks.is_blocked = False
    assert await size.measure(2) is not None


async def test_a_folder_that_disappears_and_one_that_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = await FolderSize(tmp_path / "missing", VirtualClock()).measure(2)
    assert missing is not None and missing.size_bytes == 0

    def fail(path: str) -> None:
        raise PermissionError(13, "denied", path)

    monkeypatch.setattr(os, "scandir", fail)
    assert await FolderSize(tmp_path, VirtualClock()).measure(2) is None
