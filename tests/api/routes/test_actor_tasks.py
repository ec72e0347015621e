from __future__ import annotations

import json
from typing import Any

import pytest

from tests.fakes.api import Api, problem

OPTIONS = {"build": "latest", "memoryMbytes": 512, "timeoutSecs": 90, "maxItems": 5, "maxTotalChargeUsd": 1.5}
Json = dict[str, Any]


@pytest.fixture
async def task(api: Api) -> Json:
    """A task of the Actor `hello` with options and an input."""
    actor = await api.create_actor("hello", timeout_secs=300)
    made = {"actId": actor.id, "name": "my-task", "options": OPTIONS, "input": {"a": 1, "b": {"c": 2}}}
    created: Json = await api.data("POST", "/v2/actor-tasks", json=made)
    return created


async def input_of(api: Api, run: Json) -> Any:
    store = f"/v2/key-value-stores/{run['defaultKeyValueStoreId']}/records/INPUT"
    answer = await api.call("GET", store)
    return json.loads(answer.text) if answer.is_success else None


async def test_the_fields_of_a_task(api: Api, task: Json) -> None:
    assert task == {
        "id": task["id"],
        "standbyUrl": None,
        "userId": api.user.id,
        "actId": task["actId"],
        "name": "my-task",
        "username": "local",
        "createdAt": "2023-11-14T22:13:20.000Z",
        "modifiedAt": "2023-11-14T22:13:20.000Z",
        "stats": {"totalRuns": 0},
        "title": None,
        "description": None,
        "options": {**OPTIONS, "restartOnError": None},
        "input": {"a": 1, "b": {"c": 2}},
    }
    for reference in (task["id"], "~my-task", "me~my-task", "local~my-task", "local%7Emy-task"):
        assert await api.data("GET", f"/v2/actor-tasks/{reference}") == task
    listed = await api.data("GET", "/v2/actor-tasks")
    assert (listed["total"], listed["items"][0]["actName"], listed["items"][0]["actUsername"]) == (1, "hello", "local")


async def test_a_task_is_changed_field_by_field(api: Api, task: Json) -> None:
    path = f"/v2/actor-tasks/{task['id']}"
    await api.clock.advance(1)
    changed = await api.data("PUT", path, json={"title": "Mine", "options": {"memoryMbytes": 1024, "maxItems": None}})
    assert changed["options"] == {**OPTIONS, "memoryMbytes": 1024, "maxItems": None, "restartOnError": None}
    assert (changed["title"], changed["name"], changed["input"]) == ("Mine", "my-task", task["input"])
    assert changed["modifiedAt"] > task["modifiedAt"]
    renamed = await api.data("PUT", path, json={"name": "other", "input": None})
    assert (renamed["name"], renamed["input"]) == ("other", None)


async def test_the_input_has_no_envelope(api: Api, task: Json) -> None:
    path = f"/v2/actor-tasks/{task['id']}/input"
    assert (await api.call("GET", path)).json() == {"a": 1, "b": {"c": 2}}
    assert (await api.call("PUT", path, json={"x": 1})).json() == {"x": 1}
    assert (await api.call("GET", path)).json() == {"x": 1}
    assert problem(await api.call("PUT", path, json=[])) == (400, "invalid-request")


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (None, {"a": 1, "b": {"c": 2}}),
        ({"b": 5, "d": 6}, {"a": 1, "b": 5, "d": 6}),
        ({}, {"a": 1, "b": {"c": 2}}),
    ],
)
async def test_a_sent_input_is_merged_over_the_tasks_input(api: Api, task: Json, sent: Any, expected: Json) -> None:
    run = await api.data("POST", f"/v2/actor-tasks/{task['id']}/runs", json=sent)
    assert await input_of(api, run) == expected
    assert run["actorTaskId"] == task["id"]


