"""Excel workbooks, which are written into a temporary file row by row, and then sent from there."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from itertools import count
from typing import TYPE_CHECKING, Any

from api.response.exports.tables import Table, cell_text
from runtime.base.background import exhaust
from runtime.base.errors import Invalid
from runtime.base.late_imports import import_in_thread
from runtime.storages.item_view import has_giant

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

MAX_ROWS = 1_048_576
"""Excel's own limit, including the header row."""
MAX_CELL_TEXT = 32_767
"""Excel's own limit. Longer text is truncated."""
MAX_EXACT = 2**53
"""Excel's numbers are floats, so larger integers are written as text."""
READ_BYTES = 262_144
MAX_LENGTH = 1_000_000_000
"""The total length of all cells. Unwinding can repeat one long text in a million rows."""
LENGTH_OF_NUMBER = 20
"""About what a number takes in the file."""
OPTIONS = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}


class Xlsx(Table):
    content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    max_rows = MAX_ROWS - 1

    async def open(self) -> None:
        """Write the whole workbook, so that an error arrives before anything is sent."""
        await super().open()
        self._length = 0
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 (`stream` closes it)
        with tempfile.TemporaryDirectory(prefix="greenroom-") as folder:
            await self._write(folder)
        self._file.seek(0)

    async def stream(self) -> AsyncIterator[bytes]:
        with self._file:
            while chunk := await asyncio.to_thread(self._file.read, READ_BYTES):
                yield chunk

    async def _write(self, folder: str) -> None:
        await import_in_thread("xlsxwriter")
        from xlsxwriter import Workbook

        workbook = Workbook(self._file, {**OPTIONS, "tmpdir": folder})
        sheet = workbook.add_worksheet()
        for number, column in enumerate(self.columns):
            sheet.write_string(0, number, _encodable(column))
        rows = count(1)
        async for lines in self.page.chunks():
            if await has_giant(lines):
                raise Invalid("invalid-parameter", "An item is too complex for a workbook: use format=csv")
            await exhaust(self._write_rows(sheet, rows, lines))
        await asyncio.to_thread(workbook.close)

    def _write_rows(self, sheet: Worksheet, rows: Iterator[int], lines: list[bytes]) -> Iterator[str]:
        """Write the items into the next `rows`. It yields after each item. Raises Invalid."""
        for item in self.view.apply(lines):
            if item is not None:
                row = next(rows)
                for number, value in enumerate(self.row(item)):
                    self._length += _write_cell(sheet, row, number, value)
                if self._length > MAX_LENGTH:
                    raise Invalid("invalid-parameter", "The workbook would be too large: use a limit, or format=csv")
            yield ""


def _write_cell(sheet: Worksheet, row: int, column: int, value: Any) -> int:
    """Write a cell, unless it is empty, and return about how long it is."""
    if isinstance(value, bool):
        sheet.write_boolean(row, column, value)
        return LENGTH_OF_NUMBER
    if isinstance(value, int | float) and abs(value) <= MAX_EXACT:
        sheet.write_number(row, column, value)
        return LENGTH_OF_NUMBER
    text = _encodable(cell_text(value)[:MAX_CELL_TEXT])
    if text:
        sheet.write_string(row, column, text)
    return len(text)


def _encodable(text: str) -> str:
    """The text with question marks for halves of surrogate pairs, which JSON allows and UTF-8 does not."""
    return text.encode("utf-8", "replace").decode()
