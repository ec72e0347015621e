"""Passing bytes between two connections in both directions, as fast as the slower side takes them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from runtime.proxy.messages import READ_BYTES

HALF_CLOSED_SECS = 300.0
"""How long one side may stay silent after the other one has closed its side."""

Count = Callable[[int], None]


class Relay:
    """A tunnel between a client and a target. The counts get the number of bytes of each piece."""

    def __init__(self, *, on_upload: Count, on_download: Count) -> None:
        self._on_upload = on_upload
        self._on_download = on_download
        self._open_directions = 2

    async def run(
        self,
        client: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        target: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        """Relay until both sides have closed, or one has failed."""
        with suppress(ExceptionGroup):
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pump(client[0], target[1], self._on_upload))
                group.create_task(self._pump(target[0], client[1], self._on_download))

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, count: Count) -> None:
        while data := await self._read(source):
            count(len(data))
            sink.write(data)
            await sink.drain()
        self._open_directions -= 1
        if sink.can_write_eof():
            sink.write_eof()

    async def _read(self, source: asyncio.StreamReader) -> bytes:
        """The next piece; none at the end. A side that was silent when the other one closed gets a limit later."""
        while True:
            try:
                async with asyncio.timeout(HALF_CLOSED_SECS):
                    return await source.read(READ_BYTES)
            except TimeoutError:
                if self._open_directions < 2:
                    raise


def close(writer: asyncio.StreamWriter) -> None:
    """Close a connection without waiting for the peer."""
    with suppress(OSError, RuntimeError):
        writer.close()


def abort(writer: asyncio.StreamWriter) -> None:
    """Close a connection so that the peer notices that something is missing, and drop what was not sent."""
    with suppress(OSError, RuntimeError):
        writer.transport.abort()
