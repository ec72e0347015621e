"""`greenroom stats`: shows what live runs use, with a curve of their memory."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from cli import terminal
from cli.client import Client, connected
from cli.completion import complete_run
from cli.errors import CommandError
from cli.failures import Command
from cli.options import AsJson, DataDir, not_empty, resolved
from cli.runs.listing import LIVE, STATUS_STYLES
from cli.runs.live_table import show_live
from cli.runs.references import find_run
from cli.runs.usage import CURVE_WIDTH, USAGE_COLUMNS, latest_shares, usage_row
from cli.terminal import print_message
from cli.terminal.tables import print_table
from runtime.base.json_text import JsonDict

app = typer.Typer(add_completion=False)

MAX_RUNS = 1000
SECONDLY_POINTS = 2000
"""As many as the server returns: the samples of half an hour, each with a point of its own."""


@app.command(cls=Command)
def stats(
    reference: Annotated[
        str | None,
        typer.Argument(
            metavar="RUN", callback=not_empty, autocompletion=complete_run, help="A run. Default: all live runs."
        ),
    ] = None,
    no_stream: Annotated[bool, typer.Option("--no-stream", help="Print one table, without updating it.")] = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Show what live runs use: CPU, memory and network. A terminal updates it every second, with a curve of the memory.

    Example: greenroom stats --no-stream

    CPU is in percent of one core. Ctrl-C ends only this command.
    """
    with connected(resolved(data_dir)) as client:
        run_id = None if reference is None else str(find_run(client, reference)["id"])
        if as_json or no_stream or not terminal.stdout.is_terminal:
            print_once(client, run_id, as_json=as_json)
            return
        try:
            show_live(
                client.username(),
                lambda: measured_runs(client, run_id),
                partial(stored_shares, client),
                stops_at_end=run_id is not None,
            )
        except KeyboardInterrupt:
            return


def measured_runs(client: Client, run_id: str | None) -> list[JsonDict]:
    """Return all live runs, or one run, even if it has finished."""
    if run_id is None:
        return client.runs.list(MAX_RUNS, status=LIVE)[0]
    return client.runs.list(1, idPrefix=run_id)[0]


def stored_shares(client: Client, run_id: str) -> list[float | None]:
    """Return the memory shares that a run had in the last seconds; none if they cannot be read."""
    try:
        metrics = client.runs.metrics(run_id, SECONDLY_POINTS)
    except CommandError:  # the run may have been deleted; the curve then begins now
        return []
    return latest_shares(metrics, CURVE_WIDTH)


def print_once(client: Client, run_id: str | None, *, as_json: bool) -> None:
    runs = measured_runs(client, run_id)
    if as_json:
        terminal.print_json({"runs": runs})
    elif runs:
        username = client.username()
        print_table(USAGE_COLUMNS, [usage_row(run, username) for run in runs], STATUS_STYLES)
    else:
        print_message("No run is live.")
