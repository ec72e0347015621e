"""The table of `greenroom stats` on a terminal, which is drawn again every second."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

from rich.console import Group
from rich.live import Live
from rich.text import Text

from cli import terminal
from cli.client.jobs import TERMINAL
from cli.runs.listing import STATUS_STYLES, memory_share
from cli.runs.usage import CURVE_COLUMN, CURVE_WIDTH, USAGE_COLUMNS, curve, usage_row
from cli.terminal.tables import table_lines
from runtime.base.json_text import JsonDict

INTERVAL_SECS = 1.0
MAX_STORED_CURVES = 20
COLUMNS = (*USAGE_COLUMNS[:2], CURVE_COLUMN, *USAGE_COLUMNS[2:])
"""The curve comes early, because the last columns are left out on a narrow terminal."""


class Histories:
    """The latest memory shares of each run, as a curve. It begins with what `read_stored` returns for a run's id."""

    def __init__(self, read_stored: Callable[[str], list[float | None]]) -> None:
        self._read_stored = read_stored
        self._shares: dict[str, deque[float | None]] = {}

    def add(self, runs: list[JsonDict]) -> None:
        """Add a measurement of each run, and forget the runs that are not listed any more."""
        before, self._shares = self._shares, {}
        for run in runs:
            shares = before[run["id"]] if run["id"] in before else self._stored(run["id"])
            shares.append(memory_share(run))
            self._shares[run["id"]] = shares

    def _stored(self, run_id: str) -> deque[float | None]:
        # Each run needs a request, so that of many runs only the first curves begin with what is stored.
        stored = self._read_stored(run_id) if len(self._shares) < MAX_STORED_CURVES else []
        return deque(stored, maxlen=CURVE_WIDTH)

    def curve_of(self, run_id: str) -> str:
        return curve(self._shares[run_id]).ljust(CURVE_WIDTH, "\N{NO-BREAK SPACE}")


def show_live(
    username: str,
    measure: Callable[[], list[JsonDict]],
    read_stored: Callable[[str], list[float | None]],
    *,
    stops_at_end: bool,
) -> None:
    """Show the runs that `measure` returns until an interrupt, or, with `stops_at_end`, until all have finished.

    `read_stored` returns the memory shares of a run that were stored before.
    """
    histories = Histories(read_stored)
    with Live(console=terminal.stdout, auto_refresh=False, vertical_overflow="crop") as live:
        while True:
            runs = measure()
            histories.add(runs)
            live.update(_table(runs, histories, username), refresh=True)
            if stops_at_end and all(run["status"] in TERMINAL for run in runs):
                return
            time.sleep(INTERVAL_SECS)


def _table(runs: list[JsonDict], histories: Histories, username: str) -> Group:
    if not runs:
        return Group(Text("No run is live. Press Ctrl-C to stop waiting."))
    rows = []
    for run in runs:
        cells = usage_row(run, username)
        rows.append([*cells[:2], histories.curve_of(run["id"]), *cells[2:]])
    return Group(*table_lines(COLUMNS, rows, terminal.stdout.width, STATUS_STYLES))
