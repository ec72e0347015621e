"""`greenroom status`: shows whether a server runs, and which limits it enforces."""

from __future__ import annotations

from pathlib import Path

import typer

from cli import server, terminal
from cli.errors import FAILED, error_object
from cli.failures import Command
from cli.options import AsJson, DataDir, data_dir_option, resolved
from cli.server.description import LABEL_WIDTH, describe_server
from cli.terminal import print_wrapped
from runtime.base.json_text import JsonDict

app = typer.Typer(add_completion=False)


@app.command(cls=Command)
def status(data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """Show the server's status and the limits that it enforces. The exit code is 1 if no server runs.

    Example: greenroom status --json
    """
    if not show_status(resolved(data_dir), as_json=as_json):
        raise typer.Exit(FAILED)


def show_status(data_dir: Path, *, as_json: bool) -> bool:
    """Print the status of a data directory's server; return whether one runs."""
    running = server.find(data_dir)
    lines = _lines(running, data_dir)
    if as_json:
        terminal.print_json(_description(running, lines))
    else:
        for line in lines:
            print_wrapped(line, LABEL_WIDTH)
    return running is not None


def _description(running: server.RunningServer | None, lines: list[str]) -> JsonDict:
    if running:
        return {"running": True, "pid": running.pid, **running.info}
    return {"running": False, "error": error_object("no-server", lines[0], "", FAILED)}


def _lines(running: server.RunningServer | None, data_dir: Path) -> list[str]:
    if not running:
        return [f"No server is running on {data_dir}. Start one with `greenroom up{data_dir_option(data_dir)}`."]
    info = running.info
    first = f"Greenroom {info['version']}, running since {info['startedAt']} (pid {running.pid})"
    return [first, *describe_server(info), f"Live runs {info['liveRuns']}"]
