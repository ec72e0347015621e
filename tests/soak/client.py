"""A client that asks again while the server is away, and knows when it cannot tell whether it was heard."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import httpx

from testing.api_client import TOKEN, Json

PATIENCE_SECS = 120
PAUSE_SECS = 0.1


@dataclass(frozen=True)
class Answer:
    """`unsure` counts the times that the connection broke after it was made: each of them may have been heard."""

    response: httpx.Response
    unsure: int

    @property
    def data(self) -> Any:
        return self.response.json()["data"]


class Client:
    def __init__(self, url: str) -> None:
        self._http = httpx.Client(
            base_url=url,
            headers={"Authorization": f"Bearer {TOKEN}"},
            timeout=PATIENCE_SECS,
            trust_env=False,
            limits=httpx.Limits(max_keepalive_connections=0),
        )

    def close(self) -> None:
        self._http.close()

    def ask(self, method: str, path: str, **request: Any) -> Answer:
        """The answer, whatever it is. Raises httpx.TransportError where the server stays away."""
        deadline, unsure = time.monotonic() + PATIENCE_SECS, 0
        while True:
            try:
                return Answer(self._http.request(method, path, **request), unsure)
            except httpx.TransportError as problem:
                unsure += not isinstance(problem, httpx.ConnectError)
                if time.monotonic() > deadline:
                    raise
                time.sleep(PAUSE_SECS)

    def start(self, actor: str, input: Json, **params: Any) -> Json:
        """Start a run, just one: where the connection broke, look whether there is one with this input."""
        while True:
            try:
                answer = self._http.post(f"/v2/acts/{actor}/runs", params=params, json=input)
            except httpx.TransportError as problem:
                found = None if isinstance(problem, httpx.ConnectError) else self._started(actor, input)
                if found is not None:
                    return found
                time.sleep(PAUSE_SECS)
                continue
            assert answer.status_code == 201, answer.text
            run: Json = answer.json()["data"]
            return run

    def _started(self, actor: str, input: Json) -> Json | None:
        runs: list[Json] = self.get(f"acts/{actor}/runs", desc=1)["items"]
        return next((run for run in runs if self.record(run, "INPUT") == input), None)

    def get(self, path: str, **params: Any) -> Any:
        answer = self.ask("GET", f"/v2/{path}", params=params)
        assert answer.response.is_success, f"GET {path}: {answer.response.text}"
        return answer.data

    def order(self, path: str, **request: Any) -> int:
        """Order what must not be refused, unless it may have been carried out before; how often it may have been."""
        answer = self.ask("POST", path, **request)
        assert answer.response.is_success or answer.unsure, f"POST {path}: {answer.response.text}"
        return answer.unsure

    def record(self, run: Json, key: str) -> Any:
        """A record of a run's store; None where there is none."""
        answer = self.ask("GET", f"/v2/key-value-stores/{run['defaultKeyValueStoreId']}/records/{key}")
        return answer.response.json() if answer.response.is_success else None

    def log(self, run: Json) -> str:
        return self.ask("GET", f"/v2/logs/{run['id']}").response.text

    def items(self, run: Json) -> list[Json]:
        found: list[Json] = self.ask("GET", f"/v2/datasets/{run['defaultDatasetId']}/items").response.json()
        return found

    def ended(self, run: Json) -> Json:
        """The run when it has ended."""
        while True:
            now: Json = self.get(f"actor-runs/{run['id']}", waitForFinish=10)
            if now["finishedAt"] is not None:
                return now

    def until_ready(self, run: Json) -> None:
        """Return when the Actor has done its work and is about to do what its input says."""
        while "Z ready in life" not in self.log(run):
            now = self.get(f"actor-runs/{run['id']}")
            assert now["finishedAt"] is None, (now["status"], now["statusMessage"])
            time.sleep(PAUSE_SECS)
