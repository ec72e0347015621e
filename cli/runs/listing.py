"""The tables of runs that `greenroom ps` and `greenroom stats` print."""

from __future__ import annotations

from typing import Any

from cli.completion import short_name
from cli.terminal.tables import Column, Row
from cli.terminal.times import readable_time
from runtime.base.durations import readable_duration
from runtime.base.json_text import JsonDict
from runtime.base.sizes import MBYTE, readable_size

LIVE = "READY,RUNNING,TIMING-OUT,ABORTING"
"""The statuses of live runs, as a parameter of the server."""
STATUS_STYLES = {
    "READY": "cyan",
    "RUNNING": "cyan",
    "SUCCEEDED": "green",
    "FAILED": "red",
    "TIMING-OUT": "yellow",
    "TIMED-OUT": "yellow",
    "ABORTING": "yellow",
    "ABORTED": "yellow",
}
RUN_COLUMNS = (
    Column("RUN"),
    Column("ACTOR", shrinks=True),
    Column("STATUS"),
    Column("STARTED"),
    Column("DURATION", right=True),
    Column("MEMORY", right=True, optional=True),
    Column("EXIT", right=True, optional=True),
    Column("BUILD", optional=True),
    Column("MESSAGE", shrinks=True, optional=True),
)


def run_row(run: JsonDict, username: str) -> Row:
    """Return the cells of a run for RUN_COLUMNS."""
    return (
        run["id"],
        actor_of(run, username),
        run["status"],
        readable_time(run["startedAt"]),
        readable_duration(run["durationMillis"]),
        memory_of(run),
        "" if run["exitCode"] is None else str(run["exitCode"]),
        run["buildNumber"],
        run["statusMessage"] or "",
    )


def actor_of(run: JsonDict, username: str) -> str:
    """Return the name of a run's Actor as a reference to it, or its id if it has been deleted."""
    return short_name(run, username) if run["actorName"] else str(run["actorId"])


def memory_of(run: JsonDict) -> str:
    """Return the memory that a live run uses, or the peak of a finished one, of its limit."""
    used: Any = run["memMaxBytes"] if run["finishedAt"] else run["memCurrentBytes"]
    limit = f"{run['memoryMbytes']} MB"
    return f"- of {limit}" if used is None else f"{readable_size(used)} of {limit}"


def memory_share(run: JsonDict) -> float | None:
    """Return the used part of the memory limit, or None if it has not been measured."""
    used = run["memCurrentBytes"]
    return None if used is None else used / (run["memoryMbytes"] * MBYTE)
