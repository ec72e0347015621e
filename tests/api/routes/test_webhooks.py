from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from tests.fakes.api import Api, problem
from tests.fakes.receiver import Receiver

Json = dict[str, Any]


@pytest.fixture
async def actor_id(api: Api) -> str:
    return (await api.create_actor("hello")).id


@pytest.fixture
def body(receiver: Receiver, actor_id: str) -> Json:
    return {"eventTypes": ["ACTOR.RUN.SUCCEEDED"], "requestUrl": receiver.url(), "condition": {"actorId": actor_id}}


async def test_a_webhook_is_created_read_listed_changed_and_deleted(api: Api, body: Json, actor_id: str) -> None:
    created = await api.call("POST", "/v2/webhooks", json={**body, "description": "mine"})
    webhook = created.json()["data"]
    path = f"/v2/webhooks/{webhook['id']}"
    assert (created.status_code, created.headers["location"]) == (201, f"http://localhost:3333{path}")
    assert webhook.items() >= {**body, "description": "mine", "isAdHoc": False, "lastDispatch": None}.items()
    assert await api.data("GET", path) == webhook
    assert (await api.data("GET", "/v2/webhooks"))["items"] == [webhook]
    assert (await api.data("GET", f"/v2/actors/{actor_id}/webhooks"))["items"] == [webhook]
    changed = await api.data("PUT", path, json={"doNotRetry": True, "description": None, "eventTypes": None})
    assert changed == {**webhook, "doNotRetry": True, "description": None}
    assert (await api.call("DELETE", path)).status_code == 204
    assert problem(await api.call("GET", path)) == (404, "record-not-found")


async def test_a_webhook_created_at_an_actor_is_on_that_actor(api: Api, body: Json, actor_id: str) -> None:
    await api.create_actor("other")
    del body["condition"]
    webhook = await api.data("POST", "/v2/actors/local~hello/webhooks", json=body)
    assert webhook["condition"] == {"actorId": actor_id}
    assert (await api.data("GET", "/v2/actors/local~other/webhooks"))["total"] == 0


async def test_the_same_idempotency_key_returns_the_same_webhook(api: Api, body: Json) -> None:
    first = await api.data("POST", "/v2/webhooks", json={**body, "idempotencyKey": "k"})
    again = await api.data("POST", "/v2/webhooks", json={**body, "idempotencyKey": "k", "requestUrl": "http://other/"})
    assert again == first


@pytest.mark.parametrize(
    "wrong",
    [
        {"eventTypes": []},
        {"eventTypes": ["ACTOR.RUN.DREAMT"]},
        {"eventTypes": None},
        {"requestUrl": None},
        {"requestUrl": "ftp://somewhere/"},
        {"condition": None},
        {"condition": {}},
        {"payloadTemplate": '{"a": {{nobody}}}'},
        {"payloadTemplate": "{"},
        {"headersTemplate": "[]"},
        {"headersTemplate": '{"Not a name": "a"}'},
        {"headersTemplate": '{"X-Two": "a\\nX-Lines: b"}'},
        {"payloadTemplate": '"{{nobody}}"', "shouldInterpolateStrings": True},
    ],
)
async def test_an_invalid_webhook_is_rejected(api: Api, body: Json, wrong: Json) -> None:
    assert (await api.call("POST", "/v2/webhooks", json={**body, **wrong})).status_code == 400


async def test_an_invalid_change_is_rejected(api: Api, body: Json) -> None:
    webhook = await api.data("POST", "/v2/webhooks", json={**body, "payloadTemplate": '"{{nobody}}"'})
    path = f"/v2/webhooks/{webhook['id']}"
    for wrong in ({"shouldInterpolateStrings": True}, {"headersTemplate": "7"}, {"condition": {"actorId": "no"}}):
        assert (await api.call("PUT", path, json=wrong)).status_code in (400, 404)
    assert await api.data("GET", path) == webhook


async def test_the_payloads_resource_is_the_run_as_get_returns_it(api: Api, receiver: Receiver, actor_id: str) -> None:
    hooks = [{"eventTypes": ["ACTOR.RUN.SUCCEEDED"], "requestUrl": receiver.url(), "payloadTemplate": "{{resource}}"}]
    given = base64.b64encode(json.dumps(hooks).encode()).decode()
    started = await api.data("POST", f"/v2/actors/{actor_id}/runs?webhooks={given}")
    assert [each["requestUrl"] for each in started["webhooks"]] == [receiver.url()]
    await api.clock.settle()
    await api.finish(api.orchestrator.runs.get(started["id"]))
    assert receiver.received[0].body == await api.data("GET", f"/v2/actor-runs/{started['id']}")


