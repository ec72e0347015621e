"""`greenroom metamorph`: turns a live run into a run of another Actor."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.client import connected
from cli.failures import Command
from cli.options import AsJson, DataDir, not_empty, resolved
from cli.runs.input import read_input
from cli.runs.orders import print_run
from cli.runs.references import ActorReference, RunReference, find_run, get_actor
from cli.runs.start_options import GivenInput

app = typer.Typer(add_completion=False)


@app.command(cls=Command)
def metamorph(
    reference: RunReference,
    actor: ActorReference,
    given_input: GivenInput = None,
    build: Annotated[
        str | None,
        typer.Option(metavar="TAG", callback=not_empty, help="Use the build with this tag or number. Default: latest."),
    ] = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Turn a live run into a run of another Actor, which gets the same storages and a new container.

    Example: greenroom metamorph last apify/web-scraper -i @input.json
    """
    body = read_input(given_input)
    with connected(resolved(data_dir)) as client:
        run, target = find_run(client, reference), get_actor(client, actor)
        changed = client.runs.metamorph(run["id"], target["id"], build, body)
        print_run(changed, as_json=as_json, remark=f"it becomes a run of {target['username']}/{target['name']}")
