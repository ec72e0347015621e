"""The whole application over a scripted engine in virtual time, called without a network."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
from starlette.types import Message

from api.app import App
from tests.fakes.stage import Stage

BASE = "http://localhost:3333"
CONTROL_TOKEN = "control-token"
Json = dict[str, Any]


class Api(Stage):
    """A stage with the HTTP API before it; `call` is a client whose token is `ann`."""

    def __init__(self, data_dir: Path, **settings: Any) -> None:
        super().__init__(data_dir, **settings)
        self.told_to_stop: list[bool | None] = []

    async def open(self) -> None:
        await super().open()
        self.app = App(self.orchestrator, CONTROL_TOKEN, lambda: {"version": "1"}, self._shut_down)
        transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=False)
        self._client = httpx.AsyncClient(transport=transport, base_url=BASE)

    async def close(self, *, stop_runs: bool = False) -> int:
        await self._client.aclose()
        await self.app.close()
        return await super().close(stop_runs=stop_runs)

    def _shut_down(self, stop_runs: bool | None) -> int:
        self.told_to_stop.append(stop_runs)
        return len(self.orchestrator.supervisors.live_run_ids)

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
        given = {"Accept-Encoding": "identity", **({"Authorization": f"Bearer {token}"} if token else {})}
        body = {"json": json} if json is not None else {"content": content}
        return await self._client.request(method, path, headers={**given, **(headers or {})}, **body)

    async def data(self, method: str, path: str, **given: Any) -> Any:
        """What is in the envelope of an answer that succeeded."""
        answer = await self.call(method, path, **given)
        assert answer.is_success, answer.text
        return answer.json()["data"]

    async def calling(self, method: str, path: str, **given: Any) -> asyncio.Task[httpx.Response]:
        """A call that has come as far as it comes by itself."""
        call = asyncio.create_task(self.call(method, path, **given))
        await self.clock.settle()
        return call

    async def in_one_message(self, path: str, body: bytes, headers: dict[str, str]) -> int:
        """POST a body as servers hand over small ones: in one message that is the last. Returns the status."""
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


def problem(answer: httpx.Response) -> tuple[int, str]:
    """The status and slug of an error; its body is the platform's error object and nothing else."""
    body = answer.json()
    assert body.keys() == {"error"} and body["error"].keys() <= {"type", "message", "data"}, body
    assert isinstance(body["error"]["message"], str) and body["error"]["message"]
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    return answer.status_code, body["error"]["type"]
