"""`greenroom migrate`: moves a live run to a new container, as a migration on the platform does."""

from __future__ import annotations

import typer

from cli.client import connected
from cli.failures import Command
from cli.options import AsJson, DataDir, resolved
from cli.runs.orders import print_run
from cli.runs.references import RunReference, find_run

app = typer.Typer(add_completion=False)


@app.command(cls=Command)
def migrate(reference: RunReference, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """Migrate a live run: the Actor is notified, and continues in a new container.

    Example: greenroom migrate my-crawler
    """
    with connected(resolved(data_dir)) as client:
        run = client.runs.migrate(find_run(client, reference)["id"])
        print_run(run, as_json=as_json, remark="the Actor is notified, then it continues in a new container")
