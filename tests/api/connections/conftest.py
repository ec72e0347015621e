"""Fixtures: an application that reads everything, behind uvicorn with the server's own protocols."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest_asyncio
from starlette.types import Message, Receive, Scope, Send

from api.connections.server_options import server_options
from tests.listening import listening


class Application:
    """Reads each request to its end, then responds. `bodies` are the sizes of the pieces that it has received."""

    def __init__(self) -> None:
        self.port = 0
        self.disconnects: asyncio.Queue[Message] = asyncio.Queue()
        self.body_bytes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._read_messages(receive, send)
            return
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            self.body_bytes += len(message["body"])
            more = message["more_body"]
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})

    async def _read_messages(self, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            pass
        self.disconnects.put_nowait(message)


@pytest_asyncio.fixture
async def application() -> AsyncIterator[Application]:
    application = Application()
    async with listening(application, **server_options()) as application.port:
        yield application
