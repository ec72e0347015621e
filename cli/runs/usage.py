"""The table of what live runs use, and the curve of their memory."""

from __future__ import annotations

from collections.abc import Sequence

from cli.client.jobs import TERMINAL
from cli.runs.listing import actor_of, memory_of, memory_share
from cli.terminal import streams
from cli.terminal.small_curves import small_curve
from cli.terminal.tables import Column, Row
from runtime.base.durations import readable_duration
from runtime.base.json_text import JsonDict
from runtime.base.sizes import readable_size

CURVE_WIDTH = 16
USAGE_COLUMNS = (
    Column("RUN"),
    Column("ACTOR", shrinks=True),
    Column("STATUS", optional=True),
    Column("DURATION", right=True, optional=True),
    Column("CPU %", right=True),
    Column("MEMORY", right=True),
    Column("MEM %", right=True, optional=True),
    Column("NET IN/OUT", right=True, optional=True),
    Column("DISK PEAK", right=True, optional=True),
)
CURVE_COLUMN = Column("MEMORY CURVE")


def usage_row(run: JsonDict, username: str) -> Row:
    """Return the cells of a run for USAGE_COLUMNS. What has not been measured, or not any more, is `-`."""
    share, cpu, disk = memory_share(run), run["cpuCurrentUsage"], run["diskMaxBytes"]
    has_ended = run["status"] in TERMINAL
    return (
        run["id"],
        actor_of(run, username),
        run["status"],
        readable_duration(run["durationMillis"]),
        "-" if cpu is None or has_ended else f"{cpu:.0f}",
        memory_of(run),
        "-" if share is None or has_ended else f"{100 * share:.0f}",
        _traffic(run),
        "-" if disk is None else readable_size(disk),
    )


def curve(shares: Sequence[float | None]) -> str:
    """Draw the used parts of a limit from 0 to 1. A moment without a measurement is a gap."""
    return small_curve(shares, 1.0, is_ascii=streams.stdout.is_ascii)


def latest_shares(metrics: JsonDict, secs: int) -> list[float | None]:
    """Return the used parts of the memory limit in the last seconds of a run's series, from 0 to 1."""
    curves, moments = metrics["curves"], metrics["at"]
    if curves is None or not moments:
        return []
    values = zip(moments, curves["memoryBytes"]["values"], curves["limitBytes"]["values"], strict=True)
    recent = (each for each in values if each[0] > moments[-1] - 1000 * secs)
    return [None if used is None or not limit else used / limit for _, used, limit in recent]


def _traffic(run: JsonDict) -> str:
    received, sent = run["netRxBytes"], run["netTxBytes"]
    return "-" if received is None or sent is None else f"{readable_size(received)} / {readable_size(sent)}"
