"""The status, content type and shape of a live server's responses, compared with Apify's OpenAPI document.

GREENROOM_OPENAPI is the path of the document.
"""

from __future__ import annotations

import json
import re
import time
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
from tests.clients.openapi_schedules import schedules
from tests.clients.user_calls import tools, users
from tests.openapi import DEVIATIONS, DOCUMENT, NO_DOCUMENT, Call, Contract

pytestmark = [pytest.mark.docker, pytest.mark.skipif(not DOCUMENT, reason=NO_DOCUMENT)]

TOO_LONG = 10 * 2**20
UNKNOWN = "noSuchThingHere12"
SOURCES_ELSEWHERE = (
    {"sourceType": "TARBALL", "tarballUrl": "https://example.com/a.zip"},
    {"sourceType": "GIT_REPO", "gitRepoUrl": "https://example.com/a.git#main:folder"},
    {"sourceType": "GITHUB_GIST", "gitHubGistUrl": "https://gist.github.com/1.git"},
)
Json = dict[str, Any]


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

    def until_started(self, template: str) -> None:
        while self("GET", template)["status"] == "READY":
            time.sleep(0.05)


@pytest.fixture(scope="module")
def contract() -> Contract:
    return Contract(Path(DOCUMENT))


@pytest.fixture(scope="module")
def calls(server: LiveServer) -> list[Call]:
    walk = Walk(server.http, {"userId": "local"})
    users(walk)
    actors(walk)
    runs(walk)
    tasks(walk)
    schedules(walk)
    datasets(walk)
    key_value_stores(walk)
    request_queues(walk)
    webhooks(walk)
    rejected_requests(walk)
    walk("GET", "/v2/users/me/usage/monthly")
    tools(walk)
    deletions(walk)
    return walk.calls


def actors(walk: Walk) -> None:
    version = {"versionNumber": "0.0", "sourceType": "SOURCE_FILES", "sourceFiles": source_files(SAMPLES / "hello")}
    secret = {"name": "SECRET", "value": "hidden", "isSecret": True}
    actor = walk("POST", "/v2/actors", json={"name": "walked", "versions": [{**version, "envVars": [secret]}]})
    walk.at |= {"actorId": actor["id"], "versionNumber": "0.1"}
    walk("GET", "/v2/actors", params={"my": 1})
    events = {"page": {"eventTitle": "Page", "eventDescription": "A page was read", "eventPriceUsd": 0.1}}
    pricing = {"pricingModel": "PAY_PER_EVENT", "pricingPerEvent": {"actorChargeEvents": events}}
    walk("PUT", "/v2/actors/{actorId}", json={"title": "Walked", "pricingInfos": [pricing]})
    walk("POST", "/v2/actors/{actorId}/versions", json={**version, "versionNumber": "0.1"})
    for number, source in enumerate(SOURCES_ELSEWHERE, 2):
        walk("POST", "/v2/actors/{actorId}/versions", json={"versionNumber": f"0.{number}", **source})
    walk("GET", "/v2/actors/{actorId}/versions")
    walk("GET", "/v2/actors/{actorId}/versions/{versionNumber}")
    walk("PUT", "/v2/actors/{actorId}/versions/{versionNumber}", json={"buildTag": "other"})
    walk("POST", "/v2/actors/{actorId}/versions/{versionNumber}", json={"buildTag": "another"})
    env_vars(walk)
    walk("DELETE", "/v2/actors/{actorId}/versions/{versionNumber}")
    builds(walk)
    walk("GET", "/v2/actors/{actorId}")
    walk("PUT", "/v2/actors/{actorId}", json={"isPublic": True, "title": "Walked", "categories": ["AI"]})
    walk("GET", "/v2/store", params={"search": "walked"})


def env_vars(walk: Walk) -> None:
    listed = "/v2/actors/{actorId}/versions/{versionNumber}/env-vars"
    walk.at["envVarName"] = walk("POST", listed, json={"name": "WALKED", "value": "x", "isSecret": True})["name"]
    walk("POST", listed, json={"name": "WALKED", "value": "x"})
    walk("GET", listed)
    walk("GET", listed + "/{envVarName}")
    walk("PUT", listed + "/{envVarName}", json={"value": "y"})
    walk("POST", listed + "/{envVarName}", json={"name": "OTHER", "value": "y"})
    walk("POST", listed + "/{envVarName}", json={"value": "z"})
    walk("DELETE", listed + "/{envVarName}")
    walk("GET", listed + "/{envVarName}")


