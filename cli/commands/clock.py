"""`greenroom clock`: advances the clock of the server's schedules, retention and webhook retries."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from cli import server, terminal
from cli.client import Client
from cli.failures import Command
from cli.options import AsJson, DataDir, parsed, resolved
from cli.terminal import print_result, progress
from cli.terminal.times import duration_secs

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="Control the clock of schedules, retention and webhook retries."
)


@app.callback()
def group() -> None:
    """Typer makes a group of one command only if it has a callback."""


@app.command("advance", cls=Command)
def advance(
    duration: Annotated[str, typer.Argument(metavar="DURATION", help="A number with a unit: 90s, 15m, 6h or 1d.")],
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Advance the clock of schedules, retention and webhook retries on a running server. Live runs are not affected.

    Example: greenroom clock advance 6h
    """
    secs = parsed("DURATION", parse_duration, duration) or 0.0
    advance_clock(resolved(data_dir), secs, as_json=as_json)


def parse_duration(text: str) -> float:
    """Return the seconds of a duration such as 90s, 15m, 6h or 1d. Raises ValueError."""
    secs = duration_secs(text)
    if not secs:
        raise ValueError(f"'{text}' is not a duration: use a number and a unit, such as 90s, 15m, 6h or 1d")
    return secs


def advance_clock(data_dir: Path, secs: float, *, as_json: bool) -> None:
    """Advance the clock of a running server, and print what it shows. Raises CommandError."""
    running = server.get(data_dir)
    with closing(Client(running)) as client, progress("Advancing the clock"):
        advanced = client.advance_clock(secs)
    if as_json:
        terminal.print_json(advanced)
        return
    ticks = advanced["ticks"]
    print_result(f"The server's clock shows {advanced['now']}. Schedules ran {ticks} time{'' if ticks == 1 else 's'}.")
