"""One reader of live events: its topics, and how far it has read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass

from runtime.base.clock import Clock, wait_for_event
from runtime.live_events.event_log import EventLog, LiveEvent

HEARTBEAT_MILLIS = 15_000
"""After this time without an event, an empty batch shows that the connection works."""
BATCH_MILLIS = 100
"""The shortest time between two batches: 10 a second are more than a page draws."""
BATCH_BYTES = 131_072
"""A client that does not read holds this much memory, not all events."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Events in order. Before them, events of the topics in `lost` are missing, the last one at `lost_position`."""

    events: list[LiveEvent]
    lost: list[str]
    lost_position: int


class LiveConnection:
    """`topics` maps each topic to the position after which its events are sent.

    A connection outlives its stream for a while, and a new stream continues it.
    """

    def __init__(self, id: str, user_id: str, log: EventLog, clock: Clock) -> None:
        self.id = id
        self.user_id = user_id
        self.topics: Mapping[str, int] = {}
        self.position = log.position
        self.forgetting: asyncio.Task[None] | None = None
        self._log = log
        self._clock = clock
        self._wake = asyncio.Event()
        self._end: asyncio.Event | None = None

    @property
    def is_streaming(self) -> bool:
        return self._end is not None

    def wake(self) -> None:
        self._wake.set()

    def end(self) -> None:
        """End the stream, if there is one."""
        if self._end is not None:
            self._end.set()
            self._end = None
        self.wake()

    async def batches(self, may_continue: Callable[[], bool]) -> AsyncGenerator[Batch, None]:
        """The batches of events, some of them empty, until `end` is called or another stream continues.

        They also end when `may_continue`, which is called before each batch, returns False.
        """
        self.end()
        end = self._end = asyncio.Event()
        try:
            while not end.is_set() and may_continue():
                self._wake.clear()
                batch = self._next()
                if batch.events or batch.lost:
                    yield batch
                    await wait_for_event(end, self._clock, self._clock.now() + BATCH_MILLIS)
                    continue
                heartbeat_at = self._clock.now() + HEARTBEAT_MILLIS
                await wait_for_event(self._wake, self._clock, heartbeat_at)
                if not self._wake.is_set():
                    yield batch
        finally:
            if self._end is end:
                self._end = None

    def _next(self) -> Batch:
        """What has been published since the last batch, at most about BATCH_BYTES."""
        lost_positions = {
            topic: position
            for topic, since in self.topics.items()
            if (position := self._log.lost_until(topic)) > max(since, self.position)
        }
        events, end, size = [], self._log.position, 0
        for event in self._log.after(self.position):
            if self._is_for_this(event):
                events.append(event)
                size += len(event.content)
            if size >= BATCH_BYTES:
                end = event.position
                break
        self.position = end
        return Batch(events, list(lost_positions), max(lost_positions.values(), default=0))

    def _is_for_this(self, event: LiveEvent) -> bool:
        since = self.topics.get(event.topic)
        return since is not None and event.position > since and event.user_id in (None, self.user_id)
