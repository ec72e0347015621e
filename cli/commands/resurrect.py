"""`greenroom resurrect`: lets a finished run continue, and follows it like `greenroom run`."""

from __future__ import annotations

from typing import Annotated

import typer

from cli import terminal
from cli.client import connected
from cli.failures import Command
from cli.options import DataDir, not_empty, parsed, resolved
from cli.runs.following import follow_to_end
from cli.runs.references import RunReference, actor_name, find_run
from cli.runs.start_options import Memory, ResultAsJson, Timeout
from cli.terminal import streams
from runtime.base.memory_sizes import parse_memory

app = typer.Typer(add_completion=False)


@app.command(cls=Command)
def resurrect(
    reference: RunReference,
    memory: Memory = None,
    timeout: Timeout = None,
    build: Annotated[
        str | None,
        typer.Option(metavar="TAG", callback=not_empty, help="Use the build with this tag or number."),
    ] = None,
    as_json: ResultAsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Let a finished run continue with its storages, and follow it like `greenroom run`. Ctrl-C aborts the run.

    Example: greenroom resurrect last -m 1024
    """
    given = {"memory": parsed("--memory", parse_memory, memory), "timeout": timeout, "build": build}
    params = {name: value for name, value in given.items() if value is not None}
    directory = resolved(data_dir)
    with connected(directory) as client:
        run = find_run(client, reference)
        # The log of the run continues. What it contains already is not printed again.
        raw = terminal.shows_colors(streams.stderr if as_json else streams.stdout)
        skipped_bytes = sum(len(chunk) for chunk in client.log(run["id"], raw=raw, until_end=False))
        code = follow_to_end(
            client,
            lambda: client.runs.resurrect(run["id"], params),
            actor_name(client, run),
            data_dir=directory,
            as_json=as_json,
            skipped_bytes=skipped_bytes,
        )
    raise typer.Exit(code)
