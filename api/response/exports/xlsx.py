"""Excel workbooks, which are written into a temporary file row by row, and sent from there."""

from __future__ import annotations

import asyncio
import math
import tempfile
from collections.abc import AsyncIterator
from typing import IO, Any

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from api.response.exports.tables import Table, cell_text
from runtime.base.errors import Invalid

MAX_ROWS = 1_048_576
"""Excel's own limit, including the header row."""
MAX_CELL_TEXT = 32_767
"""Excel's own limit. Longer text is truncated."""
MAX_EXACT = 2**53
"""Excel's numbers are floats, so larger integers are written as text."""
READ_BYTES = 262_144
OPTIONS = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}


class Xlsx(Table):
    content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

    async def open(self) -> None:
        if not self.view.unwind and self.page.count >= MAX_ROWS:
            raise Invalid(
                "invalid-parameter", f"Excel allows {MAX_ROWS} rows at most: use a lower limit, or format=csv"
            )
        await super().open()

    async def stream(self) -> AsyncIterator[bytes]:
        with tempfile.TemporaryDirectory(prefix="greenroom-") as folder, tempfile.TemporaryFile() as file:
            await self._write(file, folder)
            file.seek(0)
            while chunk := await asyncio.to_thread(file.read, READ_BYTES):
                yield chunk

    async def _write(self, file: IO[bytes], folder: str) -> None:
        workbook = Workbook(file, {**OPTIONS, "tmpdir": folder})
        sheet = workbook.add_worksheet()
        for number, column in enumerate(self.columns):
            sheet.write_string(0, number, column)
        rows = 1
        async for lines in self.page.chunks():
            rows += await asyncio.to_thread(self._write_rows, sheet, rows, lines)
        await asyncio.to_thread(workbook.close)

    def _write_rows(self, sheet: Worksheet, first: int, lines: list[bytes]) -> int:
        """Write the items as rows, beginning at the row `first`. Return how many rows were written."""
        count = 0
        for item in self.view.apply(lines):
            for number, value in enumerate(self.row(item)):
                _write_cell(sheet, first + count, number, value)
            count += 1
        return count


def _write_cell(sheet: Worksheet, row: int, column: int, value: Any) -> None:
    if isinstance(value, bool):
        sheet.write_boolean(row, column, value)
    elif isinstance(value, int | float) and math.fabs(value) <= MAX_EXACT:
        sheet.write_number(row, column, value)
    elif text := cell_text(value):
        sheet.write_string(row, column, text.encode("utf-8", "replace").decode()[:MAX_CELL_TEXT])
