"""The table of sizes as text, for the terminal and the web page. `~` marks an estimate, `≥` a lower bound."""

from __future__ import annotations

from cli.fit.expression import Prediction
from cli.fit.measurements import Cell, Verdict
from cli.fit.result import FitResult
from cli.report.figures import ESTIMATE, FigureFormat, dollars, duration
from cli.terminal.sizes import MBYTE, megabytes

HEADINGS = ("Memory", "Result", "Time", "Peak", "Throttled", "Units", "1000 runs")
EXPRESSION_HEADINGS = ("Input", "Value", "Needs", "Gets", "Unseen", "Result")
RUNS = 1000
"""The cost of a single run is often less than a cent, so the table shows that of many."""
UNKNOWN = "-"
PROVEN = "proven"


def headings(result: FitResult) -> list[str]:
    return [*(["#"] if result.plan.inputs > 1 else []), *HEADINGS]


def size_row(result: FitResult, cell: Cell, figures: FigureFormat) -> list[str]:
    """Return the cells of a row: the input's number if there are several, then those of HEADINGS."""
    return [
        *([f"#{cell.input + 1}"] if result.plan.inputs > 1 else []),
        f"{cell.memory_mbytes} MB",
        verdict_text(result, cell),
        f"{ESTIMATE if cell.is_disturbed else ''}{duration(cell.secs)}",
        _peak(cell, figures),
        UNKNOWN if cell.throttled_share is None else f"{100 * cell.throttled_share:.0f} %",
        f"{cell.compute_units:.6f}",
        f"{ESTIMATE}{dollars(cell.cost_usd * RUNS)}",
    ]


def verdict_text(result: FitResult, cell: Cell) -> str:
    """Return the verdict about a size. Of equal runs, it has the number of those that missed."""
    recommended = result.recommendation
    if cell.is_fitting and recommended and recommended.memory_mbytes == cell.memory_mbytes and recommended.is_proven:
        return PROVEN
    missed = sum(run.ending is not Verdict.FITS for run in cell.runs)
    return f"{cell.verdict} {missed}/{len(cell.runs)}" if 0 < missed < len(cell.runs) else str(cell.verdict)


def expression_row(label: str, one: Prediction) -> list[str]:
    """Return the cells of a row for EXPRESSION_HEADINGS."""
    unseen = UNKNOWN if one.unseen_mbytes is None else f"{one.unseen_mbytes} MB"
    result = "miss" if one.is_miss else "unseen: miss" if one.is_unseen_miss else "fits"
    return [label, f"{one.value:g}", f"{one.needed_mbytes} MB", f"{one.given_mbytes} MB", unseen, result]


def _peak(cell: Cell, figures: FigureFormat) -> str:
    if cell.is_peak_cut:
        return f"{figures.at_least}{megabytes(cell.peak_bytes or cell.memory_mbytes * MBYTE)}"
    if cell.peak_bytes is None:
        return UNKNOWN
    return f"{ESTIMATE if cell.is_peak_estimated else ''}{megabytes(cell.peak_bytes)}"