async def test_options_come_from_the_query_then_the_task_then_the_actor(api: Api, task: Json) -> None:
    path = f"/v2/actor-tasks/{task['id']}"
    run = await api.data("POST", f"{path}/runs?memory=2048")
    assert run["options"]["memoryMbytes"] == 2048
    assert (run["options"]["timeoutSecs"], run["options"]["maxItems"], run["options"]["maxTotalChargeUsd"]) == (
        90,
        5,
        1.5,
    )
    await api.data("PUT", path, json={"options": {"timeoutSecs": None}})
    run = await api.data("POST", f"{path}/runs")
    assert (run["options"]["timeoutSecs"], run["options"]["memoryMbytes"]) == (300, 512)
    assert (await api.data("GET", path))["stats"] == {"totalRuns": 2}


async def test_a_task_without_an_input_can_be_run(api: Api, task: Json) -> None:
    path = f"/v2/actor-tasks/{task['id']}"
    await api.data("PUT", path, json={"input": None})
    assert await input_of(api, await api.data("POST", f"{path}/runs")) is None
    assert await input_of(api, await api.data("POST", f"{path}/runs", json=[1, 2])) == [1, 2]


async def test_a_run_has_the_id_of_its_task(api: Api, task: Json) -> None:
    path = f"/v2/actor-tasks/{task['id']}"
    run = await api.data("POST", f"{path}/runs")
    other = await api.start(api.orchestrator.actors.get(task["actId"]))
    await api.clock.settle()
    environment = api.container_of(api.orchestrator.runs.get(run["id"])).spec.environment
    assert environment["ACTOR_TASK_ID"] == environment["APIFY_ACTOR_TASK_ID"] == task["id"]
    assert [each["id"] for each in (await api.data("GET", f"{path}/runs"))["items"]] == [run["id"]]
    assert (await api.data("GET", f"{path}/runs/last"))["id"] == run["id"]
    assert (await api.data("GET", f"{path}/runs/last?status=RUNNING"))["actorTaskId"] == task["id"]
    assert problem(await api.call("GET", f"{path}/runs/last?status=FAILED")) == (404, "record-not-found")
    assert (await api.data("GET", f"{path}/runs/last/dataset"))["id"] == run["defaultDatasetId"]
    assert (await api.data("GET", f"/v2/actors/{task['actId']}/runs"))["total"] == 2
    assert "actorTaskId" not in await api.data("GET", f"/v2/actor-runs/{other.id}")


@pytest.mark.parametrize("what", ["run-sync", "run-sync-get-dataset-items"])
async def test_a_synchronous_run(api: Api, task: Json, what: str) -> None:
    call = await api.start_call("POST", f"/v2/actor-tasks/{task['id']}/{what}", json={"a": 2})
    [run] = api.orchestrator.runs.unfinished()
    await api.orchestrator.key_value_stores.set_record(
        run.default_key_value_store_id, "OUTPUT", b'[{"done":1}]', "application/json"
    )
    await api.call("POST", f"/v2/datasets/{run.default_dataset_id}/items", json={"done": 1})
    await api.finish(run)
    answer = await call
    assert (answer.status_code, answer.json()) == (201, [{"done": 1}])


async def test_webhooks_on_a_task_are_dispatched_only_for_its_runs(api: Api, task: Json) -> None:
    webhook = {"eventTypes": ["ACTOR.RUN.CREATED"], "requestUrl": "http://127.0.0.1:9/", "doNotRetry": True}
    named = {**webhook, "condition": {"actorTaskId": "~my-task"}}
    created = await api.data("POST", "/v2/webhooks", json=named)
    assert created["condition"] == {"actorTaskId": task["id"]}
    await api.data("POST", f"/v2/actor-tasks/{task['id']}/webhooks", json=webhook)
    run = await api.data("POST", f"/v2/actor-tasks/{task['id']}/runs")
    await api.start(api.orchestrator.actors.get(task["actId"]))
    dispatches = (await api.data("GET", "/v2/webhook-dispatches"))["items"]
    expected = {"actorId": task["actId"], "actorTaskId": task["id"], "actorRunId": run["id"]}
    assert [each["eventData"] for each in dispatches] == [expected] * 2
    assert (await api.data("GET", f"/v2/actor-tasks/{task['id']}/webhooks"))["total"] == 2
    await api.call("DELETE", f"/v2/actor-tasks/{task['id']}")
    assert (await api.data("GET", "/v2/webhooks"))["total"] == 0


