"""Forwarding after an upgrade: all bytes, both ways, until one side has left."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from api.connections.http_protocol import SwitchedConnection
from runtime.base.per_loop import PerLoop
from runtime.container_http.connection import ContainerConnection

LINGER_SECS = 10.0
"""How long one side may stay after the other has left, to receive and answer what is still under way."""
READ_BYTES = 1_048_576
"""What all spliced connections together read in an iteration of the event loop, each at least MIN_READ_BYTES."""
MIN_READ_BYTES = 16_384


async def splice(client: SwitchedConnection, container: ContainerConnection, received: bytes) -> None:
    """Forward until both sides have left. `received` is what the container has sent already."""
    reads = shared_reads()
    near, far = SpliceEnd(client.connections, reads), SpliceEnd(set(), reads)
    near.peer, far.peer = far, near
    reads.connections += 2
    near.connection_made(client.transport)
    client.transport.set_protocol(near)
    client.transport.write(received)
    container.release(far, far.forward)
    far.transport.write(client.early)
    client.transport.resume_reading()
    try:
        await asyncio.wait({near.has_left, far.has_left}, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.wait({near.is_lost, far.is_lost}, timeout=LINGER_SECS)
    finally:
        reads.connections -= 2
        client.transport.abort()
        far.transport.abort()


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

    def __init__(self, connections: set[Any], reads: SharedReads) -> None:
        loop = asyncio.get_running_loop()
        self._reads = reads
        self.has_left: asyncio.Future[None] = loop.create_future()
        self.is_lost: asyncio.Future[None] = loop.create_future()
        self._connections = connections
        connections.add(self)

    def shutdown(self) -> None:
        """Close both connections, because the server stops."""
        self.transport.close()

    def forward(self, data: bytes) -> None:
        if not self.peer.transport.is_closing():
            self.peer.transport.write(data)

    # What the transport calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._reads.free

    def buffer_updated(self, nbytes: int) -> None:
        self.forward(self._reads.take(nbytes))

    def eof_received(self) -> bool:
        """Pass the end on. The other direction stays open, because a close of a WebSocket is acknowledged."""
        _finish(self.has_left)
        if self.peer.has_left.done():
            self.peer.transport.close()
            return False
        self.peer.transport.write_eof()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.discard(self)
        _finish(self.has_left)
        _finish(self.is_lost)
        self.peer.transport.close()

    def pause_writing(self) -> None:
        self.peer.transport.pause_reading()

    def resume_writing(self) -> None:
        self.peer.transport.resume_reading()


def _finish(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
