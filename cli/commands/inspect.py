"""`greenroom inspect`: shows everything about a run."""

from __future__ import annotations

import typer

from cli import terminal
from cli.client import connected
from cli.failures import Command
from cli.options import AsJson, DataDir, resolved
from cli.runs.details import details
from cli.runs.references import RunReference, actor_name, find_run
from cli.runs.results import fetch_summary
from cli.runs.summary import print_summary

app = typer.Typer(add_completion=False)


@app.command(cls=Command)
def inspect(reference: RunReference, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """Show a run: its status, options, use of resources, storages and results. With --json, in the form of the API.

    Example: greenroom inspect last
    """
    directory = resolved(data_dir)
    with connected(directory) as client:
        run = find_run(client, reference)
        if as_json:
            terminal.print_json(run)
        else:
            print_summary(fetch_summary(client, run, directory), details(run, actor_name(client, run)))
