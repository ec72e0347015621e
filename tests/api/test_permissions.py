"""What a run's token opens: every route of the application, and what could go around the checks."""

from __future__ import annotations

import asyncio
import base64
import json
import re
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute

from api.app import ROUTERS
from runtime.base.records import Actor, PermissionLevel, Run, WebhookCondition, WebhookDraft, WebhookEvent
from runtime.inputs.inputs import Input
from tests.fakes.api import Api, problem

LIMITED, FULL = PermissionLevel.LIMITED, PermissionLevel.FULL
ROUTES = sorted(
    f"{method} {route.path}"
    for router in ROUTERS
    for route in router.routes
    if isinstance(route, APIRoute)
    for method in route.methods
)
"""All of the application's, as `METHOD /path/{parameter}`."""
NEEDS_NO_TOKEN = {
    "GET /v2/store",
    "GET /v2/users/{user_id}",
    "GET /v2/actor-builds/{build}",
    "GET /v2/actor-builds/{build}/openapi.json",
    "GET /v2/actor-runs/{run}",
    "GET /v2/logs/{job}",
}
NEEDS_CONTROL_TOKEN = {"GET /greenroom/info", "POST /greenroom/shutdown"}
OPEN = {
    "GET /v2/users/me",
    "GET /v2/actors/{actor}",
    "POST /v2/datasets",
    "POST /v2/key-value-stores",
    "POST /v2/request-queues",
}
"""What a limited run may do though the things that the addresses name are not its own."""
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
LAST_WORDS = {"GET /v2/actor-runs/{run}", *SELF, *READS, *WRITES}
"""What a run may still do to itself and its default storages just after its end."""
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
"""What a limited run may do to what is its own, in an order in which all of it can be done."""


@dataclass(frozen=True, slots=True)
class Things:
    """Where the addresses of routes lead to, by parameter, and what is sent there."""

    actor: Actor
    run: Run
    task: str
    webhook: str
    dispatch: str

    def address(self, route: str) -> str:
        path = route.partition(" ")[2]
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
            "id": storage.get(path.split("/")[2], ""),
            "key:path": "INPUT",
            "request_id": "abc",
            "task": self.task,
            "webhook": self.webhook,
            "dispatch": self.dispatch,
        }
        query = f"?targetActorId={self.actor.id}&lockSecs=1"
        return re.sub(r"{([\w:]+)}", lambda found: values[found[1]], path) + query

    def body(self, route: str) -> Any:
        if route.endswith("/requests/batch"):
            return []
        if route.endswith("/webhooks"):
            condition = {"actorRunId": self.run.id}
            return {"eventTypes": ["TEST"], "requestUrl": "http://localhost:1/", "condition": condition}
        return {}


async def make_things(api: Api, name: str, level: PermissionLevel) -> Things:
    actor = await api.an_actor(name)
    await api.orchestrator.actors.update(actor, lambda _: {"permission_level": level})
    run = await api.start(api.orchestrator.actors.get(actor.id))
    webhook = await api.orchestrator.webhooks.create(
        api.user,
        WebhookDraft(event_types=(WebhookEvent.TEST,), request_url="http://localhost:1/"),
        WebhookCondition(actor_run_id=run.id),
    )
    dispatch = await api.orchestrator.dispatches.test(webhook)
    task = await api.orchestrator.tasks.create(api.user, actor.id, None)
    return Things(api.orchestrator.actors.get(actor.id), run, task.id, webhook.id, dispatch.id)


async def knock(api: Api, route: str, things: Things, token: str) -> httpx.Response:
    """Call a route; runs that it starts and waits for end at once."""
    method = route.partition(" ")[0]
    known = {run.id for run in api.orchestrator.runs.unfinished()}
    call = await api.calling(method, things.address(route), token=token, json=things.body(route))
    if "/run-sync" in route and not call.done():
        for started in api.orchestrator.runs.unfinished():
            if started.id not in known:
                await api.ended(started)
    return await call


