"""Tables on stdout. On a terminal they fit its width; elsewhere their cells are complete, for other programs.

Columns are separated by spaces, and no cell contains a line end or a tab.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from cli import terminal
from cli.terminal.text import printable

GAP = "  "
ELLIPSIS = "…"
MIN_WIDTH = 10
"""A column that shrinks remains at least this wide, unless its content is narrower."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column and its style on a terminal.

    If the terminal is too narrow, the widest columns with `shrinks` are cut first. Then columns with `optional` are
    left out, the last one first.
    """

    title: str
    right: bool = False
    shrinks: bool = False
    optional: bool = False


Row = Sequence[str]
Styles = dict[str, str]
"""Styles by the whole text of a cell."""


def print_table(columns: Sequence[Column], rows: Sequence[Row], styles: Styles | None = None) -> None:
    """Print a header and the rows to stdout."""
    console = terminal.stdout
    cells = [[_one_line(cell) for cell in row] for row in rows]
    if console.is_terminal:
        for line in table_lines(columns, cells, console.width, styles or {}):
            console.print(line)
        return
    widths = [max(map(cell_len, column)) for column in zip(*[[each.title for each in columns], *cells], strict=True)]
    text = "\n".join(_plain(columns, row, widths) for row in [[each.title for each in columns], *cells])
    console.file.write(f"{text}\n")
    console.file.flush()


def table_lines(columns: Sequence[Column], rows: Sequence[Row], width: int, styles: Styles) -> list[Text]:
    """Return the lines of a table that fits a terminal of this width, if its columns permit it."""
    natural = [
        max(cell_len(text) for text in (column.title, *(row[index] for row in rows)))
        for index, column in enumerate(columns)
    ]
    shown = _shown(columns, natural, width)
    widths = _fitting(columns, natural, shown, width)
    header = _plain(columns, [_cut(column.title, width) for column, width in zip(columns, widths, strict=True)], widths)
    return [Text(header, style="bold"), *(_line(columns, row, widths, styles) for row in rows)]


def _one_line(text: str) -> str:
    return " ".join(printable(text).split()) if text else "-"


def _shown(columns: Sequence[Column], natural: Sequence[int], width: int) -> list[bool]:
    """Leave out optional columns until the others fit, each as narrow as possible."""
    least = [min(size, MIN_WIDTH) if column.shrinks else size for column, size in zip(columns, natural, strict=True)]
    shown = [True] * len(columns)
    for index in reversed(range(len(columns))):
        if _total(least, shown) <= width:
            break
        shown[index] = not columns[index].optional
    return shown


def _fitting(columns: Sequence[Column], natural: Sequence[int], shown: list[bool], width: int) -> list[int]:
    """Return the widths of all columns, 0 for one that is left out. The widest columns shrink first."""
    widths = [size if is_shown else 0 for size, is_shown in zip(natural, shown, strict=True)]
    while (excess := _total(widths, shown) - width) > 0:
        candidates = [i for i, each in enumerate(columns) if each.shrinks and shown[i] and widths[i] > MIN_WIDTH]
        if not candidates:
            break
        widest = max(candidates, key=lambda index: widths[index])
        widths[widest] -= min(excess, max(1, (widths[widest] - MIN_WIDTH) // 2))
    return widths


def _total(widths: Sequence[int], shown: Sequence[bool]) -> int:
    parts = [size for size, is_shown in zip(widths, shown, strict=True) if is_shown]
    return sum(parts) + len(GAP) * (len(parts) - 1)


def _cut(text: str, width: int) -> str:
    return text if cell_len(text) <= width else set_cell_size(text, max(width - 1, 0)) + ELLIPSIS


def _line(columns: Sequence[Column], row: Row, widths: Sequence[int], styles: Styles) -> Text:
    line = Text()
    for column, cell, width in zip(columns, row, widths, strict=True):
        if width:
            line.append(GAP if line else "")
            line.append(_aligned(column, _cut(cell, width), width), style=styles.get(cell))
    line.rstrip()
    return line


def _plain(columns: Sequence[Column], row: Row, widths: Sequence[int]) -> str:
    """Return a row without styles. A column of width 0 is left out."""
    parts = [_aligned(*each) for each in zip(columns, row, widths, strict=True) if each[2]]
    return GAP.join(parts).rstrip()


def _aligned(column: Column, text: str, width: int) -> str:
    padding = " " * (width - cell_len(text))
    return padding + text if column.right else text + padding
