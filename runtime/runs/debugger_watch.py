"""What watches a debugged run beside its container: the relay of its debugger, the time that it is held, the check."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial

from runtime.base.clock import Clock
from runtime.base.records import Build, Run
from runtime.containers import Containers
from runtime.runs.debugger_check import DebuggerCheck
from runtime.runs.debugger_relay import DebuggerRelay
from runtime.runs.limit_watchers import WatchedRun
from runtime.runs.retries import retry_until_successful
from runtime.runs.runs import Runs


class DebuggerWatch:
    """Watches the debuggers of all runs of an instance."""

    def __init__(self, containers: Containers, runs: Runs, clock: Clock) -> None:
        self._check = DebuggerCheck(containers, runs, clock)
        self._relay = DebuggerRelay(clock)
        self._runs = runs
        self._clock = clock

    @asynccontextmanager
    async def watch(self, watched: WatchedRun, build: Build) -> AsyncIterator[None]:
        """Serve the run's debug port while the body waits for the end of the container."""
        port = watched.run.debug_port
        if port is None:
            yield
            return
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(retry_until_successful(work, self._clock, watched.run.id))
                for work in (partial(self._relay.serve, watched, port), partial(self._store_hold, watched))
            ]
            async with self._check.watch(watched, build):
                yield
            for task in tasks:
                task.cancel()
        watched.hold.ends()
        await watched.store(partial(self._runs.change, watched.run.id, partial(_with_hold, watched=watched)))

    async def _store_hold(self, watched: WatchedRun) -> None:
        """Store each change, so that a crash of the server does not shorten the run."""
        stored = watched.run.debugger_hold
        while True:
            changed, value = watched.hold.changed, watched.hold.value
            if value != stored:
                await self._runs.change(watched.run.id, partial(_with_hold, watched=watched))
                stored = value
            await changed.wait()


def _with_hold(run: Run, watched: WatchedRun) -> Run:
    return replace(run, debugger_hold=watched.hold.value)
