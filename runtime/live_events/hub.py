"""The hub between the parts that publish events and the connections that receive them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from runtime.base.clock import Clock
from runtime.base.errors import TooManyRequests, record_not_found
from runtime.base.json_text import Json, dumps
from runtime.base.records import new_id
from runtime.live_events.connection import Batch, LiveConnection
from runtime.live_events.event_log import EventLog

log = logging.getLogger("greenroom.events")

REMEMBERED_SECS = 60
"""For this time, a connection that has lost its stream can be continued without a gap."""
MAX_STREAMS = 200
MAX_REMEMBERED = 100
RETRY_SECS = 1.0

Started = Callable[[], None]
Source = Callable[[str, Started], Coroutine[Any, Any, None]]
"""Publishes the events of a topic until it is cancelled. It gets the id in the topic, and a function that it calls as
soon as it does not miss anything any more."""


@dataclass(slots=True)
class _Topic:
    """A topic with listeners: their number, and the task of its source, if it has one."""

    listeners: int = 0
    source: asyncio.Task[None] | None = None
    started: asyncio.Event = field(default_factory=asyncio.Event)


class LiveEvents:
    """A topic is a word, such as `runs`, or a kind and an id, such as `run:ID`. Call `close` when the server stops."""

    def __init__(self, clock: Clock, event_log: EventLog | None = None) -> None:
        self.epoch = new_id()[:8]
        """Distinguishes the positions of this server from those of earlier ones."""
        self._clock = clock
        self._log = event_log or EventLog()
        self._connections: dict[str, LiveConnection] = {}
        self._topics: dict[str, _Topic] = {}
        self._sources: dict[str, Source] = {}
        self._is_closed = False

    def add_source(self, kind: str, source: Source) -> None:
        """Run `source` for each topic of a kind while the topic has listeners."""
        self._sources[kind] = source

    def is_wanted(self, topic: str) -> bool:
        """Whether the topic has listeners."""
        return topic in self._topics

    def users_of(self, topic: str) -> set[str]:
        """The ids of the users who listen to a topic."""
        return {each.user_id for each in self._connections.values() if topic in each.topics}

    def publish(self, topic: str, name: str, data: Json, *, user_id: str | None, key: str | None = None) -> None:
        """Send an event to the listeners of a topic who are this user. None means all listeners of the topic.

        A reader that is too slow gets only the newest event with the same `key`.
        """
        if topic not in self._topics:
            return
        self._log.add(topic, name, dumps(data), user_id, key)
        for connection in self._connections.values():
            if topic in connection.topics and user_id in (None, connection.user_id):
                connection.wake()

    async def connect(self, user_id: str, topics: Iterable[str]) -> LiveConnection:
        """A new connection, which receives all events from now on. Raises TooManyRequests."""
        if sum(each.is_streaming for each in self._connections.values()) >= MAX_STREAMS:
            raise TooManyRequests("too-many-connections", f"The server has {MAX_STREAMS} open event streams already.")
        connection = LiveConnection(new_id(), user_id, self._log, self._clock)
        self._connections[connection.id] = connection
        await self._set_topics(connection, topics)
        self._forget_later(connection)
        return connection

    def resume(self, user_id: str, id: str, position: int) -> LiveConnection | None:
        """The connection that a lost stream had, with its topics, from a position on. None if it is not known."""
        connection = self._connections.get(id)
        if connection is None or connection.user_id != user_id or position > self._log.position:
            return None
        connection.position = position
        return connection

    async def change_topics(self, user_id: str, id: str, topics: Iterable[str]) -> None:
        """Replace the topics of a connection. New ones receive what happens from now on. Raises NotFound."""
        connection = self._connections.get(id)
        if connection is None or connection.user_id != user_id:
            raise record_not_found("Connection", id)
        await self._set_topics(connection, topics)

    async def stream(self, connection: LiveConnection, may_continue: Callable[[], bool]) -> AsyncGenerator[Batch, None]:
        """The events of a connection until the server stops or `may_continue`, called before each batch, returns False.

        Afterwards it can be continued for a while. A connection that was forgotten before its stream has none.
        """
        if self._is_closed or connection.id not in self._connections:
            return
        if connection.forgetting is not None:
            connection.forgetting.cancel()
        try:
            async with aclosing(connection.batches(may_continue)) as batches:
                async for batch in batches:
                    yield batch
        finally:
            if not connection.is_streaming and not self._is_closed:
                self._forget_later(connection)

    def check_connections(self) -> None:
        """Let all streams check now whether they may continue: a session has ended."""
        for connection in self._connections.values():
            connection.wake()

    def release_waiters(self) -> None:
        """End all streams: the server is about to stop."""
        self._is_closed = True
        for connection in self._connections.values():
            connection.end()

    async def close(self) -> None:
        """End all streams and sources."""
        self.release_waiters()
        sources = [topic.source for topic in self._topics.values()]
        forgetting = [connection.forgetting for connection in self._connections.values()]
        tasks = [task for task in (*sources, *forgetting) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _set_topics(self, connection: LiveConnection, topics: Iterable[str]) -> None:
        before, wanted = connection.topics, dict.fromkeys(topics)
        for topic in wanted.keys() - before.keys():
            self._add_listener(topic)
        connection.topics = {topic: before.get(topic, self._log.position) for topic in wanted}
        for topic in before.keys() - wanted.keys():
            self._remove_listener(topic)
        for topic in wanted:
            if topic in self._topics:
                await self._topics[topic].started.wait()

    def _add_listener(self, name: str) -> None:
        topic = self._topics.setdefault(name, _Topic())
        topic.listeners += 1
        if topic.listeners > 1:
            return
        kind, _, id = name.partition(":")
        if kind in self._sources:
            topic.source = asyncio.create_task(self._run(self._sources[kind], name, id, topic), name=f"events {name}")
        else:
            topic.started.set()

    def _remove_listener(self, name: str) -> None:
        topic = self._topics[name]
        topic.listeners -= 1
        if topic.listeners:
            return
        del self._topics[name]
        self._log.remove(name)
        if topic.source is not None:
            topic.source.cancel()
            topic.started.set()

    async def _run(self, source: Source, name: str, id: str, topic: _Topic) -> None:
        """Run a source. After an error it is started again, and its listeners learn that events may be missing."""

        def restarted() -> None:
            self._log.lose(name)
            for connection in self._connections.values():
                connection.wake()

        started: Started = topic.started.set
        while True:
            try:
                await source(id, started)
                return
            except Exception:
                log.exception("The events of the topic %s are interrupted", name)
            topic.started.set()
            started = restarted
            await self._clock.sleep(RETRY_SECS)

    def _forget_later(self, connection: LiveConnection) -> None:
        idle = [each for each in self._connections.values() if not each.is_streaming and each is not connection]
        for each in idle[: max(0, len(idle) - MAX_REMEMBERED + 1)]:
            self._forget(each)
        connection.forgetting = asyncio.create_task(self._forget_after_pause(connection), name="forget connection")

    async def _forget_after_pause(self, connection: LiveConnection) -> None:
        await self._clock.sleep(REMEMBERED_SECS)
        self._forget(connection)

    def _forget(self, connection: LiveConnection) -> None:
        del self._connections[connection.id]
        for topic in connection.topics:
            self._remove_listener(topic)
        if connection.forgetting is not None and connection.forgetting is not asyncio.current_task():
            connection.forgetting.cancel()
