"""The changes of records for the sources of events: important ones immediately, others at most once a second each."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable
from contextlib import asynccontextmanager

from runtime.base.clock import Clock, Millis, wait_for_event
from runtime.base.records import Build, Run
from runtime.database import Database
from runtime.database.row_changes import CREATED, DELETED, MODIFIED, MOVED, RowChange

MODIFICATION_MILLIS = 1_000


class RowListener:
    """The changes of some kinds of records, for one source."""

    def __init__(self, kinds: Collection[str], clock: Clock) -> None:
        self._kinds = kinds
        self._clock = clock
        self._wake = asyncio.Event()
        self._prompt: dict[tuple[str, str], RowChange] = {}
        self._modified: dict[tuple[str, str], RowChange] = {}

    def add(self, change: RowChange) -> None:
        if change.kind not in self._kinds:
            return
        place = change.kind, change.id
        if change.change == MODIFIED:
            self._add_modified(place, change)
            return
        self._modified.pop(place, None)
        before = self._prompt.get(place)
        self._prompt[place] = before if before and before.change == CREATED and change.change == MOVED else change
        self._wake.set()

    def _add_modified(self, place: tuple[str, str], change: RowChange) -> None:
        """The first one wakes the reader, which then waits for others."""
        if place in self._prompt:
            return
        if not self._modified:
            self._wake.set()
        self._modified[place] = change

    async def batches(self) -> AsyncIterator[list[RowChange]]:
        """The changes of different records: new, deleted and moved ones promptly, others at most once a second."""
        next_at: Millis = self._clock.now()
        while True:
            await wait_for_event(self._wake, self._clock, next_at if self._modified else None)
            self._wake.clear()
            batch, self._prompt = list(self._prompt.values()), {}
            now = self._clock.now()
            if self._modified and (now >= next_at or next_at > now + MODIFICATION_MILLIS):
                batch += self._modified.values()
                self._modified = {}
                next_at = now + MODIFICATION_MILLIS
            if batch:
                yield batch


class RowFeed:
    """Passes the changes of the database to its listeners. Without listeners, the database reports none."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._connection = database.connection
        self._clock = clock
        self._listeners: set[RowListener] = set()

    @asynccontextmanager
    async def listen(self, *kinds: str) -> AsyncIterator[RowListener]:
        """A listener that gets all changes of these kinds of records that are not committed yet."""
        listener = RowListener(kinds, self._clock)
        self._listeners.add(listener)
        self._connection.changes.watch(self._report)
        try:
            await self._connection.write(_nothing, may_use_reserve=True)  # writes before it are not reported
            yield listener
        finally:
            self._listeners.discard(listener)
            if not self._listeners:
                self._connection.changes.stop()

    def runs(self, changes: Iterable[RowChange]) -> list[Run]:
        """The changed runs that still exist, in no particular order."""
        return self._database.runs.of_ids([change.id for change in changes])

    def builds(self, changes: Iterable[RowChange]) -> list[Build]:
        """The changed builds that still exist, in no particular order."""
        return self._database.builds.of_ids([change.id for change in changes])

    def _report(self, changes: list[RowChange]) -> None:
        for listener in self._listeners:
            for change in changes:
                listener.add(change)


def _nothing(_: object) -> None:
    """Changes nothing."""


__all__ = ["CREATED", "DELETED", "MODIFIED", "MOVED", "RowChange", "RowFeed", "RowListener"]
