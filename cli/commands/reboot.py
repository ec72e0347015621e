"""`greenroom reboot`: restarts a live run in a new container."""

from __future__ import annotations

import typer

from cli.client import connected
from cli.failures import Command
from cli.options import AsJson, DataDir, resolved
from cli.runs.orders import print_run
from cli.runs.references import RunReference, find_run

app = typer.Typer(add_completion=False)


@app.command(cls=Command)
def reboot(reference: RunReference, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """Restart a live run in a new container, with the same storages.

    Example: greenroom reboot last
    """
    with connected(resolved(data_dir)) as client:
        run = client.runs.reboot(find_run(client, reference)["id"])
        print_run(run, as_json=as_json, remark="the Actor restarts in a new container")
