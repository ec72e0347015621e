"""Prints what `greenroom fit` found out: the table of sizes, the recommendation and the notes."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from rich.text import Text

from cli import terminal
from cli.report.text import figure_format
from cli.terminal.text import printable
from runtime.base.json_text import JsonDict
from runtime.reports.fit_facts import Fact, facts
from runtime.reports.fit_rows import PROVEN, headings, size_row

STYLES = {PROVEN: "bold green", "fits": "green", "tight": "yellow"}
MISS = "red"
LABEL_WIDTH = len("Recommended") + 2
LEAST_TEXT_WIDTH = 30
PIPED_WIDTH = 10_000
"""A line in a file is not wrapped."""


def print_fit(fit: JsonDict) -> None:
    if fit["sizes"]:
        figures = figure_format()
        _print_table(headings(fit), [size_row(fit, size, figures) for size in fit["sizes"]])
        terminal.stdout.print()
    for fact in facts(fit):
        _print_fact(fact)


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the rows as lines with columns of equal width, the numbers to the right."""
    return ["  ".join(_padded(cells)).rstrip() for cells in _with_widths(rows)]


def _print_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    result_column = heads.index("Result")
    head, *lines = _with_widths([heads, *rows])
    terminal.stdout.print(Text("  ".join(_padded(head)).rstrip(), style="dim"))
    for cells in lines:
        parts = _padded(cells)
        verdict = parts[result_column].strip()
        parts_with_style = [
            (part, STYLES.get(verdict, MISS) if index == result_column else "") for index, part in enumerate(parts)
        ]
        spaced = [one for part in parts_with_style for one in (part, ("  ", ""))][:-1]
        terminal.stdout.print(Text.assemble(*spaced))


Padded = list[tuple[str, int, bool]]
"""The cells of a line, each with the width of its column and whether it is aligned to the left."""


def _with_widths(rows: Sequence[Sequence[str]]) -> list[Padded]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    left = [name in ("#", "Input", "Result") for name in rows[0]]
    return [list(zip(row, widths, left, strict=True)) for row in rows]


def _padded(cells: Padded) -> list[str]:
    return [text.ljust(width) if is_left else text.rjust(width) for text, width, is_left in cells]


def _print_fact(fact: Fact) -> None:
    for index, line in enumerate(_aligned(fact.table) if fact.table else _wrapped(fact.text)):
        terminal.stdout.print(Text.assemble(((fact.label if index == 0 else "").ljust(LABEL_WIDTH), "dim"), line))


def _wrapped(text: str) -> list[str]:
    width = terminal.stdout.width if terminal.stdout.is_terminal else PIPED_WIDTH
    return textwrap.wrap(printable(text), max(LEAST_TEXT_WIDTH, width - LABEL_WIDTH)) or [""]
