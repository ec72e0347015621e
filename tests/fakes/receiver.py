"""A web server in this process that receives webhooks, as the tests tell it to."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer
from multidict import CIMultiDictProxy


@dataclass(frozen=True)
class Received:
    path: str
    headers: CIMultiDictProxy[str]
    body: Any


class Receiver:
    """Answers with `status`, `headers` and `body`, or with the next of `statuses` while there are some.

    After `fall_silent` it takes requests and does not answer them, until `answer`.
    """

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.statuses: list[int] = []
        self.status = 200
        self._may_answer = asyncio.Event()
        self._may_answer.set()
        self.headers: dict[str, str] = {}
        self.body = b"thanks"

    async def open(self, context: ssl.SSLContext | None = None) -> None:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._receive)
        self._server = TestServer(app, scheme="https" if context else "http")
        await self._server.start_server(ssl=context)
        self._loop = asyncio.get_running_loop()

    def fall_silent(self) -> None:
        self._may_answer.clear()

    def answer(self) -> None:
        """From any thread."""
        self._loop.call_soon_threadsafe(self._may_answer.set)

    async def close(self) -> None:
        await self._server.close()

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        return f"{self._server.scheme}://{host}:{self._server.port}{path}"

    async def _receive(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.received.append(Received(request.path, request.headers, json.loads(body) if body else None))
        await self._may_answer.wait()
        status = self.statuses.pop(0) if self.statuses else self.status
        return web.Response(status=status, body=self.body, headers=self.headers)

    @property
    def events(self) -> list[str]:
        return [each.body["eventType"] for each in self.received]

    @property
    def dispatch_ids(self) -> list[str]:
        return [each.headers["X-Apify-Webhook-Dispatch-Id"] for each in self.received]


@contextmanager
def beside_blocking_tests() -> Iterator[Receiver]:
    """A receiver in a thread of its own, for tests whose client blocks."""
    with asyncio.Runner() as runner, ThreadPoolExecutor(1) as thread:
        receiver, loop = Receiver(), runner.get_loop()
        thread.submit(loop.run_forever)
        asyncio.run_coroutine_threadsafe(receiver.open(), loop).result()
        try:
            yield receiver
        finally:
            receiver.answer()
            asyncio.run_coroutine_threadsafe(receiver.close(), loop).result()
            loop.call_soon_threadsafe(loop.stop)
            thread.shutdown()
