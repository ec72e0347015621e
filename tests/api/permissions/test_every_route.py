"""Every route of the application, called with the token of each kind of run."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute

from api.app import ROUTERS
from runtime.base.records import Actor, PermissionLevel, Run, WebhookCondition, WebhookDraft, WebhookEvent
from tests.fakes.api import Api, problem

LIMITED, FULL = PermissionLevel.LIMITED, PermissionLevel.FULL
ROUTES = sorted(
    f"{method} {route.path}"
    for router in ROUTERS
    for route in router.routes
    if isinstance(route, APIRoute)
    for method in route.methods or ()
)
"""All routes of the application, as `METHOD /path/{parameter}`."""
NEEDS_NO_TOKEN = {
    "GET /greenroom/docs",
    "GET /greenroom/openapi.json",
    "GET /greenroom/platform-openapi.json",
    "GET /greenroom/skill",
    *("POST /greenroom/session", "DELETE /greenroom/session", "GET /greenroom/sign-in"),
    "GET /v2/store",
    *(f"{method} /v2/browser-info" for method in ("GET", "POST", "PUT", "DELETE")),
    "POST /v2/tools/decode-and-verify",
    "GET /v2/users/{user_id}",
    "GET /v2/actor-builds/{build}",
    "GET /v2/actor-builds/{build}/openapi.json",
    "GET /v2/actor-runs/{run}",
    "GET /v2/logs/{job}",
    "GET /greenroom/logs/{job}/lines",
    "GET /greenroom/logs/{job}/search",
}
NEEDS_CONTROL_TOKEN = {
    *("GET /greenroom/info", "GET /greenroom/client-login", "POST /greenroom/shutdown"),
    *("GET /greenroom/prune", "POST /greenroom/prune", "PUT /greenroom/users/{username}"),
    *("POST /greenroom/clock", "POST /greenroom/sign-in-codes"),
    *(f"{method} /greenroom/actors/{{actor}}/dev-folder" for method in ("GET", "PUT", "DELETE")),
    *("POST /greenroom/builds/{build}/source-changes", "GET /greenroom/builds/{build}/debugger"),
    *("POST /greenroom/read-definition", "POST /greenroom/check-start"),
    *("GET /greenroom/proxy/faults", "POST /greenroom/proxy/faults", "DELETE /greenroom/proxy/faults"),
}
NO_CODE = 410
"""The status of the page for a sign-in without a valid code."""
ENDLESS = {"GET /greenroom/events"}
"""A response that ends with the server."""
OPEN = {
    "GET /v2/users/me",
    "GET /v2/actors/{actor}",
    "POST /v2/datasets",
    "POST /v2/key-value-stores",
    "POST /v2/request-queues",
}
"""Routes that a limited run may use even if the records in their paths are not its own."""
READS = (
    "GET /v2/datasets/{id}",
    "GET /v2/datasets/{id}/items",
    "HEAD /v2/datasets/{id}/items",
    "GET /v2/datasets/{id}/statistics",
    "GET /v2/key-value-stores/{id}",
    "GET /v2/key-value-stores/{id}/keys",
    "GET /v2/key-value-stores/{id}/records",
    "GET /v2/key-value-stores/{id}/records/{key:path}",
    "HEAD /v2/key-value-stores/{id}/records/{key:path}",
    "GET /v2/request-queues/{id}",
    "GET /v2/request-queues/{id}/head",
    "GET /v2/request-queues/{id}/requests",
    "GET /v2/request-queues/{id}/requests/{request_id}",
)
WRITES = (
    "POST /v2/datasets/{id}/items",
    "PUT /v2/key-value-stores/{id}/records/{key:path}",
    "POST /v2/key-value-stores/{id}/records/{key:path}",
    "DELETE /v2/key-value-stores/{id}/records/{key:path}",
    "POST /v2/request-queues/{id}/head/lock",
    "POST /v2/request-queues/{id}/requests",
    "POST /v2/request-queues/{id}/requests/batch",
    "DELETE /v2/request-queues/{id}/requests/batch",
    "POST /v2/request-queues/{id}/requests/unlock",
    "PUT /v2/request-queues/{id}/requests/{request_id}",
    "DELETE /v2/request-queues/{id}/requests/{request_id}",
    "PUT /v2/request-queues/{id}/requests/{request_id}/lock",
    "DELETE /v2/request-queues/{id}/requests/{request_id}/lock",
)
MANAGES = tuple(
    f"{method} /v2/{kind}/{{id}}"
    for method in ("PUT", "DELETE")
    for kind in ("datasets", "key-value-stores", "request-queues")
)
SELF = ("PUT /v2/actor-runs/{run}", "POST /v2/actor-runs/{run}/charge")
LAST_REQUESTS = {"GET /v2/actor-runs/{run}", *SELF, *READS, *WRITES}
"""What a run may still do with itself and its default storages just after its end."""
STARTS = (
    "POST /v2/actors/{actor}/runs",
    "GET /v2/actors/{actor}/run-sync",
    "POST /v2/actors/{actor}/run-sync",
    "GET /v2/actors/{actor}/run-sync-get-dataset-items",
    "POST /v2/actors/{actor}/run-sync-get-dataset-items",
)
OWN = (
    *sorted(OPEN | NEEDS_NO_TOKEN),
    *READS,
    *WRITES,
    *STARTS,
    "POST /v2/webhooks",
    "GET /v2/webhooks/{webhook}",
    "PUT /v2/webhooks/{webhook}",
    "DELETE /v2/webhooks/{webhook}",
    *MANAGES,
    *SELF,
    "POST /v2/actor-runs/{run}/reboot",
    "POST /v2/actor-runs/{run}/metamorph",
    "POST /v2/actor-runs/{run}/abort",
)
"""Routes that a limited run may use for its own records, in an order in which every request is possible."""


@dataclass(frozen=True, slots=True)
class Records:
    """The records that the paths of routes name, and the bodies that are sent there."""

    actor: Actor
    run: Run
    task: str
    schedule: str
    webhook: str
    dispatch: str
    encoded: str

    def path(self, route: str) -> str:
        template = route.partition(" ")[2]
        storage = {
            "datasets": self.run.default_dataset_id,
            "key-value-stores": self.run.default_key_value_store_id,
            "request-queues": self.run.default_request_queue_id,
        }
        values = {
            "actor": self.actor.id,
            "number": "0.0",
            "name": "KEY",
            "run": self.run.id,
            "build": self.run.build_id,
            "job": self.run.id,
            "user_id": "local",
            "username": "apify",
            "id": storage.get(template.split("/")[2], ""),
            "key:path": "INPUT",
            "request_id": "abc",
            "connection": "abc",
            "task": self.task,
            "schedule": self.schedule,
            "webhook": self.webhook,
            "dispatch": self.dispatch,
            "fit": "unknown",
        }
        query = f"?targetActorId={self.actor.id}&lockSecs=1&q=text"
        return re.sub(r"{([\w:]+)}", lambda found: values[found[1]], template) + query

    def body(self, route: str) -> Any:
        if route.endswith("/requests/batch"):
            return []
        if route.endswith("/webhooks"):
            condition = {"actorRunId": self.run.id}
            return {"eventTypes": ["TEST"], "requestUrl": "http://localhost:1/", "condition": condition}
        return {"encoded": self.encoded} if route.endswith("/decode-and-verify") else {}


async def make_records(api: Api, name: str, level: PermissionLevel) -> Records:
    actor = await api.create_actor(name)
    await api.orchestrator.actors.update(actor, lambda _: {"permission_level": level})
    run = await api.start(api.orchestrator.actors.get(actor.id))
    webhook = await api.orchestrator.webhooks.create(
        api.user,
        WebhookDraft(event_types=(WebhookEvent.TEST,), request_url="http://localhost:1/"),
        WebhookCondition(actor_run_id=run.id),
    )
    dispatch = await api.orchestrator.dispatches.test(webhook)
    task = await api.orchestrator.tasks.create(api.user, actor.id, None)
    schedule = await api.orchestrator.schedules.create(api.user, "@daily", None)
    current = api.orchestrator.actors.get(actor.id)
    encoded = api.orchestrator.signed_objects.encode(api.user.id, {})
    return Records(current, run, task.id, schedule.id, webhook.id, dispatch.id, encoded)


async def request(api: Api, route: str, records: Records, token: str) -> httpx.Response:
    """Send a request to a route. A run that the route starts and waits for ends immediately."""
    method = route.partition(" ")[0]
    known = {run.id for run in api.orchestrator.runs.unfinished()}
    call = await api.start_call(method, records.path(route), token=token, json=records.body(route))
    if "/run-sync" in route and not call.done():
        for started in api.orchestrator.runs.unfinished():
            if started.id not in known:
                await api.finish(started)
    return await call


async def test_a_limited_run_is_rejected_by_every_route_except_those_listed_here(api: Api) -> None:
    token = (await make_records(api, "limited", LIMITED)).run.token
    others = await make_records(api, "others", FULL)
    answers = {route: (await request(api, route, others, token)).status_code for route in ROUTES}
    assert {route for route, status in answers.items() if status != 403} == OPEN | NEEDS_NO_TOKEN | NEEDS_CONTROL_TOKEN
    assert {answers[route] for route in NEEDS_CONTROL_TOKEN} == {401}
    assert {answers[route] for route in OPEN | NEEDS_NO_TOKEN} == {200, 201, 204, NO_CODE}


async def test_a_limited_run_is_rejected_for_its_own_records_except_by_those_listed_here(api: Api) -> None:
    own = await make_records(api, "limited", LIMITED)
    closed = [route for route in ROUTES if route not in (*OWN, *NEEDS_CONTROL_TOKEN)]
    for route in closed:
        assert (await request(api, route, own, own.run.token)).status_code == 403, route
    for route in OWN:
        answer = await request(api, route, own, own.run.token)
        assert answer.status_code in {200, 201, 204, 404, NO_CODE} or problem(answer)[0] == 400, route
    assert set(OWN) <= set(ROUTES)
    await api.clock.settle()
    assert api.current(own.run).status == "ABORTED"


@pytest.mark.parametrize("level", PermissionLevel)
async def test_a_run_that_has_ended_is_rejected_except_for_its_last_requests(api: Api, level: PermissionLevel) -> None:
    own, others = await make_records(api, "own", level), await make_records(api, "others", level)
    await api.finish(own.run)
    await api.clock.advance(5)
    for records, still_open in ((others, NEEDS_NO_TOKEN), (own, NEEDS_NO_TOKEN | LAST_REQUESTS)):
        for route in ROUTES:
            status = (await request(api, route, records, own.run.token)).status_code
            assert (status != 401) is (route in still_open), (route, status)
    await api.clock.advance(0.001)
    for route in ROUTES:
        assert (await request(api, route, own, own.run.token)).status_code == 401, route


async def test_a_full_run_is_rejected_only_by_the_operators_controls(api: Api) -> None:
    full, others = await make_records(api, "full", FULL), await make_records(api, "others", FULL)
    for route in ROUTES:
        if "DELETE" not in route and "/run-sync" not in route and route not in ENDLESS:
            status = (await request(api, route, others, full.run.token)).status_code
            assert (status in (401, 403)) is (route in NEEDS_CONTROL_TOKEN), (route, status)
