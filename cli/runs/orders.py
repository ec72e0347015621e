"""What the commands print that change a live run."""

from __future__ import annotations

from cli import terminal
from cli.terminal import print_result
from runtime.base.json_text import JsonDict


def print_run(run: JsonDict, *, as_json: bool, remark: str = "") -> None:
    """Print the status and the id of a run, with a remark about what happens next, or the whole run as JSON."""
    if as_json:
        terminal.print_json(run)
        return
    message = remark or run.get("statusMessage") or ""
    print_result(f"{run['status']}  run {run['id']}{': ' if message else ''}{message}")