async def test_every_route_is_closed_to_a_limited_run_but_those_named_here(api: Api) -> None:
    token = (await make_things(api, "limited", LIMITED)).run.token
    others = await make_things(api, "others", FULL)
    answers = {route: (await knock(api, route, others, token)).status_code for route in ROUTES}
    assert {route for route, status in answers.items() if status != 403} == OPEN | NEEDS_NO_TOKEN | NEEDS_CONTROL_TOKEN
    assert {answers[route] for route in NEEDS_CONTROL_TOKEN} == {401}
    assert {answers[route] for route in OPEN | NEEDS_NO_TOKEN} == {200, 201}


async def test_every_route_is_closed_to_a_limited_run_for_its_own_things_too_but_those_named_here(api: Api) -> None:
    own = await make_things(api, "limited", LIMITED)
    closed = [route for route in ROUTES if route not in (*OWN, *NEEDS_CONTROL_TOKEN)]
    for route in closed:
        assert (await knock(api, route, own, own.run.token)).status_code == 403, route
    for route in OWN:
        answer = await knock(api, route, own, own.run.token)
        assert answer.status_code in {200, 201, 204, 404} or problem(answer)[0] == 400, route
    assert set(OWN) <= set(ROUTES)
    await api.clock.settle()
    assert api.now(own.run).status == "ABORTED"


@pytest.mark.parametrize("level", PermissionLevel)
async def test_every_route_is_closed_to_a_run_that_has_ended_but_for_its_last_words(
    api: Api, level: PermissionLevel
) -> None:
    own, others = await make_things(api, "own", level), await make_things(api, "others", level)
    await api.ended(own.run)
    await api.clock.advance(5)
    for things, still_open in ((others, NEEDS_NO_TOKEN), (own, NEEDS_NO_TOKEN | LAST_WORDS)):
        for route in ROUTES:
            status = (await knock(api, route, things, own.run.token)).status_code
            assert (status != 401) is (route in still_open), (route, status)
    await api.clock.advance(0.001)
    for route in ROUTES:
        assert (await knock(api, route, own, own.run.token)).status_code == 401, route


async def test_a_full_run_may_do_all_that_its_user_may_but_not_the_local_controls(api: Api) -> None:
    full, others = await make_things(api, "full", FULL), await make_things(api, "others", FULL)
    for route in ROUTES:
        if "DELETE" not in route and "/run-sync" not in route:
            status = (await knock(api, route, others, full.run.token)).status_code
            assert (status in (401, 403)) is (route in NEEDS_CONTROL_TOKEN), (route, status)


@pytest.fixture
async def run(api: Api) -> Run:
    """A live run with limited permissions."""
    return await api.start(await api.an_actor("limited"))


async def test_the_refusal_says_what_to_do(api: Api, run: Run) -> None:
    answer = await api.call("GET", "/v2/datasets", token=run.token)
    assert problem(answer) == (403, "insufficient-permissions")
    for word in ("LIMITED_PERMISSIONS", "forcePermissionLevel=FULL_PERMISSIONS", "actorPermissionLevel"):
        assert word in answer.json()["error"]["message"]
    full = await api.an_actor("full")
    await api.data("PUT", f"/v2/actors/{full.id}", json={"actorPermissionLevel": FULL})
    answer = await api.call("POST", f"/v2/actors/{full.id}/runs", token=run.token)
    assert problem(answer) == (403, "insufficient-permissions")
    assert "FULL_PERMISSIONS" in answer.json()["error"]["message"]


