"""Writes to Greenroom's database behind uvicorn, without routes, tokens, checks or real responses.

No Python handler on the same database can cost less. `python -m benchmarks.storages.bare_asgi DATA_DIR` prints its port
when it listens.
"""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec
import uvicorn
import uvloop
from starlette.types import Message, Receive, Scope, Send

from benchmarks.storages.operations import BINARY, LOCK_SECS
from benchmarks.storages.plain_fastapi import StorageServices
from runtime.base.json_text import loads
from runtime.base.records import QueueClient
from runtime.storages.storage_service import StorageService

CLIENT = QueueClient("bench")
Write = Callable[[str, str, Receive], Awaitable[object]]


class BareAsgiApp:
    """An ASGI application that only writes."""

    def __init__(self, storages: StorageServices) -> None:
        self._storages = storages
        self._user_id = storages.users.first().id
        self._services: Mapping[str, StorageService[Any]] = {
            "datasets": storages.datasets,
            "request-queues": storages.queues,
            "key-value-stores": storages.key_value_stores,
        }
        self._writes: dict[str, Write] = {
            "POST items": self._push,
            "POST head": self._lock,
            "PUT requests": self._update,
            "POST requests": self._add,
            "PUT records": self._put,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        _, _, storage_type, *rest = scope["path"].split("/")
        if rest:
            id, collection, *last = rest
            await self._writes[f"{scope['method']} {collection}"](id, "".join(last[-1:]), receive)
            body = b"{}"
        else:
            name = scope["query_string"].decode().removeprefix("name=")
            record, _ = await self._services[storage_type].get_or_create(self._user_id, name)
            body = msgspec.json.encode({"data": {"id": record.id}})
        await send({"type": "http.response.start", "status": 200, "headers": [_length(body)]})
        await send({"type": "http.response.body", "body": body})

    async def _push(self, id: str, _: str, receive: Receive) -> None:
        dataset = self._storages.datasets.locate(None, id, to_write=True)
        assert dataset is not None
        await self._storages.datasets.push(dataset, await _body(receive))

    async def _lock(self, id: str, _: str, receive: Receive) -> None:
        await self._storages.queues.lock_head(id, CLIENT, limit=25, lock_secs=LOCK_SECS)

    async def _update(self, id: str, request_id: str, receive: Receive) -> None:
        fields = loads(await _body(receive))
        await self._storages.queues.update_request(id, request_id, fields, forefront=False)

    async def _add(self, id: str, _: str, receive: Receive) -> None:
        await self._storages.queues.add_requests(id, loads(await _body(receive)), forefront=False)

    async def _put(self, id: str, key: str, receive: Receive) -> None:
        await self._storages.key_value_stores.set_record_stream(id, key, BINARY, None, _chunks(receive))


async def _body(receive: Receive) -> bytes:
    return b"".join([chunk async for chunk in _chunks(receive)])


async def _chunks(receive: Receive) -> AsyncIterator[bytes]:
    message: Message = {"more_body": True}
    while message["more_body"]:
        message = await receive()
        yield message["body"]


def _length(body: bytes) -> tuple[bytes, bytes]:
    return b"content-length", str(len(body)).encode()


async def serve(data_dir: Path) -> None:
    storages = StorageServices(data_dir)
    await storages.users.open()
    config = uvicorn.Config(BareAsgiApp(storages), lifespan="off", log_level="error", access_log=False)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        print(listening.getsockname()[1], flush=True)
        await uvicorn.Server(config).serve([listening])


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(Path(sys.argv[1])))