def builds(walk: Walk) -> None:
    extra = walk("POST", "/v2/actors/{actorId}/builds", params={"version": "0.0", "tag": "extra"})
    walk.at["buildId"] = extra["id"]
    walk("POST", "/v2/actor-builds/{buildId}/abort")
    walk.until_finished("/v2/actor-builds/{buildId}")
    walk("POST", "/v2/actors/{actorId}/builds/{buildId}/abort")
    walk("DELETE", "/v2/actor-builds/{buildId}")
    walk.at["buildId"] = walk("POST", "/v2/actors/{actorId}/builds", params={"version": "0.0"})["id"]
    walk.at["buildOrRunId"] = walk.at["buildId"]
    built = walk.until_finished("/v2/actor-builds/{buildId}")
    assert built["status"] == "SUCCEEDED", walk.http.get(f"/v2/logs/{built['id']}").text
    walk("GET", "/v2/actor-builds")
    walk("GET", "/v2/actors/{actorId}/builds")
    walk("GET", "/v2/actors/{actorId}/builds/default")
    walk("GET", "/v2/actors/{actorId}/builds/{buildId}")
    walk("GET", "/v2/actors/{actorId}/builds/{buildId}/openapi.json")
    walk("GET", "/v2/actor-builds/{buildId}/openapi.json")
    walk("POST", "/v2/actors/{actorId}/validate-input", json={"name": "Ada"})
    walk("GET", "/v2/actor-builds/{buildId}/log")
    walk("GET", "/v2/logs/{buildOrRunId}")


def runs(walk: Walk) -> None:
    walk.at["runId"] = walk("POST", "/v2/actors/{actorId}/runs", json={"sleepSecs": 600})["id"]
    walk("GET", "/v2/actor-runs/{runId}")
    walk("PUT", "/v2/actor-runs/{runId}", json={"statusMessage": "walking"})
    walk.until_started("/v2/actor-runs/{runId}")
    walk("POST", "/v2/actor-runs/{runId}/reboot")
    target = {"targetActorId": walk.at["actorId"]}
    walk("POST", "/v2/actor-runs/{runId}/metamorph", params=target, json={"sleepSecs": 600})
    walk("POST", "/v2/actor-runs/{runId}/charge", json={"eventName": "page", "count": 1})
    walk("POST", "/v2/actor-runs/{runId}/abort")
    walk.until_finished("/v2/actor-runs/{runId}")
    walk("POST", "/v2/actor-runs/{runId}/resurrect")
    walk("POST", "/v2/actor-runs/{runId}/abort", params={"gracefully": 1})
    walk("POST", "/v2/actor-runs/{runId}/abort")
    walk.until_finished("/v2/actor-runs/{runId}")
    walk("POST", "/v2/actors/{actorId}/runs/{runId}/abort")
    walk("DELETE", "/v2/actor-runs/{runId}")
    for method in ("GET", "POST"):
        walk(method, "/v2/actors/{actorId}/run-sync")
        walk(method, "/v2/actors/{actorId}/run-sync-get-dataset-items")
    walk.at["runId"] = walk("POST", "/v2/actors/{actorId}/runs", params={"waitForFinish": 60})["id"]
    assert walk.until_finished("/v2/actor-runs/{runId}")["status"] == "SUCCEEDED"
    walk("GET", "/v2/actor-runs")
    walk("GET", "/v2/actors/{actorId}/runs")
    walk("GET", "/v2/actors/{actorId}/runs/{runId}")
    for run in ("/v2/actor-runs/{runId}", "/v2/actors/{actorId}/runs/last"):
        walk("GET", run + "/log")
        walk("GET", run + "/dataset")
        walk("GET", run + "/dataset/items")
        walk("GET", run + "/key-value-store")
        walk("GET", run + "/key-value-store/keys")
        walk("GET", run + "/request-queue")
        walk("GET", run + "/request-queue/head")
    walk("GET", "/v2/actors/{actorId}/runs/last")


