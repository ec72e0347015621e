"""`greenroom report`: shows what a run used and would cost, or writes it as a web page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli import terminal
from cli.client import connected
from cli.failures import Command
from cli.options import AsJson, DataDir, html_file, resolved
from cli.report.text import CURVE_POINTS, print_report
from cli.runs.references import RunReference, find_run
from cli.terminal import print_message

app = typer.Typer(add_completion=False)
PAGE_POINTS = 600
"""The points of each curve in a web page."""

Html = Annotated[Path | None, html_file("the report with its curves")]


@app.command(cls=Command)
def report(run: RunReference, html: Html = None, as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """Show what a run used and would cost, with its curves.

    The report covers memory, CPU, network, disk, processes, storage operations and charged events. For a live run, it
    shows the numbers until now.

    Example: greenroom report last --html report.html
    """
    with connected(resolved(data_dir)) as client:
        run_id = find_run(client, run)["id"]
        found = client.runs.report(run_id)
        metrics = client.runs.metrics(run_id, PAGE_POINTS if html else CURVE_POINTS)
    if html:
        # Imported here, because only this option needs it.
        from cli.report.page import write_page

        write_page(html, found, metrics)
        print_message(f"Wrote {html}")
    if as_json:
        terminal.print_json(found)
    elif not html:
        print_report(found, metrics)
