"""The complete application on a scripted engine and virtual time, called without a network."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
from starlette.types import Message

from api.app import App
from api.response.local_controls import EngineInfo, ServerInfo
from runtime.base.records import Run
from runtime.doctor import Check, ok
from runtime.doctor.examination import Examination
from tests.fakes.stage import Stage

BASE = "http://localhost:3333"
CONTROL_TOKEN = "control-token"
Json = dict[str, Any]
INFO = ServerInfo(
    version="1",
    api_url=BASE,
    data_dir="/data",
    engine=EngineInfo(
        version="28.0.0",
        api_version="1.48",
        cgroup_version="2",
        storage_driver="overlay2",
        operating_system="Linux",
        disk="polled",
        disk_note="",
        quota_counts_image=False,
        reads_cgroups=True,
        network="greenroom",
        gateway="172.18.0.1",
        reaches_containers=True,
        memory_bytes=8 * 2**30,
        cpus=2,
    ),
    enforced=("memory: hard, no swap",),
    live_runs=0,
    started_at="2026-01-01T00:00:00.000Z",
)


class Api(Stage):
    """A stage with the HTTP API in front of it. Unless a test passes another token, `call` uses the token `ann`."""

    def __init__(self, data_dir: Path, **settings: Any) -> None:
        super().__init__(data_dir, **settings)
        self.stop_requests: list[bool | None] = []
        self.checks = [ok("engine", "Docker 28")]
        self.console_build = data_dir / "console" / "dist"

    async def open(self) -> None:
        await super().open()
        self.examination = Examination(self._examine, self.clock)
        self.app = App(
            self.orchestrator,
            CONTROL_TOKEN,
            lambda: INFO,
            self._shut_down,
            self.examination,
            console_build=self.console_build,
        )
        transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=False)
        self.client = httpx.AsyncClient(transport=transport, base_url=f"http://localhost:{self.settings.port}")

    async def close(self, *, stop_runs: bool = False) -> int:
        await self.client.aclose()
        await self.examination.close()
        return await super().close(stop_runs=stop_runs)

    async def _examine(self) -> AsyncIterator[Check]:
        for check in self.checks:
            yield check
            await self.clock.sleep(1)

    def _shut_down(self, stop_runs: bool | None) -> int:
        self.stop_requests.append(stop_runs)
        return len(self.orchestrator.live_runs.live_run_ids)

    async def call(
        self,
        method: str,
        path: str,
        *,
        token: str | None = "ann",
        headers: dict[str, str] | None = None,
        json: Any = None,
        content: Any = None,
    ) -> httpx.Response:
        defaults = {"Accept-Encoding": "identity", **({"Authorization": f"Bearer {token}"} if token else {})}
        body = {"json": json} if json is not None else {"content": content}
        return await self.client.request(method, path, headers={**defaults, **(headers or {})}, **body)

    async def data(self, method: str, path: str, **request: Any) -> Any:
        """Send a request that must succeed, and return the `data` of its response."""
        response = await self.call(method, path, **request)
        assert response.is_success, response.text
        return response.json()["data"]

    async def start_call(self, method: str, path: str, **request: Any) -> asyncio.Task[httpx.Response]:
        """Start a request, and return when all tasks wait for time to pass. The response may still be pending."""
        call = asyncio.create_task(self.call(method, path, **request))
        await self.clock.settle()
        return call

    async def post_in_one_message(self, path: str, body: bytes, headers: dict[str, str]) -> int:
        """POST a body in a single ASGI message, as servers pass small bodies. Returns the status."""
        sent: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            sent.append(message)

        all_headers = {"host": "localhost:3333", "authorization": "Bearer ann", **headers}
        scope = {
            "type": "http",
            "method": "POST",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "headers": [(name.encode(), value.encode()) for name, value in all_headers.items()],
            "client": ("127.0.0.1", 1),
        }
        await self.app(scope, receive, send)
        return int(sent[0]["status"])


def problem(response: httpx.Response) -> tuple[int, str]:
    """The status and slug of an error response. Its body must be the platform's error object and nothing else."""
    body = response.json()
    assert body.keys() == {"error"} and body["error"].keys() <= {"type", "message", "data"}, body
    assert isinstance(body["error"]["message"], str) and body["error"]["message"]
    assert response.headers["content-type"] == "application/json; charset=utf-8"
    return response.status_code, body["error"]["type"]


async def started_by(api: Api, run: Run, name: str) -> Run:
    """A run of another Actor, started with a run's token."""
    actor = await api.create_actor(name)
    shown = await api.data("POST", f"/v2/actors/{actor.id}/runs", token=run.token)
    await api.clock.settle()
    return api.orchestrator.runs.get(shown["id"])


async def no_checks() -> AsyncIterator[Check]:
    """The checks of a doctor that no test starts."""
    for check in list[Check]():
        yield check
