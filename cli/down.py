"""`greenroom down`: stops the server."""

from __future__ import annotations

from pathlib import Path

from cli import server
from cli.server_description import describe_live_runs
from cli.terminal import print_message, progress


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
