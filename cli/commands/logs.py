"""`greenroom logs`: prints the log of a run or build."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from cli import terminal
from cli.client import Client, connected
from cli.failures import Command
from cli.options import AsJson, DataDir, not_empty, parsed, resolved
from cli.runs.log_filter import LogFilter, split_line
from cli.runs.log_follower import LogFollower
from cli.runs.references import JobReference, find_job
from cli.terminal import print_message, streams
from cli.terminal.times import parse_since

app = typer.Typer(add_completion=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogsArguments:
    """The arguments of `greenroom logs`."""

    reference: str
    data_dir: Path
    until_end: bool
    since: datetime | None
    pattern: re.Pattern[str] | None
    as_json: bool


@app.command(cls=Command)
def logs(
    reference: JobReference,
    follow: Annotated[
        bool,
        typer.Option("--follow", "-f", help="Continue until the run or build finishes, or until Ctrl-C."),
    ] = False,
    since: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help="Print only what was written in the last 90s, 10m, 2h or 1d, or since a timestamp.",
        ),
    ] = None,
    grep: Annotated[
        str | None,
        typer.Option(
            metavar="PATTERN",
            callback=not_empty,
            help="Print only lines that match this regular expression.",
        ),
    ] = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
) -> None:
    """Print the log of a run or build.

    Example: greenroom logs last -f --grep 'ERROR|WARN'
    """
    arguments = LogsArguments(
        reference=reference,
        data_dir=resolved(data_dir),
        until_end=follow,
        since=parsed("--since", parse_since, since),
        pattern=parsed("--grep", parse_pattern, grep),
        as_json=as_json,
    )
    try:
        print_log(arguments)
    except KeyboardInterrupt:
        if not follow:
            raise


def parse_pattern(text: str) -> re.Pattern[str]:
    """Compile a regular expression. Raises ValueError."""
    try:
        return re.compile(text)
    except re.error as error:
        raise ValueError(f"'{text}' is not a valid regular expression: {error}") from error


def print_log(arguments: LogsArguments) -> None:
    """Print the selected lines. Raises CommandError."""
    lines = LogFilter(arguments.since, arguments.pattern)
    with connected(arguments.data_dir) as client:
        job = find_job(client, arguments.reference)
        if arguments.as_json:
            terminal.print_json({"id": job["id"], "lines": _lines(client, job["id"], lines, arguments.until_end)})
        else:
            follower = LogFollower(client, job["id"], streams.stdout, lines=lines)
            follower.follow(until_end=arguments.until_end)
            if not follower.has_written:
                print_message(f"The log of {job['id']} has no line to show.")


def _lines(client: Client, job_id: str, lines: LogFilter, until_end: bool) -> list[dict[str, str | None]]:
    chunks = [lines.feed(chunk) for chunk in client.log(job_id, raw=False, until_end=until_end)]
    selected = (b"".join(chunks) + lines.end()).removesuffix(b"\n")
    # Not `splitlines`: a progress bar writes many carriage returns in one line.
    each_line = selected.split(b"\n") if selected else []
    return [dict(zip(("timestamp", "text"), split_line(line), strict=True)) for line in each_line]
