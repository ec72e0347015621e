"""/greenroom/webhook-dispatches"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.fakes.api import Api, problem
from tests.fakes.receiver import Receiver

Json = dict[str, Any]
HEADERS = '{"Authorization": "secret", "X-Source": "greenroom"}'


@pytest.fixture
async def dispatch(api: Api, receiver: Receiver) -> Json:
    """A dispatch without retries whose only call has failed."""
    receiver.status = 500
    actor = await api.create_actor("hello")
    fields = {"eventTypes": ["ACTOR.RUN.SUCCEEDED"], "condition": {"actorId": actor.id}, "doNotRetry": True}
    hook = await api.data(
        "POST", "/v2/webhooks", json={**fields, "requestUrl": receiver.url(), "headersTemplate": HEADERS}
    )
    created: Json = await api.data("POST", f"/v2/webhooks/{hook['id']}/test")
    await api.clock.advance(1)
    return created


async def test_a_request_is_shown_without_its_credentials(api: Api, dispatch: Json, receiver: Receiver) -> None:
    shown = (await api.call("GET", f"/greenroom/webhook-dispatches/{dispatch['id']}")).json()
    assert shown["headers"] == {"Authorization": None, "X-Source": "greenroom"}
    assert (shown["url"], shown["status"], shown["nextCallAt"]) == (receiver.url(), "FAILED", None)
    assert '"TEST"' in shown["payload"]


async def test_a_failed_dispatch_is_sent_again_once(api: Api, dispatch: Json, receiver: Receiver) -> None:
    path = f"/greenroom/webhook-dispatches/{dispatch['id']}/send-again"
    assert (await api.call("POST", path)).json()["status"] == "ACTIVE"
    await api.clock.advance(3600)
    assert receiver.dispatch_ids == [dispatch["id"]] * 2
    receiver.status = 200
    await api.call("POST", path)
    await api.clock.advance(1)
    sent = await api.data("GET", f"/v2/webhook-dispatches/{dispatch['id']}")
    assert (sent["status"], [call["responseStatus"] for call in sent["calls"]]) == ("SUCCEEDED", [500, 500, 200])


@pytest.mark.parametrize("request_line", ["GET {}", "POST {}/send-again"])
async def test_an_unknown_dispatch_is_not_found(api: Api, request_line: str) -> None:
    method, path = request_line.format("/greenroom/webhook-dispatches/missing").split()
    assert problem(await api.call(method, path)) == (404, "record-not-found")


async def test_an_order_during_a_call_is_carried_out_after_it(api: Api, dispatch: Json, receiver: Receiver) -> None:
    path = f"/greenroom/webhook-dispatches/{dispatch['id']}/send-again"
    receiver.stop_responding()
    await api.call("POST", path)
    async with asyncio.timeout(30):
        while len(receiver.received) < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.001)
    api.clock.jump(1)
    await api.call("POST", path)
    receiver.start_responding()
    await api.clock.advance(1)
    assert receiver.dispatch_ids == [dispatch["id"]] * 3
