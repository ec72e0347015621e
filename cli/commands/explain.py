"""`greenroom explain`: shows why a run or build ended, with the evidence and the next command to type."""

from __future__ import annotations

from typing import Annotated

import typer

from cli import terminal
from cli.client import Client, connected
from cli.client.errors import RecordNotFound
from cli.errors import INVALID_INPUT, CommandError
from cli.explanations.printing import print_explanation
from cli.failures import Command
from cli.options import AsJson, DataDir, not_empty, resolved
from runtime.base.json_text import JsonDict

app = typer.Typer(add_completion=False)

Job = Annotated[
    str,
    typer.Argument(metavar="RUN|BUILD", callback=not_empty, help="The id of a run or build.", show_default=False),
]


@app.command(cls=Command)
def explain(job: Job, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """Show why a run or build ended, with the evidence and the next command to type.

    A cause is certain if records, counters or the exit code prove it, and likely if the last output names it. Without
    evidence, the explanation reports that. For a live run, it shows what limits the run now.

    Example: greenroom explain YHBmEIqiU9Tfpv2ci
    """
    with connected(resolved(data_dir)) as client:
        explanation = _explanation(client, job)
    if as_json:
        terminal.print_json(explanation)
    else:
        print_explanation(explanation)


def _explanation(client: Client, job: str) -> JsonDict:
    """Return the explanation of the run or build with this id. Raises CommandError."""
    for jobs in (client.runs, client.builds):
        try:
            return jobs.explanation(job)
        except RecordNotFound:
            continue
    raise CommandError(
        f"There is no run or build with the id {job!r}.",
        "The output of `greenroom run` begins with the id of the run.",
        exit_code=INVALID_INPUT,
        code="run-not-found",
    )
