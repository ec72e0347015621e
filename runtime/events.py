"""System events of live runs, handed to every socket that listens.

Frames and their fields: the platform's Actor events; the Python SDK drops a systemInfo that lacks one of its eight.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from runtime.records import RunStats
from runtime.stats import is_cpu_overloaded

Event = dict[str, Any]
BACKLOG = 100
"""Events kept for a socket that does not read; then the oldest are dropped, so that it cannot fill the memory."""


class Events:
    """Who listens to which run. A run is live between `open` and `close`."""

    def __init__(self) -> None:
        self._listeners: dict[str, set[asyncio.Queue[Event | None]]] = {}

    def open(self, run_id: str) -> None:
        self._listeners[run_id] = set()

    def is_open(self, run_id: str) -> bool:
        return run_id in self._listeners

    def tell(self, run_id: str, event: Event) -> None:
        for listener in self._listeners.get(run_id, ()):
            _put(listener, event)

    def close(self, run_id: str) -> None:
        """Release the run's listeners."""
        for listener in self._listeners.pop(run_id, ()):
            _put(listener, None)

    def let_go(self) -> None:
        """Release all listeners; their runs go on."""
        for listeners in self._listeners.values():
            for listener in listeners:
                _put(listener, None)

    def listen(self, run_id: str) -> AsyncIterator[Event]:
        """The run's events from this call on, until it ends. The run must be open."""
        listener: asyncio.Queue[Event | None] = asyncio.Queue(BACKLOG)
        self._listeners[run_id].add(listener)
        return self._heard(run_id, listener)

    async def _heard(self, run_id: str, listener: asyncio.Queue[Event | None]) -> AsyncIterator[Event]:
        try:
            while (event := await listener.get()) is not None:
                yield event
        finally:
            self._listeners.get(run_id, set()).discard(listener)


def system_info(stats: RunStats, granted_cpus: float, now: str) -> Event:
    """The event sent once a second. `now` is ISO 8601."""
    return {
        "name": "systemInfo",
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


def aborting(now: str) -> Event:
    return {"name": "aborting", "createdAt": now, "data": {}}


def persist_state(now: str) -> Event:
    """The platform itself sends this one only with a graceful abort; otherwise SDKs have a timer of their own."""
    return {"name": "persistState", "createdAt": now, "data": {"isMigrating": False}}


def migrating(time_remaining_secs: float, now: str) -> Event:
    return {"name": "migrating", "createdAt": now, "data": {"timeRemainingSecs": time_remaining_secs}}


def _put(listener: asyncio.Queue[Event | None], event: Event | None) -> None:
    if listener.full():
        listener.get_nowait()
    listener.put_nowait(event)
