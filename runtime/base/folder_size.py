"""How much space a folder takes on its disk: measured when somebody needs it, in slices beside the event loop."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from runtime.base.background import exhaust
from runtime.base.clock import Clock, Millis, wait_for_event
from runtime.base.sizes import BLOCK_BYTES

log = logging.getLogger("greenroom.server")

MAX_AGE_MILLIS = 60_000
"""A measured size is returned again for this time. A walk through a million files takes seconds."""


@dataclass(frozen=True, slots=True)
class MeasuredSize:
    size_bytes: int
    measured_at: Millis


class FolderSize:
    """The size of one folder. `last` is the last measured one; None before the first measurement has ended."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self.last: MeasuredSize | None = None
        self._folder = folder
        self._clock = clock
        self._measuring: asyncio.Task[None] | None = None
        self._measured = asyncio.Event()

    async def measure(self, wait_secs: float) -> MeasuredSize | None:
        """Return the size. If it has to be measured, wait at most `wait_secs`, then return the last one."""
        now = self._clock.now()
        if self._measuring is None and (self.last is None or now - self.last.measured_at >= MAX_AGE_MILLIS):
            self._measured.clear()
            self._measuring = asyncio.create_task(self._measure(), name="folder size")
        if self._measuring is not None:
            await wait_for_event(self._measured, self._clock, now + round(wait_secs * 1000))
        return self.last

    async def close(self) -> None:
        """End a measurement."""
        if self._measuring is not None:
            self._measuring.cancel()
            await asyncio.gather(self._measuring, return_exceptions=True)

    async def _measure(self) -> None:
        walk = _Walk(self._folder)
        try:
            await exhaust(walk.steps())
            self.last = MeasuredSize(walk.size_bytes, self._clock.now())
        except OSError as problem:
            log.warning("The size of %s cannot be measured: %s", self._folder, problem)
        finally:
            self._measuring = None
            self._measured.set()


class _Walk:
    def __init__(self, folder: Path) -> None:
        self.size_bytes = 0
        self._folder = folder

    def steps(self) -> Iterator[bytes]:
        """Visit all files. Each step is a file or folder. Raises OSError."""
        folders = [str(self._folder)]
        while folders:
            try:
                with os.scandir(folders.pop()) as entries:
                    for entry in entries:
                        yield b""
                        if entry.is_dir(follow_symlinks=False):
                            folders.append(entry.path)
                        self._add(entry)
            except FileNotFoundError:  # it was deleted during the walk
                continue

    def _add(self, entry: os.DirEntry[str]) -> None:
        with suppress(FileNotFoundError):  # it was deleted during the walk
            self.size_bytes += entry.stat(follow_symlinks=False).st_blocks * BLOCK_BYTES