async def test_limited_is_the_default_and_the_level_of_a_run_can_be_forced(api: Api) -> None:
    actor = await api.an_actor("hello")
    assert (await api.data("GET", f"/v2/actors/{actor.id}"))["actorPermissionLevel"] == LIMITED
    for query, level in (("", LIMITED), (f"?forcePermissionLevel={FULL}", FULL)):
        shown = await api.data("POST", f"/v2/actors/{actor.id}/runs{query}")
        token = api.orchestrator.runs.get(shown["id"]).token
        assert shown["permissionLevel"] == level
        assert (await api.call("GET", "/v2/actors", token=token)).is_success is (level is FULL)
    await api.data("PUT", f"/v2/actors/{actor.id}", json={"actorPermissionLevel": FULL})
    for query, level in (("", FULL), (f"?forcePermissionLevel={LIMITED}", LIMITED)):
        assert (await api.data("POST", f"/v2/actors/{actor.id}/runs{query}"))["permissionLevel"] == level


async def test_a_limited_run_does_not_start_an_actor_whose_runs_are_forced_to_be_full(api: Api, run: Run) -> None:
    forced = {"defaultRunOptions": {"forcePermissionLevel": FULL}}
    await api.an_actor("forced")
    await api.data("PUT", "/v2/actors/~forced", json=forced)
    answer = await api.call("POST", "/v2/actors/~forced/runs", token=run.token)
    assert problem(answer) == (403, "insufficient-permissions")
    limited = f"/v2/actors/~forced/runs?forcePermissionLevel={LIMITED}"
    assert (await api.call("POST", limited, token=run.token)).status_code == 201


async def test_what_a_limited_run_may_know_of_its_user(api: Api, run: Run) -> None:
    me = await api.data("GET", "/v2/users/me", token=run.token)
    assert me.keys() == {"id", "username", "profile", "proxy", "isPaying"}
    assert me.items() <= (await api.data("GET", "/v2/users/me")).items()


async def test_an_actor_is_shown_to_a_limited_run_without_what_it_is_made_of(api: Api, run: Run) -> None:
    version = {"versionNumber": "0.0", "envVars": [{"name": "KEY", "value": "hunter2"}]}
    actor = await api.an_actor("secretive")
    await api.call("POST", f"/v2/actors/{actor.id}/versions", json=version)
    whole = await api.data("GET", f"/v2/actors/{actor.id}")
    assert whole["versions"] and whole["taggedBuilds"]
    for reference in (actor.id, "local~secretive", "~secretive"):
        shown = await api.data("GET", f"/v2/actors/{reference}", token=run.token)
        assert shown == {**whole, "versions": [], "taggedBuilds": {}}


STORAGES = ("datasets", "key-value-stores", "request-queues")


@pytest.mark.parametrize("kind", STORAGES)
async def test_a_storage_that_a_limited_run_makes_is_its_actors_from_then_on(api: Api, run: Run, kind: str) -> None:
    made = await api.data("POST", f"/v2/{kind}?name=cache", token=run.token)
    await api.ended(run)
    later = await api.start(api.orchestrator.actors.get(run.actor_id))
    assert (await api.data("POST", f"/v2/{kind}?name=cache", token=later.token))["id"] == made["id"]
    for method, reference in (("GET", made["id"]), ("GET", "~cache"), ("PUT", "local~cache"), ("DELETE", made["id"])):
        answer = await api.call(method, f"/v2/{kind}/{reference}", token=later.token, json={})
        assert answer.is_success, (method, reference)


@pytest.mark.parametrize("kind", STORAGES)
async def test_a_storage_that_somebody_else_made_is_closed_by_any_name(api: Api, run: Run, kind: str) -> None:
    other = await api.start(await api.an_actor("other"))
    full = await api.start(api.orchestrator.actors.get(run.actor_id), permission_level=FULL)
    for name, token in (("users", "ann"), ("others", other.token), ("full", full.token)):
        made = await api.data("POST", f"/v2/{kind}?name={name}", token=token)
        for reference in (made["id"], f"~{name}", f"local~{name}"):
            answer = await api.call("GET", f"/v2/{kind}/{reference}", token=run.token)
            assert problem(answer) == (403, "insufficient-permissions")
        answer = await api.call("POST", f"/v2/{kind}?name={name}", token=run.token)
        assert problem(answer) == (403, "insufficient-permissions")
    assert problem(await api.call("GET", f"/v2/{kind}/nobody", token=run.token)) == (404, "record-not-found")


