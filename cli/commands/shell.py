"""`greenroom shell`: opens a shell in the container of a live run, or runs a command there."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from cli.client import connected
from cli.client.shell import open_shell
from cli.failures import Command
from cli.options import DataDir, resolved
from cli.runs.references import RunReference, find_run
from cli.runs.shell import relay, terminal_size

app = typer.Typer(add_completion=False)


@app.command(cls=Command)
def shell(
    reference: RunReference,
    command: Annotated[
        list[str] | None,
        typer.Argument(metavar="-- COMMAND", help="Run this command. Default: bash, or sh."),
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Open a shell in the container of a live run, or run a command there, with the Actor's environment.

    Example: greenroom shell last -- ls -l

    The exit code is that of the command. It runs under the limits of the run.
    """
    size = terminal_size()
    with connected(resolved(data_dir)) as client:
        run = find_run(client, reference)
        with open_shell(
            client.server, run["id"], command or [], size=size, term=os.environ.get("TERM", "xterm")
        ) as started:
            code = relay(started, has_terminal=size is not None)
    raise typer.Exit(code)
