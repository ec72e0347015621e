"""The table of sizes as text, for the terminal and the web page. `~` marks an estimate, `≥` a lower bound."""

from __future__ import annotations

from runtime.base.json_text import JsonDict
from runtime.base.sizes import MBYTE, megabytes
from runtime.reports.figures import ESTIMATE, FigureFormat, dollars, duration

HEADINGS = ("Memory", "Result", "Time", "Peak", "Throttled", "Units", "1000 runs")
EXPRESSION_HEADINGS = ("Input", "Value", "Needs", "Gets", "Unseen", "Result")
RUNS = 1000
"""The cost of a single run is often less than a cent, so the table shows that of many."""
UNKNOWN = "-"
PROVEN = "proven"


def headings(fit: JsonDict) -> list[str]:
    return [*(["#"] if len(fit["inputs"]) > 1 else []), *HEADINGS]


def size_row(fit: JsonDict, size: JsonDict, figures: FigureFormat) -> list[str]:
    """Return the cells of a row: the input's number if there are several, then those of HEADINGS."""
    throttled = size["throttledShare"]
    return [
        *([f"#{size['input'] + 1}"] if len(fit["inputs"]) > 1 else []),
        f"{size['memoryMbytes']} MB",
        verdict_text(fit, size),
        f"{ESTIMATE if size['isTimeDisturbed'] else ''}{duration(size['secs'])}",
        _peak(size, figures),
        UNKNOWN if throttled is None else f"{100 * throttled:.0f} %",
        f"{size['computeUnits']:.6f}",
        f"{ESTIMATE}{dollars(size['costUsd'] * RUNS)}",
    ]


def verdict_text(fit: JsonDict, size: JsonDict) -> str:
    """Return the verdict about a size. Of equal runs, it has the number of those that missed."""
    found, verdict = fit["recommendation"], size["verdict"]
    if verdict == "fits" and found and found["memoryMbytes"] == size["memoryMbytes"] and found["isProven"]:
        return PROVEN
    return f"{verdict} {size['misses']}/{size['runs']}" if 0 < size["misses"] < size["runs"] else str(verdict)


def expression_row(label: str, one: JsonDict) -> list[str]:
    """Return the cells of a row for EXPRESSION_HEADINGS."""
    unseen = UNKNOWN if one["unseenMbytes"] is None else f"{one['unseenMbytes']} MB"
    result = "miss" if one["isMiss"] else "unseen: miss" if one["isUnseenMiss"] else "fits"
    return [label, f"{one['value']:g}", f"{one['neededMbytes']} MB", f"{one['givenMbytes']} MB", unseen, result]


def _peak(size: JsonDict, figures: FigureFormat) -> str:
    peak = size["peakBytes"]
    if size["isPeakLowerBound"]:
        return f"{figures.at_least}{megabytes(peak or size['memoryMbytes'] * MBYTE)}"
    if peak is None:
        return UNKNOWN
    return f"{ESTIMATE if size['isPeakEstimated'] else ''}{megabytes(peak)}"
