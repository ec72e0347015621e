"""`greenroom down`: an orderly end of the server."""

from __future__ import annotations

from pathlib import Path

from cli import server
from cli.terminal import say, step
from cli.up import live_runs_left


def down(data_dir: Path) -> None:
    """Ask the server to end, wait until it has, and say what became of its live runs."""
    running = server.find(data_dir)
    if not running:
        say(f"No server runs on {data_dir}.")
        return
    live = server.ask_to_stop(running)
    with step(f"Stopping the server (pid {running.pid})"):
        server.wait_gone(running)
    say(f"Stopped. {live_runs_left(live)}")
