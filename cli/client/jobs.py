"""Builds and runs, including waiting until they finish."""

from __future__ import annotations

import httpx

from cli.client.transport import RESPONSE_SECS, Transport
from runtime.base.json_text import JsonDict

TERMINAL = frozenset({"SUCCEEDED", "FAILED", "TIMED-OUT", "ABORTED"})
MAX_WAIT_SECS = 60
"""The longest time for which the server delays a response until a job finishes."""
REPORT_SECS = 60.0
"""The server reads all samples of the run, which can be from many days."""
MAX_LISTED = 1000
"""The most builds in one response."""
SUMMARIES_PAGE = 250
"""The runs in one response. The server can send up to 1000, but then other requests have to wait longer."""


class BuildsClient:
    """Builds of Actors."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def start(self, actor_id: str, version: str, *, tag: str | None = None, use_cache: bool = True) -> JsonDict:
        """Start a build of a version. Without a tag, it gets the version's own."""
        params = {"version": version, "useCache": int(use_cache), **({"tag": tag} if tag else {})}
        return self._transport.data("POST", f"/v2/actors/{actor_id}/builds", params=params)

    def find(self, build_id: str) -> JsonDict | None:
        return self._transport.find(f"/v2/actor-builds/{build_id}")

    def find_number(self, actor_id: str, number: str) -> JsonDict | None:
        """Return the build of an Actor with this number."""
        params = {"desc": 1, "limit": MAX_LISTED}
        listed = self._transport.data("GET", f"/v2/actors/{actor_id}/builds", params=params)["items"]
        found = next((build for build in listed if build["buildNumber"] == number), None)
        return found and self.find(found["id"])

    def explanation(self, build_id: str) -> JsonDict:
        """Return why a build ended. Raises RecordNotFound."""
        return self._transport.data("GET", f"/greenroom/builds/{build_id}/explanation")

    def abort(self, build_id: str) -> JsonDict:
        """Abort the build and return it in its terminal status."""
        return self._transport.data("POST", f"/v2/actor-builds/{build_id}/abort")

    def wait(self, build_id: str) -> JsonDict:
        """Return the build when it has finished."""
        return _wait(self._transport, f"/v2/actor-builds/{build_id}")


class RunsClient:
    """Runs of Actors."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def find(self, run_id: str) -> JsonDict | None:
        return self._transport.find(f"/v2/actor-runs/{run_id}")

    def summaries(self, limit: int, **params: str) -> JsonDict:
        """Return the newest runs with the names of their Actors as `items`, and the number of all as `total`.

        `params` are those of the local control, such as `status`, `actor`, `idPrefix` and `cursor`.
        """
        response = self._transport.request("GET", "/greenroom/runs", params={**params, "limit": limit})
        page: JsonDict = response.json()
        return page

    def list(self, limit: int, **params: str) -> tuple[list[JsonDict], int]:
        """Return the newest runs, in as many requests as necessary, and the number of all that match."""
        found: list[JsonDict] = []
        while True:
            page = self.summaries(min(limit - len(found), SUMMARIES_PAGE), **params)
            found += page["items"]
            if page["nextCursor"] is None or len(found) >= limit:
                return found, page["total"]
            params["cursor"] = page["nextCursor"]

    def start(self, actor_id: str, params: JsonDict, body: bytes | None) -> JsonDict:
        """Start a run. `body` is its input as JSON, or None for no input."""
        path = f"/v2/actors/{actor_id}/runs"
        return self._transport.data("POST", path, params=params, content=body, headers=_json_headers(body))

    def explanation(self, run_id: str) -> JsonDict:
        """Return why a run ended, or what limits it now. Raises RecordNotFound."""
        return self._transport.data("GET", f"/greenroom/runs/{run_id}/explanation")

    def abort(self, run_id: str, *, gracefully: bool = False) -> JsonDict:
        """Request an abort, and return the run. It may need some time to end."""
        return self._transport.data("POST", f"/v2/actor-runs/{run_id}/abort", params={"gracefully": int(gracefully)})

    def resurrect(self, run_id: str, params: JsonDict) -> JsonDict:
        """Let a finished run continue. `params` are those of the Run Actor endpoint that differ from the run's."""
        return self._transport.data("POST", f"/v2/actor-runs/{run_id}/resurrect", params=params)

    def reboot(self, run_id: str) -> JsonDict:
        return self._transport.data("POST", f"/v2/actor-runs/{run_id}/reboot")

    def migrate(self, run_id: str) -> JsonDict:
        return self._transport.data("POST", f"/greenroom/runs/{run_id}/migrate")

    def metamorph(self, run_id: str, actor_id: str, build: str | None, body: bytes | None) -> JsonDict:
        """Turn the run into a run of another Actor. `body` is the new input as JSON."""
        params = {"targetActorId": actor_id, **({"build": build} if build else {})}
        path = f"/v2/actor-runs/{run_id}/metamorph"
        return self._transport.data("POST", path, params=params, content=body, headers=_json_headers(body))

    def delete(self, run_id: str) -> None:
        """Delete a finished run with its log and its default storages."""
        self._transport.request("DELETE", f"/v2/actor-runs/{run_id}")

    def report(self, run_id: str) -> JsonDict:
        """Return what the run used, and what it would cost."""
        return self._transport.local("GET", f"/greenroom/runs/{run_id}/report", REPORT_SECS)

    def metrics(self, run_id: str, most_points: int) -> JsonDict:
        """Return the curves of the run, with at most about this many points."""
        params = {"maxPoints": most_points}
        return self._transport.local("GET", f"/greenroom/runs/{run_id}/metrics", REPORT_SECS, params=params)

    def wait(self, run_id: str) -> JsonDict:
        """Return the run when it has finished."""
        return _wait(self._transport, f"/v2/actor-runs/{run_id}")

    def wait_at_most(self, run_id: str, secs: int) -> None:
        """Return when the run has finished, or after some seconds."""
        self._transport.data("GET", f"/v2/actor-runs/{run_id}", params={"waitForFinish": secs})


def _json_headers(body: bytes | None) -> dict[str, str]:
    return {} if body is None else {"Content-Type": "application/json; charset=utf-8"}


def _wait(transport: Transport, path: str) -> JsonDict:
    timeout = httpx.Timeout(RESPONSE_SECS, read=MAX_WAIT_SECS + RESPONSE_SECS)
    while True:
        job = transport.data("GET", path, params={"waitForFinish": MAX_WAIT_SECS}, timeout=timeout)
        if job["status"] in TERMINAL:
            return job
