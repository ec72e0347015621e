"""`greenroom abort`: aborts a run."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.client import connected
from cli.client.jobs import TERMINAL
from cli.failures import Command
from cli.options import AsJson, DataDir, resolved
from cli.runs.orders import print_run
from cli.runs.references import RunReference, find_run
from cli.terminal import print_message, progress

app = typer.Typer(add_completion=False)


@app.command(cls=Command)
def abort(
    reference: RunReference,
    gracefully: Annotated[
        bool,
        typer.Option("--gracefully", help="Notify the Actor first, and give it 30 seconds to end by itself."),
    ] = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Abort a run, and wait until it has ended.

    Example: greenroom abort my-actor --gracefully
    """
    with connected(resolved(data_dir)) as client:
        run = find_run(client, reference)
        if run["status"] in TERMINAL:
            print_message("The run had already finished.")
        else:
            client.runs.abort(run["id"], gracefully=gracefully)
            with progress(f"Aborting run {run['id']}"):
                run = client.runs.wait(run["id"])
        print_run(run, as_json=as_json)
