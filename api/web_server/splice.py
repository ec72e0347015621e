"""Forwarding after an upgrade: all bytes, both ways, until one side has left."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

from api.web_server.client import SwitchedConnection
from runtime.base.per_loop import PerLoop

LINGER_SECS = 10.0
"""How long one side may stay after the other has left, to receive and answer what is still under way."""
READ_BYTES = 1_048_576
"""What all spliced connections together read in an iteration of the event loop, each at least MIN_READ_BYTES."""
MIN_READ_BYTES = 16_384


def splice(
    client: SwitchedConnection, container: asyncio.Transport, received: bytes, on_end: Callable[[], None]
) -> None:
    """Forward until both sides have left, and call `on_end`. `received` is what the container has sent already."""
    reads = shared_reads()
    near, far = SpliceEnd(client.transport, client.connections, reads), SpliceEnd(container, set(), reads)
    near.peer, far.peer = far, near
    reads.connections += 2
    for end in (near, far):
        end.on_end = on_end
        end.begin()
    if client.is_write_paused:
        far.transport.pause_reading()
    client.transport.write(received)
    container.write(client.early)


class SharedReads:
    """The buffer into which all spliced connections of an event loop read. Each uses it only during one call.

    With many connections, each reads less at a time. Otherwise, requests would wait while all of them forward.
    """

    def __init__(self) -> None:
        self.connections = 0
        self._buffer = memoryview(bytearray(READ_BYTES))

    @property
    def free(self) -> memoryview:
        """As much of the buffer as one connection may fill."""
        return self._buffer[: max(MIN_READ_BYTES, READ_BYTES // max(1, self.connections))]

    def take(self, count: int) -> bytes:
        return bytes(self._buffer[:count])


shared_reads = PerLoop(lambda _: SharedReads())
"""Returns the buffer of the running event loop."""


class SpliceEnd(asyncio.BufferedProtocol):
    """One of two connections. What it receives is written to its `peer`, which slows it down if it cannot write."""

    peer: SpliceEnd
    on_end: Callable[[], None]

    def __init__(self, transport: asyncio.Transport, connections: set[Any], reads: SharedReads) -> None:
        self.transport = transport
        self._reads = reads
        self._connections = connections
        self._has_left = self._is_lost = False
        self._deadline: asyncio.TimerHandle | None = None

    def begin(self) -> None:
        """Receive with this protocol. The transport does not read before."""
        self._connections.add(self)
        self.transport.pause_reading()
        self.transport.set_protocol(self)
        self.transport.resume_reading()

    def shutdown(self) -> None:
        """Close both connections, because the server stops."""
        self.transport.close()

    # What the transport calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._reads.free

    def buffer_updated(self, nbytes: int) -> None:
        if not self.peer.transport.is_closing():
            self.peer.transport.write(self._reads.take(nbytes))

    def eof_received(self) -> bool:
        """Pass the end on. The other direction stays open, because a close of a WebSocket is acknowledged."""
        self._leave()
        if self.peer._has_left:
            self.peer.transport.close()
            return False
        self.peer.transport.write_eof()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.discard(self)
        self._is_lost = True
        if self.peer._is_lost:
            self._reads.connections -= 2
            self.on_end()
        if self._deadline is not None:
            self._deadline.cancel()
        self._leave()
        self.peer.transport.close()

    def pause_writing(self) -> None:
        self.peer.transport.pause_reading()

    def resume_writing(self) -> None:
        self.peer.transport.resume_reading()

    def _leave(self) -> None:
        """This side sends nothing more. The other side gets some time to receive and answer what is under way."""
        peer = self.peer
        self._has_left = True
        if peer._deadline is None:
            loop = asyncio.get_running_loop()
            peer._deadline = loop.call_later(LINGER_SECS, peer.transport.abort)
