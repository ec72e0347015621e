"""The application behind a port, and the `greenroom storage` command with its data directory."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.types import Receive, Scope, Send
from typer.testing import CliRunner

from cli.main import app
from runtime.base.records import Run
from tests.cli.stub import write_server_file
from tests.fakes.api import CONTROL_TOKEN, Api

Json = dict[str, Any]
FOLDERS = ("datasets", "key_value_stores", "request_queues")
API_PATHS = ("datasets", "key-value-stores", "request-queues")


@dataclass
class Serving:
    """The application, listening on a port, in a thread of its own."""

    api: Api
    loop: asyncio.AbstractEventLoop
    data_dir: Path
    http: httpx.Client

    def data(self, method: str, path: str, **request: Any) -> Any:
        response = self.http.request(method, f"/v2/{path}", **request)
        assert response.is_success, response.text
        return response.json()["data"]

    def items(self, dataset: str) -> list[Json]:
        items: list[Json] = self.http.get(f"/v2/datasets/{dataset}/items").raise_for_status().json()
        return items

    def records(self, store: str) -> dict[str, tuple[str, bytes]]:
        keys = [entry["key"] for entry in self.data("GET", f"key-value-stores/{store}/keys")["items"]]
        responses = {key: self.http.get(record_path(store, key)).raise_for_status() for key in keys}
        return {key: (response.headers["content-type"], response.content) for key, response in responses.items()}

    def queue(self, queue: str) -> tuple[list[str], dict[str, Json]]:
        """Return the unique keys of the pending requests in order, and all requests by unique key."""
        head = self.data("GET", f"request-queues/{queue}/head", params={"limit": 1000})["items"]
        requests = self.data("GET", f"request-queues/{queue}/requests")["items"]
        return [request["uniqueKey"] for request in head], {request["uniqueKey"]: request for request in requests}

    def order(self, queue: str) -> list[str]:
        """Return the ids of all pending requests in order."""
        ids: list[str] = self.http.get(f"/greenroom/request-queues/{queue}/order").raise_for_status().json()["data"]
        return ids

    def run(self) -> Run:
        return asyncio.run_coroutine_threadsafe(self.api.start(), self.loop).result(10)


def record_path(store: str, key: str) -> str:
    return f"/v2/key-value-stores/{store}/records/{key.replace('.', '%2E')}"


class _ThreadedServer(uvicorn.Server):
    """Serves an Api, which it opens and closes in its own event loop."""

    def __init__(self, api: Api) -> None:
        # The virtual clock of an Api needs asyncio's own event loop.
        options: Json = {"interface": "asgi3", "lifespan": "on", "loop": "asyncio"}
        options |= {"log_level": "warning", "timeout_graceful_shutdown": 1}
        super().__init__(uvicorn.Config(self._handle, **options))
        self._api = api
        self.loop: asyncio.AbstractEventLoop | None = None

    async def _handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await self._api.app(scope, receive, send)
            return
        await receive()
        self.loop = asyncio.get_running_loop()
        await self._api.open()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._api.close()
        await send({"type": "lifespan.shutdown.complete"})


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Serving]:
    data_dir = tmp_path / "data"
    data_dir.mkdir()
    # asyncio sends small responses without delay (TCP_NODELAY) only on sockets that name their protocol.
    listening = socket.socket(proto=socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    api = Api(data_dir, port=port)
    server = _ThreadedServer(api)
    thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        thread.join(0.01)
    write_server_file(data_dir, port, os.getpid(), CONTROL_TOKEN)
    assert server.loop is not None
    headers = {"Authorization": f"Bearer {CONTROL_TOKEN}", "Accept-Encoding": "identity"}
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, trust_env=False, verify=False) as http:
        yield Serving(api, server.loop, data_dir, http)
    server.should_exit = True
    thread.join()


@pytest.fixture
def greenroom(cli: CliRunner, serving: Serving) -> Callable[..., Any]:
    def call(*arguments: object) -> Any:
        return cli.invoke(app, ["storage", *map(str, arguments), "--data-dir", str(serving.data_dir)])

    return call


@pytest.fixture
def project(tmp_path: Path) -> Path:
    path = tmp_path / "my_crawler"
    path.mkdir()
    return path