async def test_a_storage_may_not_be_taken_over_by_its_name(api: Api, run: Run) -> None:
    await api.data("POST", "/v2/datasets?name=users")
    answer = await api.call("PUT", f"/v2/datasets/{run.default_dataset_id}", token=run.token, json={"name": "users"})
    assert problem(answer) == (409, "name-not-unique")


async def test_other_names_do_not_go_around_the_checks(api: Api, run: Run) -> None:
    other = await api.start(await api.an_actor("other"))
    of_other = [f"/v2/actor-runs/{other.id}", f"/v2/acts/{other.actor_id}/runs/{other.id}", "/v2/acts/~other/runs/last"]
    for prefix in of_other:
        for path in ("dataset", "dataset/items", "key-value-store/records/INPUT", "request-queue/head"):
            answer = await api.call("GET", f"{prefix}/{path}", token=run.token)
            assert problem(answer) == (403, "insufficient-permissions"), (prefix, path)
    for method, path in (
        ("GET", "/v2/acts/~other/runs/last"),
        ("GET", "/v2/acts/~other/runs/last/log"),
        ("GET", "/v2/acts/~other/builds/default"),
        ("POST", f"/v2/acts/~other/runs/{other.id}/abort"),
        ("GET", f"/v2/actor-runs/{other.id}/abort?method=POST"),
        ("GET", f"/v2/datasets/{other.default_dataset_id}?method=DELETE"),
        ("POST", f"/v2/datasets/{other.default_dataset_id}/items?method=GET"),
    ):
        answer = await api.call(method, path, token=run.token)
        assert problem(answer) == (403, "insufficient-permissions"), path
    assert api.now(other).status == "RUNNING"
    for path in (f"/v2/actor-runs/{run.id}/dataset", "/v2/acts/~limited/runs/last/dataset"):
        assert (await api.data("GET", path, token=run.token))["id"] == run.default_dataset_id


async def test_a_foreign_run_is_shown_as_to_nobody(api: Api, run: Run) -> None:
    other = await api.start(await api.an_actor("other"))
    path = f"/v2/actor-runs/{other.id}"
    assert await api.data("GET", path, token=run.token) == await api.data("GET", path, token=None)
    path = f"/v2/actor-runs/{run.id}"
    assert await api.data("GET", path, token=run.token) == await api.data("GET", path)


def picker(kind: str, *rights: str) -> dict[str, Any]:
    return {"type": "string", "resourceType": kind, "resourcePermissions": list(rights)}


def as_input(**fields: Any) -> Input:
    return Input(body=json.dumps(fields).encode(), content_type="application/json")


async def attempts(api: Api, id: str, token: str) -> list[int]:
    """The statuses of reading a dataset, writing to it, changing it."""
    calls = (
        api.call("GET", f"/v2/datasets/{id}/items", token=token),
        api.call("POST", f"/v2/datasets/{id}/items", token=token, json=[{}]),
        api.call("PUT", f"/v2/datasets/{id}", token=token, json={"title": "Mine"}),
    )
    return [(await call).status_code for call in calls]


async def test_the_input_passes_storages_on_and_cannot_be_rewritten(api: Api) -> None:
    users = [(await api.data("POST", f"/v2/datasets?name=data-{n}"))["id"] for n in range(3)]
    actor = await api.an_actor_with_schema(
        source=picker("dataset", "READ"), target=picker("dataset", "READ", "WRITE"), plain={"type": "string"}
    )
    run = await api.start(actor, as_input(source="data-0", target=users[1], plain=users[2]))
    assert [await attempts(api, id, run.token) for id in users] == [[200, 403, 403], [200, 201, 403], [403, 403, 403]]
    record = f"/v2/key-value-stores/{run.default_key_value_store_id}/records/INPUT"
    assert (await api.call("PUT", record, token=run.token, json={"target": users[2]})).status_code == 201
    await api.call("POST", f"/v2/actor-runs/{run.id}/reboot", token=run.token)
    await api.clock.settle()
    assert await attempts(api, users[2], run.token) == [403, 403, 403]
    await api.ended(run)
    await api.data("POST", f"/v2/actor-runs/{run.id}/resurrect")
    await api.clock.settle()
    assert [await attempts(api, id, run.token) for id in users] == [[200, 403, 403], [200, 201, 403], [403, 403, 403]]


