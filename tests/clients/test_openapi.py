"""The status, content type and shape of a real server's responses, compared with Apify's OpenAPI document.

GREENROOM_OPENAPI is the path of the document. `pytest -s` prints the table of all operations.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute

from api.app import ROUTERS
from testing.api_client import SAMPLES
from testing.live_server import LiveServer
from testing.source_files import source_files
from tests.clients.live_world import LiveWorld
from tests.clients.openapi_schedules import schedules
from tests.openapi import DEVIATIONS, DOCUMENT, NO_DOCUMENT, Call, Contract
from tests.operations import call_all, check_all

pytestmark = [pytest.mark.docker, pytest.mark.skipif(not DOCUMENT, reason=NO_DOCUMENT)]

TOO_LONG = 10 * 2**20
UNKNOWN = "noSuchThingHere12"
SOURCES_ELSEWHERE = (
    {"sourceType": "TARBALL", "tarballUrl": "https://example.com/a.zip"},
    {"sourceType": "GIT_REPO", "gitRepoUrl": "https://example.com/a.git#main:folder"},
    {"sourceType": "GITHUB_GIST", "gitHubGistUrl": "https://gist.github.com/1.git"},
)
PARAMETERS = {
    "actors": "actorId",
    "actor-runs": "runId",
    "actor-builds": "buildId",
    "logs": "buildOrRunId",
    "datasets": "datasetId",
    "key-value-stores": "storeId",
    "request-queues": "queueId",
    "users": "userId",
    "webhooks": "webhookId",
    "webhook-dispatches": "dispatchId",
    "schedules": "scheduleId",
}
"""The word in the path, and the parameter with the id after it."""


@dataclass
class Walk:
    """Calls operations by their paths in the document and records the responses. `at` has the path parameters."""

    http: httpx.Client
    at: dict[str, str]
    calls: list[Call] = field(default_factory=list)

    def __call__(self, method: str, template: str, **request: Any) -> Any:
        """Call an operation. Return the `data` of a JSON response, another JSON body, or None."""
        response = self.http.request(method, template.format(**self.at), **request)
        self.calls.append(Call(method, template, response))
        is_json = response.headers.get("content-type", "").startswith("application/json") and response.content
        body = response.json() if is_json else None
        return body.get("data") if isinstance(body, dict) else body

    def until_finished(self, template: str) -> Any:
        while (job := self("GET", template, params={"waitForFinish": 60}))["finishedAt"] is None:
            pass
        return job


@pytest.fixture(scope="module")
def contract() -> Contract:
    return Contract(Path(DOCUMENT))


@pytest.fixture(scope="module")
def fresh_server(engine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server without objects of other tests, which the calls would list or change."""
    live = LiveServer(tmp_path_factory.mktemp("openapi"))
    live.start()
    yield live
    live.close()


@pytest.fixture(scope="module")
def operations(fresh_server: LiveServer, contract: Contract) -> list[Call]:
    """One successful call of each operation of the document."""

    async def call() -> list[Call]:
        async with LiveWorld(fresh_server.url) as world:
            return await call_all(world, contract.operations())

    return asyncio.run(call())


@pytest.fixture(scope="module")
def others(fresh_server: LiveServer) -> list[Call]:
    """Calls with other results: objects in other states, objects that exist already, errors, undocumented methods."""
    walk = Walk(fresh_server.http, {"userId": "local"})
    users_and_tools(walk)
    actors(walk)
    env_vars(walk)
    builds(walk)
    runs(walk)
    tasks(walk)
    schedules(walk)
    storages(walk)
    webhooks(walk)
    rejected_requests(walk)
    return walk.calls


def users_and_tools(walk: Walk) -> None:
    walk("PUT", "/v2/users/me/limits", json={"maxMonthlyUsageUsd": 100, "dataRetentionDays": 7})
    walk("PUT", "/v2/users/me/limits", json={"dataRetentionDays": 0})
    walk("GET", "/v2/users/me/usage/monthly", params={"date": "tomorrow"})
    walk("GET", "/v2/browser-info", params={"rawHeaders": 1})
    walk("POST", "/v2/tools/decode-and-verify", json={"encoded": "altered"})


def actors(walk: Walk) -> None:
    version = {"versionNumber": "0.0", "sourceType": "SOURCE_FILES", "sourceFiles": source_files(SAMPLES / "hello")}
    actor = walk("POST", "/v2/actors", json={"name": "walked", "versions": [version]})
    walk.at |= {"actorId": actor["id"], "versionNumber": "0.0"}
    walk("GET", "/v2/actors", params={"my": 1})
    walk("GET", "/v2/actors/{actorId}")
    for number, source in enumerate(SOURCES_ELSEWHERE, 1):
        walk("POST", "/v2/actors/{actorId}/versions", json={"versionNumber": f"0.{number}", **source})
    walk("GET", "/v2/actors/{actorId}/versions")
    walk("PUT", "/v2/actors/{actorId}", json={"isPublic": True, "title": "Walked", "categories": ["AI"]})


def env_vars(walk: Walk) -> None:
    listed = "/v2/actors/{actorId}/versions/{versionNumber}/env-vars"
    walk.at["envVarName"] = walk("POST", listed, json={"name": "WALKED", "value": "x"})["name"]
    walk("POST", listed, json={"name": "WALKED", "value": "x"})
    walk("POST", listed + "/{envVarName}", json={"name": "OTHER", "value": "y"})
    walk("DELETE", listed + "/{envVarName}")
    walk("GET", listed + "/{envVarName}")


