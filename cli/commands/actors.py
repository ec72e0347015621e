"""`greenroom actors`: lists the Actors on the server."""

from __future__ import annotations

import typer

from cli import terminal
from cli.client import connected
from cli.failures import Command
from cli.options import AsJson, DataDir, Limit, resolved
from cli.terminal import print_message
from cli.terminal.tables import Column, Row, print_table
from cli.terminal.times import readable_time
from runtime.base.json_text import JsonDict

app = typer.Typer(add_completion=False)

COLUMNS = (
    Column("ACTOR", shrinks=True),
    Column("ID"),
    Column("RUNS", right=True),
    Column("LAST RUN"),
    Column("MODIFIED", optional=True),
    Column("TITLE", shrinks=True, optional=True),
)


@app.command(cls=Command)
def actors(limit: Limit = 100, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """List your Actors and the public Actors that you have run, most recently run first.

    Example: greenroom actors --json
    """
    with connected(resolved(data_dir)) as client:
        found, total = client.actors.list(limit)
        username = client.username()
    if as_json:
        terminal.print_json({"actors": found, "total": total})
    elif found:
        print_table(COLUMNS, [_row(actor, username) for actor in found])
    else:
        print_message("There are no Actors yet. Create one with `greenroom push PATH` or `greenroom seed`.")
    if total > len(found):
        print_message(f"Showing {len(found)} of {total} Actors. Show more with --limit.")


def _row(actor: JsonDict, username: str) -> Row:
    stats = actor["stats"]
    return (
        f"{actor['username']}/{actor['name']}".removeprefix(f"{username}/"),
        actor["id"],
        str(stats["totalRuns"]),
        readable_time(stats.get("lastRunStartedAt")),
        readable_time(actor["modifiedAt"]),
        actor["title"],
    )