async def test_an_sdk_adds_an_ad_hoc_webhook_to_its_run(api: Api, receiver: Receiver, body: Json) -> None:
    run = await api.start()
    added = {**body, "isAdHoc": True, "condition": {"actorRunId": run.id}}
    webhook = await api.data("POST", "/v2/webhooks", json=added, token=run.token)
    assert (webhook["isAdHoc"], webhook["condition"]) == (True, {"actorRunId": run.id})
    await api.finish(run)
    assert receiver.events == ["ACTOR.RUN.SUCCEEDED"]


async def test_a_test_event_is_dispatched_and_its_calls_are_returned(api: Api, receiver: Receiver, body: Json) -> None:
    webhook = await api.data("POST", "/v2/webhooks", json=body)
    answer = await api.call("POST", f"/v2/webhooks/{webhook['id']}/test")
    dispatch = answer.json()["data"]
    assert (answer.status_code, dispatch["status"], dispatch["eventType"]) == (201, "ACTIVE", "TEST")
    await api.clock.settle()
    assert receiver.events == ["TEST"]
    sent = await api.data("GET", f"/v2/webhook-dispatches/{dispatch['id']}")
    assert sent["status"] == "SUCCEEDED"
    assert sent["webhook"] == {
        "actionType": "HTTP_REQUEST",
        "condition": body["condition"],
        "requestUrl": receiver.url(),
        "isAdHoc": False,
    }
    assert [(call["responseStatus"], call["responseBody"]) for call in sent["calls"]] == [(200, "thanks")]
    for path in ("/v2/webhook-dispatches", f"/v2/webhooks/{webhook['id']}/dispatches"):
        assert (await api.data("GET", path))["items"] == [sent]
    shown = await api.data("GET", f"/v2/webhooks/{webhook['id']}")
    assert shown["stats"] == {"totalDispatches": 1}
    assert shown["lastDispatch"] == {"status": "SUCCEEDED", "finishedAt": sent["calls"][0]["finishedAt"]}


async def test_users_do_not_see_each_others_webhooks(tmp_path: Any, receiver: Receiver) -> None:
    api = Api(tmp_path, users={"ann": "ann", "bob": "bob"})
    await api.open()
    actor = await api.create_actor("hello")
    body = {"eventTypes": ["TEST"], "requestUrl": receiver.url(), "condition": {"actorId": actor.id}}
    webhook = await api.data("POST", "/v2/webhooks", json=body)
    dispatch = await api.data("POST", f"/v2/webhooks/{webhook['id']}/test")
    for path in (f"webhooks/{webhook['id']}", f"webhooks/{webhook['id']}/dispatches", "webhook-dispatches/x"):
        assert problem(await api.call("GET", f"/v2/{path}", token="bob")) == (404, "record-not-found")
    path = f"/v2/webhook-dispatches/{dispatch['id']}"
    assert problem(await api.call("GET", path, token="bob")) == (404, "record-not-found")
    for path in ("webhooks", "webhook-dispatches"):
        assert (await api.data("GET", f"/v2/{path}", token="bob"))["total"] == 0
    assert problem(await api.call("GET", "/v2/webhooks", token=None)) == (401, "token-not-provided")
    await api.clock.settle()
    await api.close()


async def test_a_webhook_on_a_run_that_does_not_exist_is_created_and_survives_a_restart(api: Api) -> None:
    body = {"eventTypes": ["ACTOR.RUN.SUCCEEDED"], "requestUrl": "http://localhost:1/"}
    made = await api.call("POST", "/v2/webhooks", json={**body, "condition": {"actorRunId": "nobody"}})
    assert made.status_code == 201
    await api.restart_server()
    shown = await api.data("GET", f"/v2/webhooks/{made.json()['data']['id']}")
    assert shown["condition"] == {"actorRunId": "nobody"}


async def test_a_webhook_on_another_users_run_is_created_and_never_sent(users: Api) -> None:
    run = await users.start()
    body = {"eventTypes": ["ACTOR.RUN.SUCCEEDED"], "requestUrl": "http://localhost:1/", "doNotRetry": True}
    body["condition"] = {"actorRunId": run.id}
    made = await users.data("POST", "/v2/webhooks", json=body, token="bobs-key")
    await users.finish(run)
    assert (await users.data("GET", f"/v2/webhooks/{made['id']}/dispatches", token="bobs-key"))["items"] == []
