"""Live events as a stream of server-sent events, with ids from which a lost stream can be continued."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import cast

from starlette.responses import StreamingResponse
from starlette.types import Send

from api.response.live_event_models import Hello, Reset
from runtime.live_events import Batch, LiveConnection, LiveEvents

RETRY_MILLIS = 1_000
"""After this time, a browser tries to continue a lost stream."""
ID = re.compile(r"(?P<epoch>\w+)\.(?P<connection>\w+)\.(?P<position>\d{1,18})", re.ASCII)
HEARTBEAT = b": heartbeat\n\n"


@dataclass(frozen=True, slots=True)
class EventId:
    """The id of an event: the server that sent it, the connection, and the position in the server's events."""

    epoch: str
    connection: str
    position: int

    def __str__(self) -> str:
        return f"{self.epoch}.{self.connection}.{self.position}"


def parse_event_id(text: str) -> EventId | None:
    """None for a text that no server sent."""
    match = ID.fullmatch(text)
    return match and EventId(match["epoch"], match["connection"], int(match["position"]))


class EventStream(StreamingResponse):
    """A stream that ends immediately when the client disconnects, so that its connection can be continued."""

    media_type = "text/event-stream"

    def __init__(self, content: AsyncIterator[bytes]) -> None:
        super().__init__(content, headers={"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"})

    async def stream_response(self, send: Send) -> None:
        async with aclosing(cast(AsyncGenerator[bytes, None], self.body_iterator)):
            await super().stream_response(send)


async def event_stream(
    events: LiveEvents, connection: LiveConnection, may_continue: Callable[[], bool], *, has_gap: bool
) -> AsyncIterator[bytes]:
    """The text of a stream: `hello`, `reset` if events are missing before it, then the events of the connection.

    It ends when `may_continue` returns False, which is checked before anything is sent.
    """
    first = EventId(events.epoch, connection.id, connection.position)
    topics = tuple(connection.topics)
    hello = Hello(connection=connection.id, position=str(first), topics=topics)
    yield b"retry: %d\n" % RETRY_MILLIS + _event(first, "hello", hello.model_dump_json(by_alias=True).encode())
    if has_gap:
        yield _reset(first, topics)
    async with aclosing(events.stream(connection, may_continue)) as batches:
        async for batch in batches:
            yield b"".join(_texts(events.epoch, connection, batch)) or HEARTBEAT


def _texts(epoch: str, connection: LiveConnection, batch: Batch) -> Iterator[bytes]:
    if batch.lost:
        yield _reset(EventId(epoch, connection.id, batch.lost_position), batch.lost)
    for event in batch.events:
        yield _event(EventId(epoch, connection.id, event.position), event.name, event.content)


def _reset(id: EventId, topics: Sequence[str]) -> bytes:
    return _event(id, "reset", Reset(topics=tuple(topics)).model_dump_json(by_alias=True).encode())


def _event(id: EventId, name: str, content: bytes) -> bytes:
    """The content is JSON, which contains no line break."""
    return b"id: %s\nevent: %s\ndata: %s\n\n" % (str(id).encode(), name.encode(), content)
