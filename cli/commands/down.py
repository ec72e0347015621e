"""`greenroom down`: stops the server."""

from __future__ import annotations

from pathlib import Path

import typer

from cli import server
from cli.failures import Command
from cli.options import DataDir, resolved
from cli.server.description import describe_live_runs
from cli.terminal import print_message, progress

app = typer.Typer(add_completion=False)


@app.command(cls=Command)
def down(
    data_dir: DataDir = None,
) -> None:
    """Stop the server. Live runs continue, unless the server was started with --stop-runs."""
    stop_server(resolved(data_dir))


def stop_server(data_dir: Path) -> None:
    """Stop the server of a data directory, wait for its end, and print how many live runs continue."""
    running = server.find(data_dir)
    if not running:
        print_message(f"No server is running on {data_dir}.")
        return
    live_runs = server.request_shutdown(running)
    with progress(f"Stopping the server (pid {running.pid})"):
        server.wait_until_stopped(running)
    print_message(f"Stopped. {describe_live_runs(live_runs)}")