async def test_the_runs_of_a_deleted_task_remain(api: Api, task: Json) -> None:
    run = await api.data("POST", f"/v2/actor-tasks/{task['id']}/runs")
    assert (await api.call("DELETE", f"/v2/actor-tasks/{task['id']}")).status_code == 204
    assert problem(await api.call("GET", f"/v2/actor-tasks/{task['id']}")) == (404, "record-not-found")
    assert (await api.data("GET", f"/v2/actor-runs/{run['id']}"))["actorTaskId"] == task["id"]


async def test_a_deleted_actors_tasks_are_deleted(api: Api, task: Json) -> None:
    webhook = {"eventTypes": ["ACTOR.RUN.CREATED"], "requestUrl": "http://127.0.0.1:9/"}
    await api.data("POST", f"/v2/actor-tasks/{task['id']}/webhooks", json=webhook)
    assert (await api.call("DELETE", f"/v2/actors/{task['actId']}")).status_code == 204
    assert (await api.data("GET", "/v2/actor-tasks"))["total"] == 0
    assert (await api.data("GET", "/v2/webhooks"))["total"] == 0


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        ({}, (400, "invalid-value")),
        ({"actId": "nothing"}, (404, "record-not-found")),
        ({"actId": "~hello", "name": "my-task"}, (409, "actor-task-name-not-unique")),
        ({"actId": "~hello", "name": "a b"}, (400, "invalid-value")),
        ({"actId": "~hello", "input": [1]}, (400, "invalid-value")),
        ({"actId": "~hello", "options": {"memoryMbytes": 0}}, (400, "invalid-value")),
        ({"actId": "~hello", "options": {"timeoutSecs": "x"}}, (400, "invalid-value")),
    ],
)
async def test_an_invalid_task_is_rejected(api: Api, task: Json, made: Json, expected: tuple[int, str]) -> None:
    assert problem(await api.call("POST", "/v2/actor-tasks", json=made)) == expected
    assert (await api.data("GET", "/v2/actor-tasks"))["total"] == 1


async def test_an_input_that_cannot_be_merged_starts_no_run(api: Api, task: Json) -> None:
    path = f"/v2/actor-tasks/{task['id']}/runs"
    assert problem(await api.call("POST", path, json=[1])) == (400, "input-json-not-object")
    assert problem(await api.call("POST", path, content=b"text", headers={"content-type": "text/plain"})) == (
        400,
        "invalid-input",
    )
    assert (await api.data("GET", "/v2/actor-runs"))["total"] == 0


async def test_users_do_not_see_each_others_tasks(users: Api) -> None:
    actor = await users.create_actor("hello")
    task = await users.data("POST", "/v2/actor-tasks", json={"actId": actor.id}, token="alices-key")
    path = f"/v2/actor-tasks/{task['id']}"
    for method, address in (("GET", path), ("PUT", path), ("DELETE", path), ("POST", f"{path}/runs")):
        assert problem(await users.call(method, address, token="bobs-key")) == (404, "record-not-found")
    assert (await users.data("GET", "/v2/actor-tasks", token="bobs-key"))["total"] == 0


async def test_the_owner_of_an_actor_publishes_its_tasks(api: Api, task: Json) -> None:
    path = f"/v2/actor-tasks/{task['id']}"
    await api.data("PUT", f"/v2/acts/{task['actId']}", json={"isPublic": True})
    configured = await api.data("PUT", path, json={"publicConfig": {"seoTitle": "Scrape", "datasetView": "all"}})
    assert configured["isPublic"] is False
    published = await api.data("PUT", path, json={"isPublic": True, "publicConfig": {"seoTitle": None}})
    assert published["isPublic"] is True
    expected = {"seoTitle": None, "datasetView": "all", "publishedAt": "2023-11-14T22:13:20.000Z"}
    assert published["publicConfig"] == expected
    await api.clock.advance(5)
    again = await api.data("PUT", path, json={"isPublic": True, "title": "New"})
    assert (again["publicConfig"], again["title"]) == (expected, "New")
    unpublished = await api.data("PUT", path, json={"isPublic": False})
    assert (unpublished["isPublic"], unpublished["publicConfig"]) == (False, {**expected, "publishedAt": None})