async def test_a_limited_run_passes_on_only_what_it_has(api: Api) -> None:
    users = [(await api.data("POST", f"/v2/datasets?name=data-{n}"))["id"] for n in range(3)]
    actor = await api.an_actor_with_schema(
        source=picker("dataset", "READ"), target={**picker("dataset", "READ", "WRITE"), "type": "array"}
    )
    parent = await api.start(actor, as_input(source=users[0], target=[users[1]]))
    other = await api.an_actor_with_schema("other", target={**picker("dataset", "READ", "WRITE"), "type": "array"})
    wanted = [*users, parent.default_dataset_id]
    child = await api.data("POST", f"/v2/actors/{other.id}/runs", token=parent.token, json={"target": wanted})
    token = api.orchestrator.runs.get(child["id"]).token
    assert [await attempts(api, id, token) for id in wanted] == [
        [200, 403, 403],
        [200, 201, 403],
        [403, 403, 403],
        [200, 201, 403],
    ]


async def test_a_metamorph_gets_what_its_own_input_passes_on(api: Api, run: Run) -> None:
    users = [(await api.data("POST", f"/v2/datasets?name=data-{n}"))["id"] for n in range(2)]
    first = await api.an_actor_with_schema("first", source=picker("dataset", "READ"))
    second = await api.an_actor_with_schema("second", source={**picker("dataset", "READ"), "type": "array"})
    run = await api.start(first, as_input(source=users[0]))
    for token, given, expected in ((run.token, users, [200, 403]), ("ann", users[1:], [403, 200])):
        path = f"/v2/actor-runs/{run.id}/metamorph?targetActorId={second.id}"
        await api.data("POST", path, token=token, json={"source": given})
        await api.clock.settle()
        assert [(await attempts(api, id, run.token))[0] for id in users] == expected


async def test_a_limited_run_becomes_limited_actors_only(api: Api, run: Run) -> None:
    for name, level in (("other", LIMITED), ("full", FULL)):
        actor = await api.an_actor(name)
        await api.data("PUT", f"/v2/actors/{actor.id}", json={"actorPermissionLevel": level})
        answer = await api.call("POST", f"/v2/actor-runs/{run.id}/metamorph?targetActorId={name}", token=run.token)
        assert answer.status_code == 404
        path = f"/v2/actor-runs/{run.id}/metamorph?targetActorId=local/{name}"
        answer = await api.call("POST", path, token=run.token)
        assert answer.is_success is (level is LIMITED)
        await api.clock.settle()
    assert problem(answer) == (403, "insufficient-permissions")
    assert len(api.now(run).metamorphs) == 1


async def started_by(api: Api, run: Run, name: str) -> Run:
    """A run of another Actor, started with a run's token."""
    actor = await api.an_actor(name)
    shown = await api.data("POST", f"/v2/actors/{actor.id}/runs", token=run.token)
    await api.clock.settle()
    return api.orchestrator.runs.get(shown["id"])


