"""The summary of a finished run, as a block of labeled lines."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cli import terminal
from cli.report.figures import duration
from cli.report.rows import Row, cost_row, resource_rows
from cli.report.text import STYLES, figure_format, print_rows
from runtime.base.json_text import JsonDict

ITEMS_SHOWN = 3
ITEM_WIDTH = 160


@dataclass(frozen=True, slots=True)
class RunResult:
    """A finished run, with the first items of its dataset, the number of all items, and its OUTPUT record.

    `item_count` is None if the dataset has been deleted. `places` are the URLs or commands for the results, by their
    labels. `report` and `metrics` are what the run used.
    """

    run: JsonDict
    items: list[Any]
    item_count: int | None
    output: Any
    places: Mapping[str, str]
    report: JsonDict
    metrics: JsonDict


def print_summary(result: RunResult, details: Mapping[str, str] | None = None) -> None:
    """Print the summary with its labels aligned. The first label is the run's status. `details` are more lines."""
    more = (Row(label, text, spans=True) for label, text in (details or {}).items())
    terminal.stdout.print()
    print_rows([*_rows(result), *more], result.metrics)


def _rows(result: RunResult) -> Iterator[Row]:
    run, report, figures = result.run, result.report, figure_format()
    yield Row(run["status"], _title(run), style=STYLES.get(run["status"], "bold"), spans=True)
    yield Row("Exit code", "none" if run.get("exitCode") is None else str(run["exitCode"]), spans=True)
    yield Row("Duration", duration(run["stats"]["durationMillis"] / 1000), spans=True)
    yield from resource_rows(report, result.metrics, figures)
    yield cost_row(report, figures)
    yield Row("Items", _count(result), spans=True)
    yield from (Row("", _short(item), spans=True) for item in result.items[:ITEMS_SHOWN])
    yield from (Row(label, place, spans=True) for label, place in result.places.items())


def _title(run: JsonDict) -> str:
    message = f": {run['statusMessage']}" if run.get("statusMessage") else ""
    return f"run {run['id']} of build {run['buildNumber']}{message}"


def _count(result: RunResult) -> str:
    if result.item_count is None:
        return "the dataset has been deleted"
    hidden = result.item_count - min(len(result.items), ITEMS_SHOWN)
    return f"{result.item_count}, the first {ITEMS_SHOWN}:" if hidden > 0 else str(result.item_count)


def _short(item: Any) -> str:
    line = json.dumps(item, ensure_ascii=False)
    return line if len(line) <= ITEM_WIDTH else f"{line[: ITEM_WIDTH - 1]}…"
