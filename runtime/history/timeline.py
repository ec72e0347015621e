"""The time line of a run: orders, status changes, containers, out-of-memory kills and system events.

Most entries follow from changes of the run's record, and are stored with them (`base/records/timeline.py`). Only the
system events that the Actor got are added here.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping

from runtime.base.clock import Clock
from runtime.base.records import OrderKind, TimelineEntry, TimelineKind
from runtime.base.storage_errors import STORAGE_ERRORS
from runtime.database.run_timeline import RunTimelineTable
from runtime.metrics.curves import OOM_KILL, RunEvent

log = logging.getLogger("greenroom.runs")


MARKED_ORDERS: Mapping[str, str] = {
    OrderKind.RESURRECTION: "resurrection",
    OrderKind.ABORT: "abort",
    OrderKind.GRACEFUL_ABORT: "abort",
}


class Timeline:
    """The time lines of all runs."""

    def __init__(self, table: RunTimelineTable, clock: Clock) -> None:
        self._table = table
        self._clock = clock
        self._writes: set[asyncio.Task[None]] = set()

    def of_run(self, run_id: str, after: int = -1) -> list[TimelineEntry]:
        """The entries of a run after a position, oldest first. A run of an earlier version has none before its end."""
        return self._table.of_run(run_id, after)

    def add_system_event(self, run_id: str, name: str, listeners: int) -> None:
        """Add a system event that was sent to this many sockets of the Actor."""
        entry = TimelineEntry(at=self._clock.now(), kind=TimelineKind.SYSTEM_EVENT, name=name, number=listeners)
        write = asyncio.create_task(self._add(run_id, entry), name=f"time line of {run_id}")
        self._writes.add(write)
        write.add_done_callback(self._writes.discard)

    async def close(self) -> None:
        if self._writes:
            await asyncio.wait(self._writes)

    async def _add(self, run_id: str, entry: TimelineEntry) -> None:
        try:
            await self._table.add(run_id, [entry])
        except STORAGE_ERRORS as problem:  # the event was sent nevertheless
            log.warning("The event %s is missing in the time line of run %s: %s", entry.name, run_id, problem)


def marked_events(entries: Iterable[TimelineEntry]) -> list[RunEvent]:
    """What is marked in the curves of a run: how it was continued or aborted, and out-of-memory kills.

    A continuation is marked when it happens, not when it was ordered.
    """
    return [RunEvent(entry.at, kind) for entry in entries if (kind := _marker(entry)) is not None]


def _marker(entry: TimelineEntry) -> str | None:
    match entry.kind:
        case TimelineKind.OOM_KILL:
            return OOM_KILL
        case TimelineKind.RESTARTED:
            return entry.name
        case TimelineKind.ORDER:
            return MARKED_ORDERS.get(str(entry.name))
    return None
