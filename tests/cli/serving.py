"""The application behind a port, with the data directory through which commands find it."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from api.connections.server_options import server_options
from runtime.base.records import Run
from tests.cli.stub import write_server_file
from tests.fakes.api import CONTROL_TOKEN, Api
from tests.listening import LoopInThread, bound_socket, listening_in_thread, loop_in_thread

Json = dict[str, Any]


@dataclass
class Serving:
    """The application, listening on a port, in a thread of its own."""

    api: Api
    thread: LoopInThread
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

    def run(self, actor_name: str | None = None) -> Run:
        """Start a run of a new Actor."""
        return self.thread.run(self._start(actor_name))

    def finish(self, run: Run, exit_code: int = 0) -> Run:
        return self.thread.run(self.api.finish(run, exit_code))

    @contextmanager
    def finishing_runs(self, exit_code: int = 0) -> Iterator[None]:
        """While the block runs, each run that starts in it prints a line and ends with the exit code."""

        async def finish_live() -> None:
            for run in self.api.orchestrator.runs.unfinished():
                if any(container.is_running for container in self.api.engine.containers):
                    self.api.container_of(run).prints("Hello from the run")
                    await self.api.finish(run, exit_code)
                await self.api.clock.settle()

        def watch() -> None:
            while not ended.wait(0.02):
                self.thread.run(finish_live())

        ended = threading.Event()
        watcher = threading.Thread(target=watch)
        watcher.start()
        yield
        ended.set()
        watcher.join()

    async def _start(self, actor_name: str | None) -> Run:
        return await self.api.start(await self.api.create_actor(actor_name) if actor_name else None)


def record_path(store: str, key: str) -> str:
    return f"/v2/key-value-stores/{store}/records/{key.replace('.', '%2E')}"


@contextmanager
def serving_api(data_dir: Path) -> Iterator[Serving]:
    data_dir.mkdir()
    bound = bound_socket()
    port = bound.getsockname()[1]
    api = Api(data_dir, port=port)
    headers = {"Authorization": f"Bearer {CONTROL_TOKEN}", "Accept-Encoding": "identity"}
    with loop_in_thread() as thread:
        thread.run(api.open())
        with (
            listening_in_thread(thread, api.app, bound, **server_options(api.app.web_servers)),
            httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, trust_env=False, verify=False) as http,
        ):
            write_server_file(data_dir, port, os.getpid(), CONTROL_TOKEN)
            yield Serving(api, thread, data_dir, http)
        thread.run(api.close())