async def test_a_task_is_published_only_if_its_page_has_something_to_show(api: Api, task: Json) -> None:
    path = f"/v2/actor-tasks/{task['id']}"
    bodies = ({"isPublic": True, "publicConfig": {"datasetView": "all"}}, {"isPublic": True})
    for body, is_public in zip(bodies, (False, True), strict=True):
        await api.data("PUT", f"/v2/acts/{task['actId']}", json={"isPublic": is_public})
        assert problem(await api.call("PUT", path, json=body)) == (400, "cannot-publish-actor-task")
    assert await api.data("GET", path) == task


async def test_a_task_has_a_description(api: Api, task: Json) -> None:
    path = f"/v2/actor-tasks/{task['id']}"
    assert task["description"] is None
    assert (await api.data("PUT", path, json={"description": "Daily"}))["description"] == "Daily"
    assert (await api.data("PUT", path, json={"title": "x"}))["description"] == "Daily"
    assert (await api.data("PUT", path, json={"description": None}))["description"] is None
    assert problem(await api.call("PUT", path, json={"description": 1})) == (400, "invalid-value")


@pytest.mark.parametrize(
    "body", [{"isPublic": "yes"}, {"publicConfig": None}, {"publicConfig": {"seoTitle": "x" * 61}}, {"publicConfig": 1}]
)
async def test_an_invalid_publication_is_rejected(api: Api, task: Json, body: Json) -> None:
    path = f"/v2/actor-tasks/{task['id']}"
    assert problem(await api.call("PUT", path, json=body)) == (400, "invalid-value")
    assert await api.data("GET", path) == task


@pytest.fixture
async def task_of_anothers_actor(users: Api) -> Json:
    """A task that bob made of alice's Actor."""
    alice = users.orchestrator.users.by_username("alice")
    actor = await users.create_actor("hello", alice)
    await users.data("PUT", f"/v2/acts/{actor.id}", json={"isPublic": True}, token="alices-key")
    made: Json = await users.data("POST", "/v2/actor-tasks", json={"actId": actor.id}, token="bobs-key")
    return made


@pytest.mark.parametrize("body", [{"isPublic": True}, {"publicConfig": {"seoTitle": "Scrape"}}])
async def test_a_task_of_another_users_actor_cannot_be_published(
    users: Api, task_of_anothers_actor: Json, body: Json
) -> None:
    made = task_of_anothers_actor
    answer = await users.call("PUT", f"/v2/actor-tasks/{made['id']}", json=body, token="bobs-key")
    assert problem(answer) == (403, "insufficient-permissions")
    answer = await users.call("POST", "/v2/actor-tasks", json={"actId": made["actId"], **body}, token="bobs-key")
    assert problem(answer) == (403, "insufficient-permissions")
    assert await users.data("GET", f"/v2/actor-tasks/{made['id']}", token="bobs-key") == made


@pytest.mark.parametrize("body", [{"isPublic": False}, {"publicConfig": {}}, {"isPublic": False, "publicConfig": {}}])
async def test_a_publication_that_stays_as_it_is_needs_no_permission(
    users: Api, task_of_anothers_actor: Json, body: Json
) -> None:
    """The Go client's suite unpublishes a task that was never published, of another user's Actor."""
    made = task_of_anothers_actor
    path = f"/v2/actor-tasks/{made['id']}"
    assert (await users.data("PUT", path, json={"title": "New", **body}, token="bobs-key"))["title"] == "New"
    copy = await users.data("POST", "/v2/actor-tasks", json={"actId": made["actId"], **body}, token="bobs-key")
    assert not copy.get("isPublic")


async def test_the_error_for_the_name_of_a_task_speaks_of_a_task(api: Api, task: Json) -> None:
    for method, path in (("POST", "/v2/actor-tasks"), ("PUT", f"/v2/actor-tasks/{task['id']}")):
        answer = await api.call(method, path, json={"actId": "~hello", "name": "my task"})
        assert answer.status_code == 400
        assert answer.json()["error"]["message"].startswith("Task name 'my task' is not valid")
