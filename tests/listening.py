"""Applications in a real uvicorn that ends as soon as its test does, without the pauses of uvicorn's own shutdown."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from typing import Any, TypeVar

import uvicorn
from starlette.types import ASGIApp

MAX_SECS = 30
"""A test that waits longer for another thread is hanging."""
T = TypeVar("T")


@asynccontextmanager
async def listening(app: ASGIApp, bound: socket.socket | None = None, **options: Any) -> AsyncIterator[int]:
    """Serve on a bound socket, or on a free port. Yield the port."""
    bound = bound or bound_socket()
    server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_level="warning", **options))
    server.config.load()
    server.lifespan = server.config.lifespan_class(server.config)
    await server.startup([bound])
    await server.on_tick(0)  # sets the Date header
    try:
        yield bound.getsockname()[1]
    finally:
        await _close(server)


async def _close(server: uvicorn.Server) -> None:
    for each in server.servers:
        each.close()
    for connection in list(server.server_state.connections):
        connection.shutdown()
    tasks = list(server.server_state.tasks)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def bound_socket() -> socket.socket:
    """A socket that is bound to a free port."""
    # asyncio sends small responses without delay (TCP_NODELAY) only on sockets that name their protocol.
    bound = socket.socket(proto=socket.IPPROTO_TCP)
    bound.bind(("127.0.0.1", 0))
    return bound


class LoopInThread:
    """The event loop of another thread, for tests that block their own."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(MAX_SECS)


@contextmanager
def loop_in_thread() -> Iterator[LoopInThread]:
    with asyncio.Runner() as runner, ThreadPoolExecutor(1) as thread:
        loop = runner.get_loop()
        thread.submit(loop.run_forever)
        try:
            yield LoopInThread(loop)
        finally:
            loop.call_soon_threadsafe(loop.stop)
            thread.shutdown()


@contextmanager
def listening_in_thread(
    thread: LoopInThread, app: ASGIApp, bound: socket.socket | None = None, **options: Any
) -> Iterator[int]:
    served = listening(app, bound, **options)
    port = thread.run(served.__aenter__())
    try:
        yield port
    finally:
        thread.run(served.__aexit__(None, None, None))
