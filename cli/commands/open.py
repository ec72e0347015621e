"""`greenroom open`: opens the web console, or the web page of a run, in the browser."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from cli import server, terminal
from cli.client import Client, connected
from cli.client.jobs import TERMINAL
from cli.completion import complete_run
from cli.failures import Command
from cli.options import AsJson, DataDir, not_empty, resolved
from cli.runs.references import find_run
from cli.terminal import print_message, print_result

app = typer.Typer(add_completion=False)

RUNS_PAGE = "/actors/runs"


@dataclass(frozen=True, slots=True)
class Page:
    """A web page, and what it shows."""

    url: str
    shows: str


@app.command("open", cls=Command)
def open_page(
    reference: Annotated[
        str | None,
        typer.Argument(
            metavar="RUN",
            callback=not_empty,
            autocompletion=complete_run,
            help="A run. Default: the list of all runs.",
        ),
    ] = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Print the URL of the web console, or of a run, and open it in the browser.

    Example: greenroom open last

    A run's URL is that of its web server while it is live, or else of its page in the console. A URL of the console
    signs one browser in as the operator, within five minutes. Without a terminal, and with --json, the command only
    prints the URL. It needs a running server.
    """
    page = find_page(resolved(data_dir), reference)
    if as_json:
        terminal.print_json({"url": page.url, "shows": page.shows})
        return
    print_message(f"This is {page.shows}.")
    print_result(page.url)
    if terminal.stdout.is_terminal:
        import webbrowser  # imported here, because only a terminal needs it

        if not webbrowser.open(page.url):
            print_message("No browser was found. Open the URL yourself.")


def find_page(data_dir: Path, reference: str | None) -> Page:
    """Return the page to open. Raises CommandError. No temporary server is started, because it would stop."""
    server.get(data_dir)
    with connected(data_dir) as client:
        if reference is None:
            return Page(client.console_url(RUNS_PAGE), "the web console")
        return _page_of_run(client, reference)


def _page_of_run(client: Client, reference: str) -> Page:
    run = find_run(client, reference)
    if run["isContainerServerReady"] and run["status"] not in TERMINAL:
        return Page(run["containerUrl"], f"the web server of run {run['id']}")
    return Page(client.console_url(f"{RUNS_PAGE}/{run['id']}"), f"run {run['id']} in the web console")
