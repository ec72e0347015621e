"""An API client for tests and benchmarks: one call for each thing that users do with Actors and runs."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import httpx

from testing.source_files import source_files

SAMPLES = Path(__file__).parent.parent / "sample_actors"
TOKEN = "any-token"
PATIENCE_SECS = 60

Json = dict[str, Any]


class ApiClient:
    """Raises an AssertionError with the response's text if a request fails."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.http = httpx.Client(
            base_url=url, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=120, trust_env=False, verify=False
        )

    def data(self, method: str, path: str, **request: Any) -> Any:
        """Send a request and return the `data` of its response."""
        response = self.http.request(method, f"/v2/{path}", **request)
        assert response.is_success, f"{method} {path}: {response.status_code} {response.text}"
        return response.json()["data"]

    def text(self, path: str) -> str:
        return self.http.get(f"/v2/{path}").raise_for_status().text

    def items(self, run: Json) -> list[Json]:
        items: list[Json] = self.http.get(f"/v2/datasets/{run['defaultDatasetId']}/items").raise_for_status().json()
        return items

    def sample(self, name: str) -> str:
        """Return the id of a sample Actor. It is created and built if it does not exist."""
        response = self.http.get(f"/v2/actors/me~{name.replace('_', '-')}")
        if response.is_success:
            return str(response.json()["data"]["id"])
        return self.actor(name.replace("_", "-"), source_files(SAMPLES / name))

    def actor(self, name: str, files: list[Json], env_vars: Sequence[Json] = ()) -> str:
        """Create an Actor from these files, build it and return its id."""
        version = {"versionNumber": "0.0", "sourceType": "SOURCE_FILES", "sourceFiles": files, "envVars": env_vars}
        actor = self.data("POST", "actors", json={"name": name, "versions": [version]})
        build = self.data("POST", f"actors/{actor['id']}/builds", params={"version": "0.0"})
        build = self.wait(f"actor-builds/{build['id']}")
        assert build["status"] == "SUCCEEDED", self.text(f"logs/{build['id']}")
        return str(actor["id"])

    def run(self, actor: str, input: Any = None, **params: Any) -> Json:
        """Start a run and return its record."""
        body = {} if input is None else {"json": input}
        run: Json = self.data("POST", f"actors/{actor}/runs", params=params, **body)
        return run

    def finished_run(self, actor: str, input: Any = None, **params: Any) -> Json:
        return self.wait(f"actor-runs/{self.run(actor, input, **params)['id']}")

    def wait(self, path: str) -> Json:
        """Wait until a run or build has ended, and return its record."""
        while True:
            job: Json = self.data("GET", path, params={"waitForFinish": 60})
            if job["finishedAt"] is not None:
                return job

    def until(self, path: str, holds: Callable[[Json], object]) -> Json:
        """Poll a record until `holds` returns something true for it, and return the record."""
        deadline = time.monotonic() + PATIENCE_SECS
        while True:
            record: Json = self.data("GET", path)
            if holds(record):
                return record
            assert time.monotonic() < deadline, record
            time.sleep(0.05)
