"""Prints what `greenroom fit` found out: the table of sizes, the recommendation and the notes."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.text import Text

from cli import terminal
from cli.fit.rows import EXPRESSION_HEADINGS, PROVEN, expression_row, headings, size_row
from cli.report.text import figure_format
from cli.terminal.text import printable
from runtime.base.json_text import JsonDict

STYLES = {PROVEN: "bold green", "fits": "green", "tight": "yellow"}
MISS = "red"
LEAST_FOR_CHECK = 3
"""With fewer inputs, the server checks the expression against none that it was not derived from."""
LABEL_WIDTH = len("Recommended") + 2
LEAST_TEXT_WIDTH = 30
PIPED_WIDTH = 10_000
"""A line in a file is not wrapped."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A labeled sentence, or a row of a table, which is not wrapped."""

    label: str
    text: str
    is_table_row: bool = False


def print_fit(fit: JsonDict) -> None:
    if fit["sizes"]:
        figures = figure_format()
        _print_table(headings(fit), [size_row(fit, size, figures) for size in fit["sizes"]])
        terminal.stdout.print()
    for fact in facts(fit):
        _print_fact(fact)


def facts(fit: JsonDict) -> Iterator[Fact]:
    """Yield the labeled sentences below the table."""
    if len(fit["inputs"]) > 1:
        for index, label in enumerate(fit["inputs"]):
            yield Fact("Inputs" if index == 0 else "", f"#{index + 1} {label}")
    yield from _recommendation(fit)
    if fit["expression"]:
        yield from _expression(fit["expression"])
    elif fit["recommendation"] and len(fit["inputs"]) > 1:
        yield Fact("Expression", "No number in the inputs predicts the need better than one size for all of them.")
    for index, note in enumerate(fit["notes"]):
        yield Fact("Notes" if index == 0 else "", note)


def _recommendation(fit: JsonDict) -> Iterator[Fact]:
    found = fit["recommendation"]
    if found is None:
        reason = f"because no size fits. {fit['advice']}" if fit["advice"] else "because too little was measured."
        yield Fact("Recommended", f"nothing, {reason}")
        return
    runs = "run" if len(found["proofs"]) == 1 else "runs"
    proof = (
        f"Proven by the fresh {runs} {', '.join(found['proofs'])}."
        if found["isProven"]
        else "Not proven by a fresh run."
    )
    yield Fact("Recommended", f"{found['memoryMbytes']} MB, {found['reason']}. {proof}")
    yield Fact("Headroom", found["explanation"])
    yield Fact(
        "Settings",
        f"defaultMemoryMbytes {found['memoryMbytes']}, minMemoryMbytes {found['minMemoryMbytes']},"
        f" maxMemoryMbytes {found['maxMemoryMbytes']}",
    )


def _expression(expression: JsonDict) -> Iterator[Fact]:
    predictions = expression["predictions"]
    yield Fact("Expression", f'"defaultMemoryMbytes": "{expression["defaultMemoryMbytes"]}"')
    misses = sum(one["isMiss"] for one in predictions)
    text = f"It gives too little to {misses} of {len(predictions)} inputs."
    if len(predictions) < LEAST_FOR_CHECK:
        text += f" Pass at least {LEAST_FOR_CHECK} inputs to check it against inputs that it was not derived from."
    else:
        unseen = sum(one["isUnseenMiss"] for one in predictions)
        text += f" Derived without the input in question, it gives too little to {unseen}."
    yield Fact("", text)
    rows = [expression_row(f"#{index + 1}", one) for index, one in enumerate(predictions)]
    for line in aligned([list(EXPRESSION_HEADINGS), *rows]):
        yield Fact("", line, is_table_row=True)


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
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
    width = terminal.stdout.width if terminal.stdout.is_terminal else PIPED_WIDTH
    text = printable(fact.text)
    lines = [text] if fact.is_table_row else textwrap.wrap(text, max(LEAST_TEXT_WIDTH, width - LABEL_WIDTH)) or [""]
    for index, line in enumerate(lines):
        terminal.stdout.print(Text.assemble(((fact.label if index == 0 else "").ljust(LABEL_WIDTH), "dim"), line))
