"""`greenroom standby`: lists Actors and tasks with Standby, and starts and stops the runs that serve their requests."""

from __future__ import annotations

from typing import Annotated

import typer

from cli import terminal
from cli.client import Client, connected
from cli.completion import complete_standby
from cli.errors import INVALID_INPUT, CommandError
from cli.failures import Command
from cli.options import AsJson, DataDir, not_empty, resolved
from cli.terminal import print_message, print_result
from cli.terminal.tables import Column, Row, print_table
from runtime.base.json_text import JsonDict

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="List Actors with Standby, and start and stop the runs that serve their requests.",
)

COLUMNS = (
    Column("ACTOR", shrinks=True),
    Column("TASK", shrinks=True),
    Column("RUNS", right=True),
    Column("OPEN", right=True),
    Column("WAITING", right=True),
    Column("PER SEC", right=True, optional=True),
    Column("BUILD", optional=True),
    Column("URL"),
)
Target = Annotated[
    str,
    typer.Argument(
        metavar="ACTOR",
        callback=not_empty,
        autocompletion=complete_standby,
        help="An Actor or a task with Standby: its name or id, or the first part of its address.",
        show_default=False,
    ),
]


@app.command("ls", cls=Command)
def list_all(as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """List the Actors and tasks with Standby, with their live runs and requests.

    Example: greenroom standby ls
    """
    with connected(resolved(data_dir)) as client:
        items = client.standby.list()
    if as_json:
        terminal.print_json({"items": items, "total": len(items)})
    elif items:
        print_table(COLUMNS, [_row(item) for item in items])
    else:
        print_message("No Actor has Standby. Set usesStandbyMode in .actor/actor.json, and push the Actor.")


def _row(item: JsonDict) -> Row:
    return (
        item["actorName"],
        item["taskName"] or "",
        str(len(item["runs"])),
        str(item["openRequests"]),
        str(item["waitingRequests"]),
        f"{item['requestsPerSec']:.1f}",
        item["buildNumber"] or "none",
        item["url"],
    )


@app.command("warm-up", cls=Command)
def warm_up(reference: Target, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """Start a run unless one is live, and wait until it is ready. The next request then does not have to wait.

    Example: greenroom standby warm-up my-actor
    """
    with connected(resolved(data_dir)) as client:
        if not client.urls_stay_valid:
            raise CommandError("No server is running.", "Start one with `greenroom up`.", exit_code=INVALID_INPUT)
        warm = client.standby.warm_up(_found(client, reference))
    if as_json:
        terminal.print_json(warm)
    else:
        print_message(f"Run {warm['runId']} is ready. Send requests with an API token to:")
        print_result(warm["url"])


@app.command("stop", cls=Command)
def stop(reference: Target, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """Stop the runs, which have 30 seconds to end. The next request starts a run again.

    Example: greenroom standby stop my-actor
    """
    with connected(resolved(data_dir)) as client:
        stopped = client.standby.stop(_found(client, reference))
    if as_json:
        terminal.print_json(stopped)
    elif stopped["runIds"]:
        for run_id in stopped["runIds"]:
            print_result(f"Stopping run {run_id}")
    else:
        print_message("No run is live.")


def _found(client: Client, reference: str) -> JsonDict:
    item = client.standby.find(reference)
    if item is None:
        advice = "List them with `greenroom standby ls`. Enable Standby with usesStandbyMode in .actor/actor.json."
        raise CommandError(f"No Actor or task with Standby is named {reference!r}.", advice, exit_code=INVALID_INPUT)
    return item
