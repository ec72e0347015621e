"""One connection to a web server in a container. It carries one exchange at a time."""

from __future__ import annotations

import asyncio
from typing import Protocol, cast

from runtime.base.fair_protocol import FairTransport
from runtime.container_http.response import InvalidResponse, KnownHeads, Receiver, ResponseReader

SLICE_BYTES = 16_384
"""Bytes that are parsed without a pause: at most 3 ms of work, for headers without values."""


class NotListening(Exception):
    """No connection could be opened. The message states the reason."""


class Exchange(Receiver, Protocol):
    """A request and its response on a connection."""

    def fail(self, problem: Exception) -> None:
        """The response will not be complete: InvalidResponse or ConnectionError."""

    def pause_request(self) -> None:
        """The server does not read as fast as `write` is called."""

    def resume_request(self) -> None:
        """The server has read enough."""


class ConnectionOwner(Protocol):
    """What gets a connection back."""

    def put_back(self, connection: ContainerConnection) -> None:
        """The exchange has ended, and the connection can carry another one."""

    def lose(self, connection: ContainerConnection) -> None:
        """The connection is closed."""


class ContainerConnection(asyncio.Protocol):
    """The protocol behind a FairProtocol. Call `begin` for each exchange, then `write` for the rest of its request."""

    slice_bytes = SLICE_BYTES

    def __init__(self, owner: ConnectionOwner, known_heads: KnownHeads) -> None:
        self._owner = owner
        self._reader = ResponseReader(known_heads)
        self._exchange: Exchange | None = None
        self._is_paused = False
        self._loop = asyncio.get_running_loop()
        self.is_reused = False
        self.active_at = 0.0

    def begin(self, exchange: Exchange, head: bytes, is_head_request: bool, may_switch: bool) -> None:
        """Send a request. `head` may contain the beginning of its body."""
        self._exchange = exchange
        self.active_at = self._loop.time()
        self._reader.expect(exchange, is_head_request, may_switch)
        self._transport.write(head)

    def write(self, data: bytes) -> None:
        self.active_at = self._loop.time()
        self._transport.write(data)

    @property
    def has_answered(self) -> bool:
        """Whether any byte of the response to the current request has arrived."""
        return self._reader.has_begun

    def pause_reading(self) -> None:
        if not self._is_paused:
            self._is_paused = True
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        if self._is_paused:
            self._is_paused = False
            self._transport.resume_reading()

    def abort(self) -> None:
        """Close the connection. Its exchange is not notified."""
        self._exchange = None
        self._transport.abort()

    def detach(self) -> tuple[asyncio.Transport, bytes]:
        """The transport of a connection that has switched protocols, and what has arrived since."""
        self._exchange = None
        self._owner.lose(self)
        transport, waiting = self._transport.release()
        return transport, (self._reader.after_switch or b"") + waiting

    def harmless_bytes(self) -> int:
        """The rest of a body without chunks."""
        return 0 if self._exchange is None else self._reader.left

    def _end(self, *, is_reusable: bool) -> None:
        self._exchange = None
        if not is_reusable or self._transport.has_waiting:
            self._transport.abort()
            return
        self.is_reused = True
        self.resume_reading()
        self._owner.put_back(self)

    def fail(self, problem: Exception) -> None:
        exchange, self._exchange = self._exchange, None
        self._transport.abort()
        if exchange is not None:
            exchange.fail(problem)

    # What the transport calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(FairTransport, transport)
        self.is_closing = transport.is_closing

    def data_received(self, data: bytes) -> None:
        if self._exchange is None:  # nobody has requested anything
            self._transport.abort()
            return
        self.active_at = self._loop.time()
        reader = self._reader
        try:
            reader.feed(data)
        except InvalidResponse as problem:
            self.fail(problem)
            return
        if reader.is_complete and self._exchange is not None and reader.after_switch is None:
            self._end(is_reusable=reader.is_reusable)

    def eof_received(self) -> bool:
        """A server may close its side before it has received the whole request, so the other side stays open."""
        if self._exchange is None:
            return False
        try:
            self._reader.end()
        except InvalidResponse as problem:
            self.fail(problem)
            return False
        self._end(is_reusable=False)
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        if self._exchange is not None:
            self.fail(ConnectionResetError(str(exc or "the connection was closed")))
        self._owner.lose(self)

    def pause_writing(self) -> None:
        if self._exchange is not None:
            self._exchange.pause_request()

    def resume_writing(self) -> None:
        if self._exchange is not None:
            self._exchange.resume_request()
