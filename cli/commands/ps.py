"""`greenroom ps`: lists runs."""

from __future__ import annotations

from typing import Annotated

import typer

from cli import terminal
from cli.client import connected
from cli.failures import Command
from cli.options import AsJson, DataDir, Limit, resolved
from cli.runs.listing import LIVE, RUN_COLUMNS, STATUS_STYLES, run_row
from cli.terminal import print_message
from cli.terminal.tables import print_table

app = typer.Typer(add_completion=False)


@app.command(cls=Command)
def ps(
    everything: Annotated[bool, typer.Option("--all", "-a", help="List finished runs too.")] = False,
    limit: Limit = 100,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """List the live runs, or all runs, newest first.

    Example: greenroom ps -a
    """
    params = {} if everything else {"status": LIVE}
    with connected(resolved(data_dir)) as client:
        runs, total = client.runs.list(limit, **params)
        username = client.username()
    if as_json:
        terminal.print_json({"runs": runs, "total": total})
        return
    if runs:
        print_table(RUN_COLUMNS, [run_row(run, username) for run in runs], STATUS_STYLES)
    else:
        print_message("There are no runs yet." if everything else "No run is live. List finished runs with -a.")
    if total > len(runs):
        print_message(f"Showing the newest {len(runs)} of {total} runs. Show more with --limit.")
