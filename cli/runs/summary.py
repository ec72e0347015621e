"""The summary of a finished run, as a block of labelled lines."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rich.text import Text

from cli import terminal
from cli.terminal.sizes import MBYTE, readable_size
from cli.terminal.text import printable
from runtime.base.json_text import JsonDict

MBYTES_PER_CORE = 4096
ITEMS_SHOWN = 3
ITEM_WIDTH = 160
STYLES = {"SUCCEEDED": "bold green", "FAILED": "bold red", "TIMED-OUT": "bold yellow", "ABORTED": "bold yellow"}
ENFORCEMENT = {
    "hard": "hard: writes over the limit fail",
    "polled": "polled: checked periodically, a run over the limit is stopped",
    "none": "none: this engine cannot enforce the limit",
}
NOT_MEASURED = "not measured"

Row = tuple[str, str]


@dataclass(frozen=True, slots=True)
class RunResult:
    """A finished run, with the first items of its dataset, the number of all items, and its OUTPUT record.

    `places` are the URLs or commands for the results, by their labels.
    """

    run: JsonDict
    items: list[Any]
    item_count: int
    output: Any
    places: Mapping[str, str]


def print_summary(result: RunResult, details: Mapping[str, str] | None = None) -> None:
    """Print the summary with its labels aligned. The first label is the run's status. `details` are more lines."""
    rows = [*_rows(result), *(details or {}).items()]
    width = max(len(label) for label, _ in rows)
    console = terminal.stdout
    console.print()
    for index, (label, text) in enumerate(rows):
        style = STYLES.get(label, "bold") if index == 0 else "dim"
        console.print(Text.assemble((label.ljust(width), style), "  ", printable(text)))


def _rows(result: RunResult) -> list[Row]:
    run = result.run
    stats, options = run["stats"], run["options"]
    return [
        (run["status"], _title(run)),
        ("Exit code", "none" if run.get("exitCode") is None else str(run["exitCode"])),
        ("Duration", _duration(stats["durationMillis"] / 1000)),
        ("Memory", _memory(stats["memMaxBytes"], options["memoryMbytes"])),
        ("CPU", _cpu(stats, options["memoryMbytes"])),
        ("Network", _network(stats["netRxBytes"], stats["netTxBytes"])),
        ("Disk", _disk(stats["diskMaxBytes"], options["diskMbytes"], run["diskEnforcement"])),
        ("Compute", f"{stats['computeUnits']:.4f} compute units"),
        ("Items", _count(result)),
        *(("", _short(item)) for item in result.items[:ITEMS_SHOWN]),
        *result.places.items(),
    ]


def _title(run: JsonDict) -> str:
    message = f": {run['statusMessage']}" if run.get("statusMessage") else ""
    return f"run {run['id']} of build {run['buildNumber']}{message}"


def _memory(peak: int | None, limit_mbytes: int) -> str:
    if peak is None:
        return f"{NOT_MEASURED}; limit {limit_mbytes} MB"
    share = 100 * peak / (limit_mbytes * MBYTE)
    return f"peak {readable_size(peak)} of {limit_mbytes} MB ({share:.0f} %)"


def _cpu(stats: JsonDict, memory_mbytes: int) -> str:
    cores = memory_mbytes / MBYTES_PER_CORE
    average, highest = stats["cpuAvgUsage"], stats["cpuMaxUsage"]
    used = NOT_MEASURED if average is None else f"{average:.0f} % of a core on average, {highest:.0f} % at most"
    return f"{used}; share: {cores:g} {'core' if cores == 1 else 'cores'}"


def _network(received: int | None, sent: int | None) -> str:
    return (
        NOT_MEASURED if received is None or sent is None else f"{readable_size(received)} in, {readable_size(sent)} out"
    )


def _disk(peak: int | None, limit_mbytes: int, enforcement: str) -> str:
    used = f"{NOT_MEASURED}; limit" if peak is None else f"peak {readable_size(peak)} of"
    return f"{used} {limit_mbytes} MB; {ENFORCEMENT.get(enforcement, enforcement)}"


def _count(result: RunResult) -> str:
    hidden = result.item_count - min(len(result.items), ITEMS_SHOWN)
    return f"{result.item_count}, the first {ITEMS_SHOWN}:" if hidden > 0 else str(result.item_count)


def _short(item: Any) -> str:
    line = json.dumps(item, ensure_ascii=False)
    return line if len(line) <= ITEM_WIDTH else f"{line[: ITEM_WIDTH - 1]}…"


def _duration(secs: float) -> str:
    if secs < 60:
        return f"{secs:.1f} s"
    minutes, rest = divmod(round(secs), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min {rest} s" if hours else f"{minutes} min {rest} s"
