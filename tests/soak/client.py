"""A client that retries while the server is down, and counts requests that may have been processed more than once."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import httpx

from testing.api_client import TOKEN, Json

PATIENCE_SECS = 120
PAUSE_SECS = 0.1


@dataclass(frozen=True)
class Outcome:
    """A response. `unsure` counts the attempts whose connection broke: the server may have processed each of them."""

    response: httpx.Response
    unsure: int

    @property
    def data(self) -> Any:
        return self.response.json()["data"]


class Client:
    """An API client that opens a connection for each request, so that it notices when the server restarts."""

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

    def request(self, method: str, path: str, **options: Any) -> Outcome:
        """Send a request until there is a response, of any status. Raises httpx.TransportError after PATIENCE_SECS."""
        deadline, unsure = time.monotonic() + PATIENCE_SECS, 0
        while True:
            try:
                return Outcome(self._http.request(method, path, **options), unsure)
            except httpx.TransportError as problem:
                unsure += not isinstance(problem, httpx.ConnectError)
                if time.monotonic() > deadline:
                    raise
                time.sleep(PAUSE_SECS)

    def start(self, actor: str, input: Json, **params: Any) -> Json:
        """Start exactly one run: if the connection breaks, check whether a run with this input exists."""
        while True:
            try:
                response = self._http.post(f"/v2/acts/{actor}/runs", params=params, json=input)
            except httpx.TransportError as problem:
                found = None if isinstance(problem, httpx.ConnectError) else self._started(actor, input)
                if found is not None:
                    return found
                time.sleep(PAUSE_SECS)
                continue
            assert response.status_code == 201, response.text
            run: Json = response.json()["data"]
            return run

    def _started(self, actor: str, input: Json) -> Json | None:
        runs: list[Json] = self.get(f"acts/{actor}/runs", desc=1)["items"]
        return next((run for run in runs if self.record(run, "INPUT") == input), None)

    def get(self, path: str, **params: Any) -> Any:
        outcome = self.request("GET", f"/v2/{path}", params=params)
        assert outcome.response.is_success, f"GET {path}: {outcome.response.text}"
        return outcome.data

    def order(self, path: str, **request: Any) -> int:
        """Send an order and return how many earlier attempts the server may have processed.

        The order must succeed, unless an earlier attempt may have been processed.
        """
        outcome = self.request("POST", path, **request)
        assert outcome.response.is_success or outcome.unsure, f"POST {path}: {outcome.response.text}"
        return outcome.unsure

    def record(self, run: Json, key: str) -> Any:
        """Return a record of a run's default key-value store, or None if it does not exist."""
        outcome = self.request("GET", f"/v2/key-value-stores/{run['defaultKeyValueStoreId']}/records/{key}")
        return outcome.response.json() if outcome.response.is_success else None

    def log(self, run: Json) -> str:
        return self.request("GET", f"/v2/logs/{run['id']}").response.text

    def items(self, run: Json) -> list[Json]:
        found: list[Json] = self.request("GET", f"/v2/datasets/{run['defaultDatasetId']}/items").response.json()
        return found

    def ended(self, run: Json) -> Json:
        """Wait until the run has ended, and return it."""
        while True:
            now: Json = self.get(f"actor-runs/{run['id']}", waitForFinish=10)
            if now["finishedAt"] is not None:
                return now

    def until_ready(self, run: Json) -> None:
        """Wait until the Actor has done its work and is about to do what its input requests."""
        while "Z ready in life" not in self.log(run):
            now = self.get(f"actor-runs/{run['id']}")
            assert now["finishedAt"] is None, (now["status"], now["statusMessage"])
            time.sleep(PAUSE_SECS)
