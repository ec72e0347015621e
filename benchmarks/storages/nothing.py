"""Answers every request with nothing: what its server costs before any handler begins, for all contenders in Python.

`python -m benchmarks.storages.nothing` prints its port when it listens.
"""

from __future__ import annotations

import asyncio
import socket

import uvicorn
import uvloop
from starlette.types import Message, Receive, Scope, Send

START: Message = {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]}
BODY: Message = {"type": "http.response.body", "body": b"{}"}


async def nothing(scope: Scope, receive: Receive, send: Send) -> None:
    while (await receive()).get("more_body"):
        pass
    await send(START)
    await send(BODY)


async def serve() -> None:
    config = uvicorn.Config(nothing, lifespan="off", log_level="error", access_log=False)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        print(listening.getsockname()[1], flush=True)
        await uvicorn.Server(config).serve([listening])


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve())
