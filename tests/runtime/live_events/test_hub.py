"""The hub: sources run only while somebody listens, and what a reader misses is reported."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from runtime.base.errors import TooManyRequests
from runtime.live_events import Batch, LiveConnection, LiveEvents, hub
from runtime.live_events.event_log import EventLog
from runtime.live_events.hub import Started
from tests.fakes.clock import VirtualClock


class Reader:
    """Reads the batches of a connection until `close`."""

    def __init__(self, events: LiveEvents, connection: LiveConnection) -> None:
        self.batches: list[Batch] = []
        self._task = asyncio.create_task(self._read(events, connection))

    @property
    def contents(self) -> list[bytes]:
        return [event.content for batch in self.batches for event in batch.events]

    @property
    def has_ended(self) -> bool:
        return self._task.done()

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _read(self, events: LiveEvents, connection: LiveConnection) -> None:
        async with aclosing(events.stream(connection, lambda: True)) as batches:
            async for batch in batches:
                self.batches.append(batch)


async def test_a_source_runs_for_the_first_listener_until_the_last_one_is_forgotten() -> None:
    clock, running = VirtualClock(), set[str]()
    events = LiveEvents(clock)

    async def source(id: str, started: Started) -> None:
        running.add(id)
        started()
        try:
            await asyncio.Event().wait()
        finally:
            running.discard(id)

    events.add_source("run", source)
    events.publish("run:1", "log", {}, user_id=None)
    first, second = [await events.connect("user1", ["run:1"]) for _ in range(2)]
    assert running == {"1"}
    readers = [Reader(events, first), Reader(events, second)]
    await clock.advance(100)
    await readers[0].close()
    await clock.advance(61)
    assert running == {"1"}
    await events.change_topics("user1", second.id, ["run:2"])
    await clock.settle()
    assert running == {"2"}
    await readers[1].close()
    await clock.advance(61)
    assert not running and not events.is_wanted("run:2")
    await events.close()


async def test_a_reader_that_is_too_slow_learns_which_topics_have_gaps() -> None:
    clock = VirtualClock()
    events = LiveEvents(clock, EventLog(most=4))
    connection = await events.connect("user1", ["runs", "builds"])
    for number in range(6):
        events.publish("runs", "run", number, user_id="user1")
    events.publish("builds", "build", "b", user_id="user1")
    events.publish("builds", "build", "other", user_id="user2")
    reader = Reader(events, connection)
    await clock.settle()
    [batch] = reader.batches
    assert (batch.lost, batch.lost_position) == (["runs"], 4)
    assert reader.contents == [b"4", b"5", b'"b"']
    await reader.close()
    await events.close()


async def test_a_source_that_fails_is_started_again_and_its_gap_is_reported() -> None:
    clock, starts = VirtualClock(), 0
    events = LiveEvents(clock)

    async def source(_: str, started: Started) -> None:
        nonlocal starts
        starts += 1
        if starts == 1:
            raise ValueError("the disk is full")
        started()
        events.publish("runs", "run", starts, user_id="user1")
        await asyncio.Event().wait()

    events.add_source("runs", source)
    reader = Reader(events, await events.connect("user1", ["runs"]))
    await clock.advance(2)
    assert [batch.lost for batch in reader.batches] == [["runs"]]
    assert reader.contents == [b"2"]
    await reader.close()
    await events.close()


async def test_the_number_of_streams_and_of_remembered_connections_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "MAX_STREAMS", 2)
    monkeypatch.setattr(hub, "MAX_REMEMBERED", 3)
    clock = VirtualClock()
    events = LiveEvents(clock)
    idle = [await events.connect("user1", ["runs"]) for _ in range(6)]
    assert [events.resume("user1", each.id, 0) is not None for each in idle] == [False] * 3 + [True] * 3
    readers = [Reader(events, each) for each in idle[4:]]
    await clock.settle()
    with pytest.raises(TooManyRequests):
        await events.connect("user1", ["runs"])
    for reader in readers:
        await reader.close()
    await events.close()


async def test_a_connection_that_was_forgotten_before_its_stream_has_no_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise the stream would send heartbeats, but never an event."""
    monkeypatch.setattr(hub, "MAX_REMEMBERED", 1)
    clock = VirtualClock()
    events = LiveEvents(clock)
    forgotten, _ = [await events.connect("user1", ["runs"]) for _ in range(2)]
    reader = Reader(events, forgotten)
    await clock.settle()
    assert reader.has_ended
    await events.close()