async def test_a_limited_run_reads_the_results_of_what_it_started_and_of_what_that_started(api: Api, run: Run) -> None:
    child = await started_by(api, run, "child")
    grandchild = await started_by(api, child, "grandchild")
    for each in (child, grandchild):
        named = await api.data("POST", f"/v2/datasets?name=of-{each.id}", token=each.token)
        for path in (
            f"datasets/{each.default_dataset_id}/items",
            f"key-value-stores/{each.default_key_value_store_id}/keys",
            f"request-queues/{each.default_request_queue_id}/head",
            f"datasets/{named['id']}",
            f"logs/{each.id}",
            f"actors/{each.actor_id}/runs/last",
        ):
            assert (await api.call("GET", f"/v2/{path}", token=run.token)).status_code == 200, path
        shown = await api.data("GET", f"/v2/actor-runs/{each.id}", token=run.token)
        assert "usage" in shown and "webhooks" not in shown
        assert await attempts(api, each.default_dataset_id, run.token) == [200, 403, 403]
        assert await attempts(api, run.default_dataset_id, each.token) == [403, 403, 403]
        for word in ("abort", "reboot", "resurrect"):
            answer = await api.call("POST", f"/v2/actor-runs/{each.id}/{word}", token=run.token)
            assert problem(answer) == (403, "insufficient-permissions")


async def test_a_limited_run_starts_limited_runs_only_with_webhooks_too(api: Api, run: Run) -> None:
    actor, full = await api.an_actor("other"), await api.an_actor("full")
    await api.orchestrator.actors.update(full, lambda _: {"permission_level": FULL})
    hooks = [{"eventTypes": ["ACTOR.RUN.SUCCEEDED"], "requestUrl": "http://localhost:1/"}]
    query = f"webhooks={base64.urlsafe_b64encode(json.dumps(hooks).encode()).decode()}"
    started = await api.data("POST", f"/v2/actors/{actor.id}/runs?{query}", token=run.token)
    assert (started["permissionLevel"], started["meta"]["origin"]) == (LIMITED, "ACTOR")
    for way in ("runs", "run-sync", "run-sync-get-dataset-items"):
        forced = await api.call("POST", f"/v2/actors/{actor.id}/{way}?forcePermissionLevel={FULL}", token=run.token)
        unforced = await api.call("POST", f"/v2/actors/{full.id}/{way}?forcePermissionLevel={LIMITED}", token=run.token)
        assert problem(forced) == problem(unforced) == (403, "insufficient-permissions")
    assert len(api.orchestrator.runs.unfinished()) == 2


async def test_webhooks_of_a_limited_run_are_on_itself(api: Api, run: Run) -> None:
    other = await api.start(await api.an_actor("other"))
    body = {"eventTypes": ["TEST"], "requestUrl": "http://localhost:1/", "isAdHoc": True}
    own, foreign = {"actorRunId": run.id}, {"actorRunId": other.id}
    theirs = await api.data("POST", "/v2/webhooks", json={**body, "condition": foreign, "idempotencyKey": "once"})
    for condition in (foreign, {"actorId": run.actor_id}, {**own, "actorId": other.actor_id}, {}):
        answer = await api.call("POST", "/v2/webhooks", token=run.token, json={**body, "condition": condition})
        assert problem(answer) == (403, "insufficient-permissions"), condition
    again = {**body, "condition": own, "idempotencyKey": "once"}
    assert (await api.call("POST", "/v2/webhooks", token=run.token, json=again)).status_code == 403
    mine = await api.data("POST", "/v2/webhooks", token=run.token, json={**body, "condition": own})
    for condition in (foreign, {"actorId": run.actor_id}):
        path = f"/v2/webhooks/{mine['id']}"
        assert (await api.call("PUT", path, token=run.token, json={"condition": condition})).status_code == 403
    assert {each["id"] for each in (await api.data("GET", "/v2/webhooks"))["items"]} == {theirs["id"], mine["id"]}


async def test_sharing_is_no_business_of_a_limited_run(api: Api, run: Run) -> None:
    path, shared = f"/v2/actor-runs/{run.id}", {"statusMessage": "Hi", "generalAccess": "ANYONE_WITH_ID_CAN_READ"}
    answer = await api.call("PUT", path, token=run.token, json=shared)
    assert problem(answer) == (403, "insufficient-permissions")
    assert (api.now(run).status_message, api.now(run).general_access) == (None, "FOLLOW_USER_SETTING")


