"""System events of live runs, sent to every socket that listens.

Source of the frames: the platform's Actor events. The Python SDK drops a systemInfo event that lacks one of its eight
fields.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable
from typing import Any

from runtime.base.clock import Millis, iso
from runtime.base.lifecycle import JobStatus
from runtime.base.records import Restart, Run, RunStats
from runtime.jobs.stats import is_cpu_overloaded
from runtime.runs.restarts import is_winding_down

Event = dict[str, Any]
SYSTEM_INFO = "systemInfo"
"""The event that is sent once a second."""
BACKLOG = 100
"""The most events that are buffered for a socket that does not read. Then the oldest are dropped."""


class SystemEvents:
    """The listeners of each live run. A run is live between `open` and `close`.

    `report_sent` is called with a run's id, the name of an event other than systemInfo, and how many listeners got it.
    """

    def __init__(self, report_sent: Callable[[str, str, int], None] = lambda run_id, name, listeners: None) -> None:
        self._report_sent = report_sent
        self._listeners: dict[str, set[asyncio.Queue[Event | None]]] = {}

    def open(self, run_id: str) -> None:
        self._listeners[run_id] = set()

    def is_open(self, run_id: str) -> bool:
        return run_id in self._listeners

    def emit(self, run_id: str, event: Event) -> None:
        listeners = self._listeners.get(run_id, ())
        for listener in listeners:
            _put(listener, event)
        if event["name"] != SYSTEM_INFO:
            self._report_sent(run_id, event["name"], len(listeners))

    def emit_pending(self, run: Run, now: Millis) -> None:
        """Send the events that follow from the orders in the run's record."""
        for event in pending(run, now):
            self.emit(run.id, event)

    def close(self, run_id: str) -> None:
        """Release the run's listeners."""
        for listener in self._listeners.pop(run_id, ()):
            _put(listener, None)

    def release_waiters(self) -> None:
        """Release all listeners; their runs continue."""
        for listeners in self._listeners.values():
            for listener in listeners:
                _put(listener, None)

    def listen(self, run_id: str, pending: Iterable[Event] = ()) -> AsyncGenerator[Event, None]:
        """The `pending` events, then the run's events from this call until the run ends. The run must be open."""
        listener: asyncio.Queue[Event | None] = asyncio.Queue(BACKLOG)
        for event in pending:
            _put(listener, event)
            self._report_sent(run_id, event["name"], 1)
        self._listeners[run_id].add(listener)
        return self._events(run_id, listener)

    async def _events(self, run_id: str, listener: asyncio.Queue[Event | None]) -> AsyncGenerator[Event, None]:
        try:
            while (event := await listener.get()) is not None:
                yield event
        finally:
            self._listeners.get(run_id, set()).discard(listener)


def system_info(stats: RunStats, granted_cpus: float, now: str) -> Event:
    """The event sent once a second. `now` is ISO 8601."""
    return {
        "name": SYSTEM_INFO,
        "createdAt": now,
        "data": {
            "memAvgBytes": stats.mem_avg_bytes,
            "memCurrentBytes": stats.mem_current_bytes,
            "memMaxBytes": stats.mem_max_bytes,
            "cpuAvgUsage": stats.cpu_avg_usage,
            "cpuMaxUsage": stats.cpu_max_usage,
            "cpuCurrentUsage": stats.cpu_current_usage,
            "isCpuOverloaded": is_cpu_overloaded(stats, granted_cpus),
            "createdAt": now,
        },
    }


def pending(run: Run, now: Millis) -> list[Event]:
    """The events that follow from the orders in a live run's record, while its Actor still has time to react.

    A graceful abort and the maximum cost send `aborting`, then the one `persistState` that the platform itself sends.
    Sockets that connect later receive them too: the server may have crashed between the order and the event.
    """
    if run.stop_at is None or run.stop_at <= now:
        return []
    if run.status is JobStatus.ABORTING or is_winding_down(run):
        return [_event("aborting", now), _event("persistState", now, isMigrating=False)]
    if run.restart is Restart.MIGRATION:
        return [_event("migrating", now, timeRemainingSecs=(run.stop_at - now) / 1000)]
    return []


def _event(name: str, now: Millis, **data: Any) -> Event:
    return {"name": name, "createdAt": iso(now), "data": data}


def _put(listener: asyncio.Queue[Event | None], event: Event | None) -> None:
    if listener.full():
        listener.get_nowait()
    listener.put_nowait(event)