def tasks(walk: Walk) -> None:
    options = {"memoryMbytes": 256, "timeoutSecs": 60}
    fields = {"actId": walk.at["actorId"], "name": "walked", "options": options, "input": {"sleepSecs": 0}}
    walk.at["actorTaskId"] = walk("POST", "/v2/actor-tasks", json=fields)["id"]
    task = "/v2/actor-tasks/{actorTaskId}"
    walk("GET", "/v2/actor-tasks")
    walk("GET", task)
    walk("PUT", task, json={"title": "Walked"})
    walk("PUT", task + "/input", json={"sleepSecs": 0})
    walk("GET", task + "/input")
    walk("POST", task + "/runs", params={"waitForFinish": 60})
    walk("GET", task + "/runs")
    for method in ("GET", "POST"):
        walk(method, task + "/run-sync")
        walk(method, task + "/run-sync-get-dataset-items")
    walk("GET", task + "/runs/last")
    walk("GET", task + "/runs/last/log")
    hook = {"eventTypes": ["ACTOR.RUN.ABORTED"], "requestUrl": "http://127.0.0.1:9/"}
    walk("POST", task + "/webhooks", json=hook)
    walk("GET", task + "/webhooks")


def datasets(walk: Walk) -> None:
    walk.at["datasetId"] = walk("POST", "/v2/datasets", params={"name": "walked"})["id"]
    walk("POST", "/v2/datasets", params={"name": "walked"})
    walk("POST", "/v2/datasets")
    walk("GET", "/v2/datasets", params={"unnamed": 1})
    walk("GET", "/v2/datasets/{datasetId}")
    walk("PUT", "/v2/datasets/{datasetId}", json={"title": "Walked"})
    walk("POST", "/v2/datasets/{datasetId}/items", json=[{"a": 1}, {"a": 2}])
    walk("GET", "/v2/datasets/{datasetId}/items")
    walk("HEAD", "/v2/datasets/{datasetId}/items")
    walk("GET", "/v2/datasets/{datasetId}/statistics")


def key_value_stores(walk: Walk) -> None:
    store = "/v2/key-value-stores/{storeId}"
    walk.at |= {"recordKey": "a-key", "storeId": walk("POST", "/v2/key-value-stores", params={"name": "walked"})["id"]}
    walk("POST", "/v2/key-value-stores", params={"name": "walked"})
    walk("GET", "/v2/key-value-stores")
    walk("GET", store)
    walk("PUT", store, json={"title": "Walked"})
    walk("PUT", store + "/records/{recordKey}", json={"a": 1})
    walk("POST", store + "/records/{recordKey}", json={"a": 2})
    walk("GET", store + "/records/{recordKey}")
    walk("HEAD", store + "/records/{recordKey}")
    walk("GET", store + "/keys")
    walk("GET", store + "/records")
    walk("DELETE", store + "/records/{recordKey}")


def request_queues(walk: Walk) -> None:
    queue, drafts = "/v2/request-queues/{queueId}", [draft(number) for number in range(3)]
    walk.at["queueId"] = walk("POST", "/v2/request-queues", params={"name": "walked"})["id"]
    walk("POST", "/v2/request-queues", params={"name": "walked"})
    walk("GET", "/v2/request-queues")
    walk("GET", queue)
    walk("PUT", queue, json={"title": "Walked"})
    walk.at["requestId"] = walk("POST", queue + "/requests", json=drafts[0])["requestId"]
    walk("POST", queue + "/requests/batch", json=drafts)
    walk("GET", queue + "/head")
    walk("POST", queue + "/head/lock", params={"lockSecs": 60})
    walk("GET", queue + "/requests")
    request = walk("GET", queue + "/requests/{requestId}")
    walk("PUT", queue + "/requests/{requestId}/lock", params={"lockSecs": 60})
    walk("DELETE", queue + "/requests/{requestId}/lock")
    walk("POST", queue + "/requests/unlock")
    walk("PUT", queue + "/requests/{requestId}", json={**draft(0), "id": request["id"]})
    walk("DELETE", queue + "/requests/batch", content=json.dumps([{"uniqueKey": "page-2"}]))
    walk("DELETE", queue + "/requests/{requestId}")


