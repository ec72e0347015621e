"""The last events, from which all connections read. So a slow reader makes nothing grow, and only misses events."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

MAX_EVENTS = 5_000
MAX_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class LiveEvent:
    """`content` is JSON. `user_id` is the user who may receive the event; None for everybody who has its topic."""

    position: int
    topic: str
    name: str
    content: bytes
    user_id: str | None


class EventLog:
    """The last events in order. A new event replaces the one with the same topic and key."""

    def __init__(self, *, most: int = MAX_EVENTS, most_bytes: int = MAX_BYTES) -> None:
        self._most = most
        self._most_bytes = most_bytes
        self._events: OrderedDict[tuple[str, str | int], LiveEvent] = OrderedDict()
        self._bytes = 0
        self._lost: dict[str, int] = {}
        self.position = 0

    def add(self, topic: str, name: str, content: bytes, user_id: str | None, key: str | None) -> None:
        self.position += 1
        place = (topic, self.position if key is None else key)
        if (replaced := self._events.pop(place, None)) is not None:
            self._bytes -= len(replaced.content)
        self._events[place] = LiveEvent(self.position, topic, name, content, user_id)
        self._bytes += len(content)
        while len(self._events) > self._most or self._bytes > self._most_bytes:
            self._drop_first()

    def after(self, position: int) -> list[LiveEvent]:
        """The events after a position, oldest first."""
        found: list[LiveEvent] = []
        for event in reversed(self._events.values()):
            if event.position <= position:
                break
            found.append(event)
        return found[::-1]

    def lost_until(self, topic: str) -> int:
        """The position of the last event of a topic that is neither here nor replaced by a newer one; 0 if none is."""
        return self._lost.get(topic, 0)

    def lose(self, topic: str) -> None:
        """Record that an event of a topic could not be published."""
        self.position += 1
        self._lost[topic] = self.position

    def remove(self, topic: str) -> None:
        """Remove the events of a topic."""
        self._lost.pop(topic, None)
        for place in [place for place in self._events if place[0] == topic]:
            self._bytes -= len(self._events.pop(place).content)

    def _drop_first(self) -> None:
        _, dropped = self._events.popitem(last=False)
        self._bytes -= len(dropped.content)
        self._lost[dropped.topic] = dropped.position
