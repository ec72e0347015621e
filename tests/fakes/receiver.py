"""A web server in the test's own process that receives webhooks."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer
from multidict import CIMultiDictProxy

from tests.listening import loop_in_thread


@dataclass(frozen=True)
class Received:
    path: str
    headers: CIMultiDictProxy[str]
    body: Any


class Receiver:
    """Responds with `status`, `headers` and `body`; while `statuses` is not empty, its first one replaces `status`.

    After `stop_responding` it accepts requests and leaves them without a response until `start_responding`.
    """

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.statuses: list[int] = []
        self.status = 200
        self._may_respond = asyncio.Event()
        self._may_respond.set()
        self.headers: dict[str, str] = {}
        self.body = b"thanks"

    async def open(self, context: ssl.SSLContext | None = None) -> None:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._receive)
        self._server = TestServer(app, scheme="https" if context else "http")
        await self._server.start_server(ssl=context)
        self._loop = asyncio.get_running_loop()

    def stop_responding(self) -> None:
        self._may_respond.clear()

    def start_responding(self) -> None:
        """Respond again, also to the requests that wait. This may be called from any thread."""
        self._loop.call_soon_threadsafe(self._may_respond.set)

    async def close(self) -> None:
        await self._server.close()

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        return f"{self._server.scheme}://{host}:{self._server.port}{path}"

    async def _receive(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.received.append(Received(request.path, request.headers, json.loads(body) if body else None))
        await self._may_respond.wait()
        status = self.statuses.pop(0) if self.statuses else self.status
        return web.Response(status=status, body=self.body, headers=self.headers)

    @property
    def events(self) -> list[str]:
        return [each.body["eventType"] for each in self.received]

    @property
    def dispatch_ids(self) -> list[str]:
        return [each.headers["X-Apify-Webhook-Dispatch-Id"] for each in self.received]


@contextmanager
def receiver_in_thread() -> Iterator[Receiver]:
    """A receiver in a thread of its own, for tests whose client blocks the event loop."""
    with loop_in_thread() as thread:
        receiver = Receiver()
        thread.run(receiver.open())
        try:
            yield receiver
        finally:
            receiver.start_responding()
            thread.run(receiver.close())
