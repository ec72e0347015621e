"""Tables: a column for each property of any item, and a row for each item.

The items are read twice, the first time for the columns. A nested value has a column for each leaf, named by its path.
"""

from __future__ import annotations

import csv
import html
import io
import math
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

from api.response.exports.export import Export, TextExport, computed
from runtime.base.errors import Invalid
from runtime.base.json_text import dumps
from runtime.storages.item_view import Item, leaves

MAX_COLUMNS = 2000
MAX_COLUMN_NAME = 200
PATH_SEPARATOR = "/"


class Table(Export):
    """An export with `columns`, which are known after `open`."""

    max_rows: ClassVar[float] = math.inf

    async def open(self) -> None:
        rows, found = 0, dict[str, None]()
        async for lines in self.page.chunks():
            async for slice in computed(self._columns, lines):
                rows += sum(is_row for is_row, _ in slice)
                for _, columns in slice:
                    found.update(dict.fromkeys(columns))
                self._check_size(rows, len(found))
        self.columns = list(found)

    def row(self, item: Item) -> list[Any]:
        """The item's leaves in the order of the columns; None for a column that the item does not have."""
        flat = dict(_leaves(item))
        return [flat.get(column) for column in self.columns]

    def _columns(self, lines: list[bytes]) -> Iterator[tuple[bool, list[str]]]:
        """Whether each item is shown, and its columns. Raises Invalid."""
        for item in self.view.apply(lines):
            yield item is not None, self._columns_of(item or {})

    def _columns_of(self, item: Item) -> list[str]:
        # The limits are checked for each leaf, because the paths of an item's leaves can be much longer than the item.
        columns = []
        for column, _ in _leaves(item):
            columns.append(column)
            if len(column) > MAX_COLUMN_NAME:
                raise _not_a_table(f"a column whose name is longer than {MAX_COLUMN_NAME} characters")
            if len(columns) > MAX_COLUMNS:
                raise _not_a_table(f"more than {MAX_COLUMNS} columns")
        return columns

    def _check_size(self, rows: int, columns: int) -> None:
        """Raises Invalid."""
        if rows > self.max_rows:
            raise _not_a_table(f"more than {self.max_rows} rows")
        if columns > MAX_COLUMNS:
            raise _not_a_table(f"more than {MAX_COLUMNS} columns")


class Csv(Table, TextExport):
    content_type = "text/csv; charset=utf-8"
    has_bom = True

    def start(self) -> str:
        return "" if self.options.skip_header_row or not self.columns else self._rows([self.columns])

    def item(self, item: Item) -> Iterator[str]:
        yield self._rows([[cell_text(value) for value in self.row(item)]])

    def _rows(self, rows: Iterable[list[str]]) -> str:
        written = io.StringIO()
        csv.writer(written, delimiter=self.options.delimiter, lineterminator="\n").writerows(rows)
        return written.getvalue()


class Html(Table, TextExport):
    content_type = "text/html; charset=utf-8"

    def start(self) -> str:
        return f"<table>{self._row('th', self.columns)}"

    def item(self, item: Item) -> Iterator[str]:
        yield self._row("td", map(cell_text, self.row(item)))

    def end(self) -> str:
        return "</table>"

    def _row(self, tag: str, texts: Iterable[str]) -> str:
        cells = "".join(f"<{tag}>{html.escape(text)}</{tag}>" for text in texts)
        return f"<tr>{cells}</tr>\n"


def cell_text(value: Any) -> str:
    """The text of a leaf's cell: a string unchanged, no text for a missing, null or empty value, JSON for others."""
    if isinstance(value, str):
        return value
    return "" if value is None or value == [] or value == {} else dumps(value).decode()


def _leaves(item: Item) -> Iterator[tuple[str, Any]]:
    for name, value in item.items():
        yield from leaves(name, value, PATH_SEPARATOR)


def _not_a_table(what: str) -> Invalid:
    return Invalid(
        "invalid-parameter", f"A table of these items would have {what}: select some with 'fields', or use format=json"
    )
