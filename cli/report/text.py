"""Prints a report as labeled lines with small curves, for the width of the terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from rich.text import Text

from cli import terminal
from cli.report.rows import Row, report_rows, source_text
from cli.terminal import print_wrapped, streams
from cli.terminal.small_curves import resampled, small_curve
from cli.terminal.text import printable
from runtime.base.json_text import JsonDict
from runtime.reports.figures import ASCII, UNICODE, FigureFormat, duration

PIPED_CURVE_WIDTH = 24
CURVE_SHARE = 5
"""On a terminal, a curve takes this part of the width."""
LEAST_CURVE_WIDTH, MOST_CURVE_WIDTH = 12, 48
LEAST_TEXT_WIDTH = 20
GAP = "  "
STYLES = {"SUCCEEDED": "bold green", "FAILED": "bold red", "TIMED-OUT": "bold yellow", "ABORTED": "bold yellow"}
CURVE_POINTS = 300
"""The points of a curve from which a small one is made."""


def print_report(report: JsonDict, metrics: JsonDict) -> None:
    figures = figure_format()
    title = Text.assemble((report["status"], STYLES.get(report["status"], "bold")), "  ", printable(_title(report)))
    terminal.stdout.print(title)
    if report["statusMessage"]:
        print_wrapped(report["statusMessage"])
    terminal.stdout.print()
    print_rows([*report_rows(report, metrics, figures)], metrics)
    terminal.stdout.print()
    sign = figures.at_least.strip()
    legend = f"Measured: {source_text(report)}. ~ marks an estimate, {sign} a number that a limit has cut off."
    for line in _wrapped(legend, _line_width()):
        terminal.stdout.print(Text(line, style="dim"))


def print_rows(rows: Sequence[Row], metrics: JsonDict) -> None:
    """Print rows in three columns: labels, curves and text. If no row has a curve, that column is left out."""
    labels = max(len(row.label) for row in rows)
    curves = {id(row): curve for row in rows if (curve := _drawn(row, metrics))}
    curve_width = max(map(len, curves.values()), default=0)
    for row in rows:
        column = 0 if row.spans or not curve_width else curve_width + len(GAP)
        width = _line_width() - labels - len(GAP) - column
        for index, line in enumerate(_wrapped(printable(row.text), max(LEAST_TEXT_WIDTH, width)) or [""]):
            label, curve = (row.label, curves.get(id(row), "")) if index == 0 else ("", "")
            parts = ((label.ljust(labels), row.style), GAP, (curve.ljust(column), "cyan"), line)
            terminal.stdout.print(Text.assemble(*parts))


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)


def figure_format() -> FigureFormat:
    return ASCII if streams.stdout.is_ascii else UNICODE


def _drawn(row: Row, metrics: JsonDict) -> str:
    if row.curve is None:
        return ""
    width = PIPED_CURVE_WIDTH
    if terminal.stdout.is_terminal:
        width = max(LEAST_CURVE_WIDTH, min(MOST_CURVE_WIDTH, terminal.stdout.width // CURVE_SHARE))
    values = resampled(metrics["at"], row.curve.values, width, metrics["gaps"])
    return small_curve(values, row.curve.highest, is_ascii=streams.stdout.is_ascii)


def _line_width() -> int:
    """Return the width of the terminal. A line in a file is not wrapped."""
    return terminal.stdout.width if terminal.stdout.is_terminal else 10_000


def _title(report: JsonDict) -> str:
    build = f"{report['actorName'] or 'deleted Actor'} {report['buildNumber']}"
    code = "" if report["exitCode"] is None else f", exit code {report['exitCode']}"
    return f"{report['runId']} of {build}, {duration(report['durationSecs'])}{code}"
