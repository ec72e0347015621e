"""The lines of logs by their numbers, and the search in them.

A sparse index holds where one line in every 64 KB begins. It is built when the lines of a log are first requested, and
grows with the log. So any range of lines is read from one place of the file. All reading happens outside of the event
loop. Numbers, offsets and texts are those of the public log, with ANSI codes.
"""

from __future__ import annotations

import asyncio
import codecs
from array import array
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial

from runtime.base.background import exhaust, in_background
from runtime.database.log_files import DROPPED_BYTES, LogFiles, to_platform_format
from runtime.jobs.log_levels import Level, level_of
from runtime.jobs.log_search import LogSearch

BLOCK_BYTES = 65_536
"""The index has one entry for each block."""
MAX_INDEXES = 256
"""The indexes of the logs that were read last are in memory. Others are built again, which takes some milliseconds."""
FOLDED_BYTES = 16_384
"""A longer line is folded: only its beginning is returned."""
MAX_TEXT_BYTES = 1 << 20
"""The lines of one range are together not much longer."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the public log. `text` is only its beginning if it `is_folded`; `length` counts all of its bytes."""

    number: int
    offset: int
    text: str
    length: int
    is_folded: bool
    level: Level | None


@dataclass(frozen=True, slots=True)
class LineRange:
    """Consecutive lines, and how many lines and bytes the public log had when they were read."""

    lines: list[Line]
    total_lines: int
    total_bytes: int


@dataclass(slots=True)
class _Index:
    """The first line of each block: its number and where it is stored. `size` is the end of the last whole line."""

    numbers: array[int] = field(default_factory=lambda: array("Q", [0]))
    offsets: array[int] = field(default_factory=lambda: array("Q", [0]))
    lines: int = 0
    size: int = 0
    growing: asyncio.Lock = field(default_factory=asyncio.Lock)

    def add(self, stored: bytes) -> None:
        """Add whole lines that follow those in the index."""
        self.lines += stored.count(b"\n")
        self.size += len(stored)
        self.numbers.append(self.lines)
        self.offsets.append(self.size)

    def before(self, number: int) -> tuple[int, int]:
        """The last indexed line that is not after this one: its number and where it is stored."""
        place = bisect_right(self.numbers, number) - 1
        return self.numbers[place], self.offsets[place]


class LogLines:
    """The lines of all logs."""

    def __init__(self, files: LogFiles) -> None:
        self._files = files
        self._indexes: OrderedDict[str, _Index] = OrderedDict()

    async def read(self, id: str, first: int, count: int) -> LineRange:
        """At most `count` lines from the line `first` on. A negative `first` counts from the end of the log."""
        index = await self._index(id)
        start = first if first >= 0 else max(0, index.lines + first)
        lines = await in_background(partial(self._read, id, index, start, count))
        return LineRange(lines, index.lines, _public(index.size, index.lines))

    async def search(self, id: str, search: LogSearch) -> int:
        """Search the whole log as it is now, and return how many bytes of the public log that were."""
        await exhaust(self._search(id, search))
        return _public(search.searched_bytes, search.searched_lines)

    async def _index(self, id: str) -> _Index:
        """The index of everything that the log contains now."""
        size = self._files.size(id)
        index = self._indexes.get(id)
        if index is None or index.size > size:  # nobody makes a log shorter, except by hand
            index = self._indexes[id] = _Index()
        self._indexes.move_to_end(id)
        while len(self._indexes) > MAX_INDEXES:
            self._indexes.popitem(last=False)
        async with index.growing:
            await exhaust(self._grow(id, index, size))
        return index

    def _grow(self, id: str, index: _Index, size: int) -> Iterator[bytes]:
        for stored in self._blocks(id, index.size, size):
            index.add(stored)
            yield stored

    def _search(self, id: str, search: LogSearch) -> Iterator[bytes]:
        for stored in self._blocks(id, 0, self._files.size(id)):
            search.add(stored)
            yield stored

    def _read(self, id: str, index: _Index, first: int, count: int) -> list[Line]:
        lines: list[Line] = []
        length = 0
        for number, offset, stored in self._lines(id, index, first):
            if len(lines) >= count or length >= MAX_TEXT_BYTES:
                break
            line = _line(number, offset, stored)
            length += min(line.length, FOLDED_BYTES)
            lines.append(line)
        return lines

    def _lines(self, id: str, index: _Index, first: int) -> Iterator[tuple[int, int, bytes]]:
        """The stored lines from `first` on, each with its number and where it is stored."""
        number, offset = index.before(first)
        for block in self._blocks(id, offset, index.size):
            for stored in block[:-1].split(b"\n"):
                if number >= first:
                    yield number, offset, stored
                number += 1
                offset += len(stored) + 1

    def _blocks(self, id: str, start: int, end: int) -> Iterator[bytes]:
        while stored := self._files.read_lines(id, start, end, BLOCK_BYTES):
            start += len(stored)
            yield stored


def _line(number: int, offset: int, stored: bytes) -> Line:
    is_folded = len(stored) - DROPPED_BYTES > FOLDED_BYTES
    begin = to_platform_format(stored[: FOLDED_BYTES + DROPPED_BYTES], raw=True)
    # A character that the fold cuts is left out, and everything else that is not UTF-8 is replaced.
    text = codecs.getincrementaldecoder("utf-8")("replace").decode(begin, final=not is_folded)
    return Line(
        number=number,
        offset=_public(offset, number),
        text=text,
        length=len(stored) - DROPPED_BYTES,
        is_folded=is_folded,
        level=level_of(stored),
    )


def _public(stored_bytes: int, lines: int) -> int:
    return stored_bytes - DROPPED_BYTES * lines
