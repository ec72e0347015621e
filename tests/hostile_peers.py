"""Peers that send as fast as they can, from threads of their own, and what they cost the event loop."""

from __future__ import annotations

import asyncio
import base64
import gc
import hashlib
import re
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

from tests.examples import attack_secs

MAX_HOLD_SECS = 0.1
"""One iteration of the event loop may take this much CPU time. In practice it is a tenth of it."""
FLOOD_BYTES = 1_000_000
"""The size of one write. With smaller writes, the event loop would receive less at a time."""
ATTACK_SECS = attack_secs(1.0)
SOCKET_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
PING = b"\x89\x00"
MASKED_PING = b"\x89\x80mask"


class Holds:
    """The longest iteration of the event loop, in seconds of CPU time of its thread: waiting does not count."""

    def __init__(self) -> None:
        self.longest = 0.0
        self._loop = asyncio.get_running_loop()
        self._last = time.thread_time()
        self._handle = self._loop.call_soon(self._tick)

    def stop(self) -> None:
        self._handle.cancel()

    def _tick(self) -> None:
        now = time.thread_time()
        self.longest, self._last = max(self.longest, now - self._last), now
        self._handle = self._loop.call_soon(self._tick)


@asynccontextmanager
async def fair_loop() -> AsyncIterator[None]:
    """Fail if anything holds the event loop for too long.

    The garbage collector is off, because with all modules of the tests in memory it can take that long itself.
    """
    gc.collect()
    gc.disable()
    holds = Holds()
    try:
        yield
    finally:
        holds.stop()
        gc.enable()
    assert holds.longest < MAX_HOLD_SECS, holds.longest


class Flood(threading.Thread):
    """Sends the same bytes until the other side closes the connection. `sent` counts them."""

    def __init__(self, connection: socket.socket, data: bytes, after_response: bytes | None = None) -> None:
        super().__init__(daemon=True)
        self._connection = connection
        self._after_response = after_response
        self._data = data * max(1, FLOOD_BYTES // len(data))
        self.sent = 0

    def run(self) -> None:
        with suppress(OSError):
            if self._after_response is not None:
                self._connection.recv(65_536)
                self._connection.sendall(self._after_response)
            while True:
                self.sent += self._connection.send(self._data)

    async def has_ended(self) -> None:
        """Wait until the other side has closed the connection."""
        await asyncio.to_thread(self.join)

    def stop(self) -> None:
        with suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)
        self.join()
        self._connection.close()


class HostileServer:
    """Answers each request with `head`, then sends `flood` until the connection is closed."""

    def __init__(self, head: bytes, flood: bytes) -> None:
        self._head, self._flood = head, flood
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self.floods: list[Flood] = []
        self._has_begun = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    async def has_ended(self) -> None:
        """Wait until the other side has closed the first connection."""
        await asyncio.to_thread(self._has_begun.wait)
        await self.floods[0].has_ended()

    def close(self) -> None:
        self._listening.close()
        for flood in self.floods:
            flood.stop()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                request = b""
                while b"\r\n\r\n" not in request:
                    request += connection.recv(65_536)
                connection.sendall(self._head.replace(b"ACCEPT", accept_key(request)))
                flood = Flood(connection, self._flood)
                flood.start()
                self.floods.append(flood)
                self._has_begun.set()


@contextmanager
def hostile_server(head: bytes, flood: bytes) -> Iterator[HostileServer]:
    server = HostileServer(head, flood)
    yield server
    server.close()


@contextmanager
def hostile_client(port: int, head: bytes, flood: bytes, after_response: bytes | None = None) -> Iterator[Flood]:
    """A client that sends `head` and `flood`. It reads nothing, unless `after_response` follows a response."""
    connection = socket.create_connection(("127.0.0.1", port))
    connection.sendall(head)
    client = Flood(connection, flood, after_response)
    client.start()
    yield client
    client.stop()


def accept_key(request: bytes) -> bytes:
    """The value of Sec-WebSocket-Accept for a handshake."""
    found = re.search(rb"(?i)sec-websocket-key: *(\S+)", request)
    return base64.b64encode(hashlib.sha1(found[1] + SOCKET_GUID).digest()) if found else b""