def webhooks(walk: Walk) -> None:
    webhook = "/v2/webhooks/{webhookId}"
    body = {"eventTypes": ["ACTOR.RUN.SUCCEEDED"], "requestUrl": "http://127.0.0.1:9/", "doNotRetry": True}
    walk("POST", "/v2/actors/{actorId}/webhooks", json=body)
    walk("GET", "/v2/actors/{actorId}/webhooks")
    created = walk("POST", "/v2/webhooks", json={**body, "condition": {"actorId": walk.at["actorId"]}})
    walk.at["webhookId"] = created["id"]
    walk("GET", "/v2/webhooks")
    walk("GET", webhook)
    walk("PUT", webhook, json={"payloadTemplate": "{{resource}}"})
    walk.at["dispatchId"] = walk("POST", webhook + "/test")["id"]
    while walk("GET", "/v2/webhook-dispatches/{dispatchId}")["status"] == "ACTIVE":
        pass
    walk("GET", "/v2/webhook-dispatches")
    walk("GET", webhook + "/dispatches")
    walk("GET", webhook)


def rejected_requests(walk: Walk) -> None:
    """Cause one error of each status that the document has for invalid requests."""
    known = dict(walk.at)
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
    walk.at |= {name: UNKNOWN for name in known if name.endswith("Id")}
    walk("POST", "/v2/actors/{actorId}/runs")
    for path in ("actors/{actorId}", "actor-runs/{runId}", "actor-builds/{buildId}", "logs/{buildOrRunId}"):
        walk("GET", f"/v2/{path}")
    for path in ("datasets/{datasetId}", "key-value-stores/{storeId}", "request-queues/{queueId}", "users/{userId}"):
        walk("GET", f"/v2/{path}")
    for path in ("webhooks/{webhookId}", "webhook-dispatches/{dispatchId}", "schedules/{scheduleId}"):
        walk("GET", f"/v2/{path}")
    walk.at = known


def deletions(walk: Walk) -> None:
    walk("DELETE", "/v2/datasets/{datasetId}")
    walk("DELETE", "/v2/key-value-stores/{storeId}")
    walk("DELETE", "/v2/request-queues/{queueId}")
    walk("DELETE", "/v2/webhooks/{webhookId}")
    walk("DELETE", "/v2/schedules/{scheduleId}")
    walk("DELETE", "/v2/actor-tasks/{actorTaskId}")
    walk("DELETE", "/v2/actors/{actorId}")


def draft(number: int) -> Json:
    return {"url": f"http://site.test/{number}", "uniqueKey": f"page-{number}", "method": "GET"}


@pytest.mark.parametrize(
    "word",
    [
        "users",
        "actors",
        "actor-tasks",
        "actor-builds",
        "actor-runs",
        "logs",
        "datasets",
        "key-value-stores",
        "request-queues",
        "webhooks",
        "webhook-dispatches",
        "schedules",
        "store",
        "browser-info",
        "tools",
    ],
)
def test_responses_are_as_documented(word: str, calls: list[Call], contract: Contract) -> None:
    calls_of_word = [call for call in calls if call.template.split("/")[2] == word]
    assert calls_of_word
    problems = [line for call in calls_of_word for line in contract.problems(call)]
    unexpected = [line for line in problems if not line.startswith(tuple(DEVIATIONS))]
    assert not unexpected, "\n" + "\n".join(unexpected)


def test_every_deviation_still_occurs(calls: list[Call], contract: Contract) -> None:
    problems = [line for call in calls for line in contract.problems(call)]
    assert not [start for start in DEVIATIONS if not any(line.startswith(start) for line in problems)]


def test_every_operation_is_called(calls: list[Call]) -> None:
    """Every route of the API is called, because otherwise its responses would not be validated."""
    served = {
        f"{method} {_nameless(route.path)}"
        for router in ROUTERS
        for route in router.routes
        if isinstance(route, APIRoute) and route.path.startswith("/v2/")
        for method in route.methods or ()
    }
    assert served - {f"{call.method} {_nameless(call.template)}" for call in calls} == set()


def _nameless(path: str) -> str:
    return re.sub(r"\{[^}]*\}", "{}", path)