@pytest.mark.parametrize("level", PermissionLevel)
async def test_the_token_of_a_resurrected_run_works_again(api: Api, level: PermissionLevel) -> None:
    run = await api.ended(await api.start(permission_level=level))
    await api.clock.advance(60)
    path = "/v2/datasets?name=late"
    assert problem(await api.call("POST", path, token=run.token)) == (401, "invalid-token")
    await api.data("POST", f"/v2/actor-runs/{run.id}/resurrect")
    await api.clock.settle()
    assert (await api.call("POST", path, token=run.token)).status_code == 201
    await api.ended(run)
    assert problem(await api.call("POST", path, token=run.token)) == (401, "invalid-token")


async def test_what_was_let_in_before_the_end_is_carried_out_whole(api: Api, run: Run) -> None:
    """A record whose last bytes come long after the run ended; the same request is refused by then."""
    goes_on = asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield b"first "
        await goes_on.wait()
        yield b"last"

    named = await api.data("POST", "/v2/key-value-stores?name=named", token=run.token)
    path = f"/v2/key-value-stores/{named['id']}/records/KEY"
    call = await api.calling("PUT", path, token=run.token, content=slowly())
    await api.ended(run)
    await api.clock.advance(60)
    assert problem(await api.call("PUT", path, token=run.token, content=b"late")) == (401, "invalid-token")
    goes_on.set()
    assert (await call).status_code == 201
    assert (await api.call("GET", path)).content == b"first last"


async def test_writes_that_race_the_end(api: Api, run: Run) -> None:
    """Each is stored whole or refused: the default dataset takes them for five seconds more, a named one does not."""
    named = await api.data("POST", "/v2/datasets?name=named", token=run.token)
    ids = (run.default_dataset_id, named["id"])
    took: dict[str, Counter[tuple[bool, int]]] = {id: Counter() for id in ids}

    async def write(id: str, number: int) -> None:
        answer = await api.call("POST", f"/v2/datasets/{id}/items", token=run.token, json=[{"n": number}] * 3)
        took[id][api.now(run).status.is_terminal, answer.status_code] += 1

    writes = [asyncio.create_task(write(id, number)) for number in range(100) for id in ids]
    api.container_of(run).exits(0)
    while not api.now(run).status.is_terminal:
        await asyncio.gather(*(write(id, -1) for id in ids))
    await asyncio.gather(*writes, *(write(id, -2) for id in ids))
    for id in ids:
        stored = await api.data("GET", f"/v2/datasets/{id}")
        assert stored["itemCount"] == 3 * sum(count for (_, status), count in took[id].items() if status == 201)
    assert {status for _, status in took[run.default_dataset_id]} == {201}
    assert took[named["id"]].keys() >= {(True, 401)} and (False, 401) not in took[named["id"]]


async def test_orders_after_the_end_are_refused_at_once(api: Api) -> None:
    for level in PermissionLevel:
        run = await api.ended(await api.start(permission_level=level))
        for path in (f"actor-runs/{run.id}/metamorph?targetActorId={run.actor_id}", f"actor-runs/{run.id}/abort"):
            assert problem(await api.call("POST", f"/v2/{path}", token=run.token)) == (401, "invalid-token")
        answer = await api.call("POST", f"/v2/actors/{run.actor_id}/runs", token=run.token)
        assert problem(answer) == (401, "token-not-valid")
        shared = {"generalAccess": "ANYONE_WITH_ID_CAN_READ"}
        answer = await api.call("PUT", f"/v2/actor-runs/{run.id}", token=run.token, json=shared)
        assert problem(answer) == (401, "invalid-token")
        said = {"statusMessage": "Bye", "isStatusMessageTerminal": True}
        shown = await api.data("PUT", f"/v2/actor-runs/{run.id}", token=run.token, json=said)
        assert shown["statusMessage"] == "Bye"
    assert not api.orchestrator.runs.unfinished()
