"""The client's side of an exchange, which may disconnect at any time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import suppress
from typing import Any, TypeVar

from starlette.types import Message, Receive, Send

T = TypeVar("T")


class Upload:
    """The body that a client sends. Only this object calls `receive`."""

    def __init__(self, receive: Receive, has_body: bool) -> None:
        self._receive = receive
        self._has_body = has_body
        self._is_read = asyncio.Event()
        self.is_disconnected = False

    async def pieces(self) -> AsyncIterator[bytes]:
        """The body. It ends early if the client disconnects."""
        more = self._has_body
        try:
            while more:
                message = await self._receive()
                if message["type"] == "http.disconnect":
                    self.is_disconnected = True
                    return
                more = message.get("more_body", False)
                if body := message.get("body", b""):
                    yield body
        finally:
            self._is_read.set()

    async def wait_for_disconnect(self) -> None:
        """Return when the client has disconnected."""
        if self._has_body:
            await self._is_read.wait()
        while not self.is_disconnected:
            self.is_disconnected = (await self._receive())["type"] == "http.disconnect"


def ignore_disconnect(send: Send) -> Send:
    """The same `send`, without errors after the client has disconnected: `receive` reports that too."""

    async def send_if_connected(message: Message) -> None:
        with suppress(OSError):
            await send(message)

    return send_if_connected


async def while_connected(work: Awaitable[T], disconnect: Awaitable[None]) -> T | None:
    """The result of `work`; None if `disconnect` ends first, which cancels the work."""
    working, leaving = asyncio.ensure_future(work), asyncio.ensure_future(disconnect)
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await cancel(working, leaving)
    return None if working.cancelled() else working.result()


async def cancel(*tasks: asyncio.Future[Any]) -> None:
    """Cancel tasks, and wait for their end."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
