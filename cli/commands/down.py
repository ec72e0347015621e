"""`greenroom down`: stops the server."""

from __future__ import annotations

from pathlib import Path

import typer

from cli import server, terminal
from cli.failures import Command
from cli.options import AsJson, DataDir, resolved
from cli.server.description import describe_live_runs
from cli.terminal import print_message, progress

app = typer.Typer(add_completion=False)


@app.command(cls=Command)
def down(as_json: AsJson = False, data_dir: DataDir = None) -> None:
    """Stop the server. Live runs continue, unless the server was started with --stop-runs.

    Example: greenroom down
    """
    stop_server(resolved(data_dir), as_json=as_json)


def stop_server(data_dir: Path, *, as_json: bool) -> None:
    """Stop the server of a data directory, wait for its end, and print how many live runs continue."""
    running = server.find(data_dir)
    live_runs = None
    if running:
        live_runs = server.request_shutdown(running)
        with progress(f"Stopping the server (pid {running.pid})"):
            server.wait_until_stopped(running)
    if as_json:
        terminal.print_json({"stopped": running is not None, "liveRuns": live_runs})
    elif live_runs is None:
        print_message(f"No server is running on {data_dir}.")
    else:
        print_message(f"Stopped. {describe_live_runs(live_runs)}")