def builds(walk: Walk) -> None:
    walk.at["buildId"] = walk("POST", "/v2/actors/{actorId}/builds", params={"version": "0.0", "tag": "extra"})["id"]
    walk("POST", "/v2/actor-builds/{buildId}/abort")
    walk.until_finished("/v2/actor-builds/{buildId}")
    walk("POST", "/v2/actors/{actorId}/builds/{buildId}/abort")
    walk.at["buildId"] = walk("POST", "/v2/actors/{actorId}/builds", params={"version": "0.0"})["id"]
    walk.at["buildOrRunId"] = walk.at["buildId"]
    built = walk.until_finished("/v2/actor-builds/{buildId}")
    assert built["status"] == "SUCCEEDED", walk.http.get(f"/v2/logs/{built['id']}").text
    walk("GET", "/v2/actors/{actorId}/builds")
    walk("GET", "/v2/logs/{buildOrRunId}")


def runs(walk: Walk) -> None:
    run = "/v2/actor-runs/{runId}"
    walk.at["runId"] = walk("POST", "/v2/actors/{actorId}/runs", params={"waitForFinish": 60})["id"]
    assert walk.until_finished(run)["status"] == "SUCCEEDED"
    walk("GET", "/v2/actors/{actorId}/runs/last")
    walk("GET", "/v2/actors/{actorId}/runs/last/log")
    walk.at["runId"] = walk("POST", "/v2/actors/{actorId}/runs", json={"sleepSecs": 600})["id"]
    walk("POST", run + "/abort")
    walk.until_finished(run)
    walk("POST", run + "/resurrect")
    walk("POST", run + "/abort", params={"gracefully": 1})
    walk("POST", run + "/abort")
    walk.until_finished(run)
    walk("POST", "/v2/actors/{actorId}/runs/{runId}/abort")
    walk("GET", "/v2/actors/{actorId}/runs")


def tasks(walk: Walk) -> None:
    options = {"memoryMbytes": 256, "timeoutSecs": 60}
    fields = {"actId": walk.at["actorId"], "name": "walked", "options": options, "input": {"sleepSecs": 0}}
    walk.at["actorTaskId"] = walk("POST", "/v2/actor-tasks", json=fields)["id"]
    walk("GET", "/v2/actor-tasks/{actorTaskId}")
    walk("POST", "/v2/actor-tasks/{actorTaskId}/runs", params={"waitForFinish": 60})


def storages(walk: Walk) -> None:
    for kind in ("datasets", "key-value-stores", "request-queues"):
        walk.at[PARAMETERS[kind]] = walk("POST", f"/v2/{kind}", params={"name": "walked"})["id"]
        walk("POST", f"/v2/{kind}", params={"name": "walked"})
        walk("POST", f"/v2/{kind}")
        walk("GET", f"/v2/{kind}", params={"unnamed": 1})


def webhooks(walk: Walk) -> None:
    hook = {"eventTypes": ["ACTOR.RUN.ABORTED"], "requestUrl": "http://127.0.0.1:9/", "doNotRetry": True}
    for of in ("actors/{actorId}", "actor-tasks/{actorTaskId}"):
        walk("POST", f"/v2/{of}/webhooks", json=hook)
        walk("GET", f"/v2/{of}/webhooks")


def rejected_requests(walk: Walk) -> None:
    """Cause one error of each status that the document has for invalid requests."""
    walk("POST", "/v2/actors/{actorId}/runs", params={"build": "no-such-tag"})
    walk("POST", "/v2/actors/{actorId}/runs", content=b"x" * TOO_LONG)
    walk("POST", "/v2/actors/{actorId}/runs", content=b"x", headers={"Content-Encoding": "compress"})
    walk("POST", "/v2/webhooks", json={"eventTypes": ["ACTOR.RUN.DREAMT"]})
    walk("POST", "/v2/datasets/{datasetId}/items", json="neither an object nor an array")
    walk.at["recordKey"] = "no key"
    walk("PUT", "/v2/key-value-stores/{storeId}/records/{recordKey}", json={})
    walk("PATCH", "/v2/actors/{actorId}")
    walk("POST", "/v2/actors/{actorId}/runs", headers={"Authorization": ""})
    walk("GET", "/v2/users/me", headers={"Authorization": ""})
    walk.at = dict.fromkeys(PARAMETERS.values(), UNKNOWN)
    walk("POST", "/v2/actors/{actorId}/runs")
    for kind, parameter in PARAMETERS.items():
        walk("GET", f"/v2/{kind}/{{{parameter}}}")


def test_every_operation_returns_a_valid_response(operations: list[Call], contract: Contract) -> None:
    check_all(operations, contract)


def test_other_results_are_as_documented(others: list[Call], contract: Contract) -> None:
    problems = [line for call in others for line in contract.problems(call)]
    unexpected = [line for line in problems if not line.startswith(tuple(DEVIATIONS))]
    assert not unexpected, "\n" + "\n".join(unexpected)


def test_every_deviation_still_occurs(operations: list[Call], others: list[Call], contract: Contract) -> None:
    problems = [line for call in [*operations, *others] for line in contract.problems(call)]
    assert not [start for start in DEVIATIONS if not any(line.startswith(start) for line in problems)]


def test_every_route_is_called(operations: list[Call], others: list[Call]) -> None:
    """Every route of the API is called, also if it is not documented, because its response would not be validated."""
    served = {
        f"{method} {_nameless(route.path)}"
        for router in ROUTERS
        for route in router.routes
        if isinstance(route, APIRoute) and route.path.startswith("/v2/")
        for method in route.methods or ()
    }
    assert served - {f"{call.method} {_nameless(call.template)}" for call in [*operations, *others]} == set()


def _nameless(path: str) -> str:
    return re.sub(r"\{[^}]*\}", "{}", path)
