"""One connection to a web server in a container."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Self, cast

MAX_UNREAD_BYTES = 256 * 1024
"""Received bytes that wait for `read`. With more, nothing is received until they are read."""


class NotListening(Exception):
    """No connection could be opened. The message states the reason."""


class ContainerConnection(asyncio.Protocol):
    """Bytes both ways, with back-pressure. As a context manager, it aborts the connection at the end."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._unread: deque[bytes] = deque()
        self._unread_bytes = 0
        self._is_paused = False
        self._has_ended = False
        self._problem: Exception | None = None
        self._reader: asyncio.Future[None] | None = None
        self._writer: asyncio.Future[None] | None = None
        self._is_writable = True

    @classmethod
    async def open(cls, host: str, port: int, timeout_secs: float) -> Self:
        """Connect to a port of a container. Raises NotListening."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(timeout_secs):
                _, connection = await loop.create_connection(cls, host, port)
        except TimeoutError as problem:
            raise NotListening(f"no connection within {timeout_secs:g} seconds") from problem
        except OSError as problem:
            raise NotListening(problem.strerror or str(problem)) from problem
        return connection

    async def read(self) -> bytes:
        """The next received bytes, or none at the end. Raises ConnectionError if the connection broke."""
        while not self._unread:
            if self._problem is not None:
                raise ConnectionResetError(str(self._problem)) from self._problem
            if self._has_ended:
                return b""
            self._reader = self._loop.create_future()
            await self._reader
        data = self._unread.popleft()
        self._unread_bytes -= len(data)
        if self._is_paused and self._unread_bytes < MAX_UNREAD_BYTES:
            self._is_paused = False
            self._transport.resume_reading()
        return data

    def write(self, data: bytes) -> None:
        self._transport.write(data)

    async def drain(self) -> None:
        """Wait until the connection can take more bytes. Raises ConnectionError if it broke."""
        if self._transport.is_closing():
            raise ConnectionResetError("the connection is closed")
        if not self._is_writable:
            self._writer = self._loop.create_future()
            await self._writer

    def release(self, protocol: asyncio.BufferedProtocol, receive: Callable[[bytes], object]) -> None:
        """Pass the transport to another protocol, and everything that nobody has read to `receive`."""
        self._transport.set_protocol(protocol)
        protocol.connection_made(self._transport)
        for data in self._unread:
            receive(data)
        if self._has_ended:
            protocol.eof_received()
        elif self._is_paused:
            self._transport.resume_reading()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._transport.abort()

    # What the transport calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._unread.append(data)
        self._unread_bytes += len(data)
        if self._unread_bytes >= MAX_UNREAD_BYTES:
            self._is_paused = True
            self._transport.pause_reading()
        _wake(self._reader)

    def eof_received(self) -> bool:
        """A server may close its side before it has received the whole request, so the other side stays open."""
        self._has_ended = True
        _wake(self._reader)
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        self._has_ended = True
        self._problem = exc
        _wake(self._reader)
        self.resume_writing()

    def pause_writing(self) -> None:
        self._is_writable = False

    def resume_writing(self) -> None:
        self._is_writable = True
        _wake(self._writer)


def _wake(waiter: asyncio.Future[None] | None) -> None:
    if waiter is not None and not waiter.done():
        waiter.set_result(None)
