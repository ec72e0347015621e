"""`greenroom explain`: shows why a run or build ended, with the evidence and the next command to type."""

from __future__ import annotations

import typer

from cli import terminal
from cli.client import Client, connected
from cli.explanations.printing import print_explanation
from cli.failures import Command
from cli.options import AsJson, DataDir, resolved
from cli.runs.references import ID_LENGTH, ID_OR_PREFIX, JobReference, find_run
from runtime.base.json_text import JsonDict

app = typer.Typer(add_completion=False)


@app.command(cls=Command)
def explain(job: JobReference, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """Show why a run or build ended, with the evidence and the next command to type.

    A cause is certain if records, counters or the exit code prove it, and likely if the last output names it. If
    there is no evidence, the explanation states this. For a live run, it shows what limits the run now.

    Example: greenroom explain last
    """
    with connected(resolved(data_dir)) as client:
        explanation = _explanation(client, job)
    if as_json:
        terminal.print_json(explanation)
    else:
        print_explanation(explanation)


def _explanation(client: Client, reference: str) -> JsonDict:
    """Return the explanation of the build with this id, or of the run that the reference names. Raises CommandError."""
    is_id = len(reference) == ID_LENGTH and ID_OR_PREFIX.fullmatch(reference)
    if is_id and client.builds.find(reference):
        return client.builds.explanation(reference)
    return client.runs.explanation(find_run(client, reference)["id"])
