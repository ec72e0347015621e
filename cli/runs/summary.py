"""The summary of a finished run, as a block of labeled lines."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cli import terminal
from cli.client.storages import ItemsPage
from cli.report.rows import Row, cost_row, resource_rows
from cli.report.text import STYLES, figure_format, print_rows
from runtime.base.json_text import JsonDict
from runtime.reports.figures import duration

ITEMS_SHOWN = 3
ITEM_WIDTH = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSummary:
    """A run, with the first ITEMS_SHOWN items of its dataset; `page` is None if the dataset has been deleted.

    `places` are the URLs or commands for the results, by their labels. `report` and `metrics` are what the run used.
    """

    run: JsonDict
    page: ItemsPage | None
    places: Mapping[str, str]
    report: JsonDict
    metrics: JsonDict


def print_summary(summary: RunSummary, details: Mapping[str, str] | None = None) -> None:
    """Print the summary with its labels aligned. The first label is the run's status. `details` are more lines."""
    more = (Row(label, text, spans=True) for label, text in (details or {}).items())
    terminal.stdout.print()
    print_rows([*_rows(summary), *more], summary.metrics)


def _rows(summary: RunSummary) -> Iterator[Row]:
    run, report, figures = summary.run, summary.report, figure_format()
    yield Row(run["status"], _title(run), style=STYLES.get(run["status"], "bold"), spans=True)
    yield Row("Exit code", "none" if run.get("exitCode") is None else str(run["exitCode"]), spans=True)
    yield Row("Duration", duration(run["stats"]["durationMillis"] / 1000), spans=True)
    yield from resource_rows(report, summary.metrics, figures)
    yield cost_row(report, figures)
    yield Row("Items", _count(summary.page), spans=True)
    yield from (Row("", _short(item), spans=True) for item in (summary.page.items if summary.page else ()))
    yield from (Row(label, place, spans=True) for label, place in summary.places.items())


def _title(run: JsonDict) -> str:
    message = f": {run['statusMessage']}" if run.get("statusMessage") else ""
    return f"run {run['id']} of build {run['buildNumber']}{message}"


def _count(page: ItemsPage | None) -> str:
    if page is None:
        return "the dataset has been deleted"
    return f"{page.total}, the first {ITEMS_SHOWN}:" if page.total > len(page.items) else str(page.total)


def _short(item: Any) -> str:
    line = json.dumps(item, ensure_ascii=False)
    return line if len(line) <= ITEM_WIDTH else f"{line[: ITEM_WIDTH - 1]}…"
