"""The hint that `greenroom run` prints after a run that did not succeed."""

from __future__ import annotations

from pathlib import Path

from cli.client import Client
from cli.errors import CommandError
from cli.options import data_dir_option
from cli.terminal import print_message, print_warning
from runtime.base.json_text import JsonDict

EXPLAINED = ("FAILED", "TIMED-OUT")
"""A user who aborts a run knows why it ended."""


def print_hint(client: Client, run: JsonDict, data_dir: Path) -> None:
    """Print the strongest cause of a failed run in one sentence, and the command that shows its evidence."""
    if run["status"] not in EXPLAINED:
        return
    try:
        reason = client.runs.explanation(run["id"])["summary"]
    except CommandError as error:  # the run has ended, and its result is already known
        print_warning(f"The run cannot be explained now: {error.message}")
        return
    print_message(f"{reason} Evidence: greenroom explain {run['id']}{data_dir_option(data_dir)}")
