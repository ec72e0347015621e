"""Random requests to all routes: never an unexpected error, always the envelope, and valid records afterwards."""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.examples import examples
from tests.fakes.api import CONTROL_TOKEN, Api
from tests.fuzz.hostile_values import EXCLUDED, ROUTES, SCHEDULE, VERSION, WEBHOOK, HostileRequest, encodable, requests

FUZZ_SECS = int(os.environ.get("GREENROOM_FUZZ_SECS", "0"))
EXAMPLES = FUZZ_SECS * 2 or examples(20)
MARGIN_SECS = 300
"""An example takes a quarter of a second, and on a busy machine up to a second."""
REQUESTS = 25
"""Requests of one example, to the same server, because the earlier ones prepare faults of the later ones."""
WAIT_SECS = 400
"""Longer than any request waits for a run."""
LISTS = (
    *("actors", "actor-tasks", "actor-runs", "actor-builds", "webhooks", "webhook-dispatches", "store"),
    *("datasets", "key-value-stores", "request-queues", "schedules"),
)
RECORDS = {
    *("actors", "actor-tasks", "actor-runs", "actor-builds", "webhooks", "datasets", "key-value-stores", "schedules"),
}


@pytest.mark.timeout(MARGIN_SECS + 2 * FUZZ_SECS)
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(sent=st.lists(requests, min_size=REQUESTS // 2, max_size=REQUESTS))
async def test_no_request_causes_an_unexpected_error(sent: list[HostileRequest]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        api = Api(Path(folder))
        await api.open()
        try:
            existing = await some_records(api)
            for request in sent:
                await send(api, request, existing)
            await check_records(api)
            await api.restart_server()
        finally:
            await api.close()


async def some_records(api: Api) -> dict[str, str]:
    """Create one record of each kind, and return their ids by the words that precede them in paths."""
    run = await api.start()
    queue = f"/v2/request-queues/{run.default_request_queue_id}/requests"
    request = await api.data("POST", queue, json={"url": "http://a", "uniqueKey": "a"})
    await api.call("POST", f"/v2/datasets/{run.default_dataset_id}/items", json=[{"a": {"b": [1]}}, {"c": None}])
    await api.data("POST", f"/v2/actors/{run.actor_id}/versions", json=VERSION)
    await api.data("POST", f"/v2/actors/{run.actor_id}/versions/0.0/env-vars", json={"name": "NAME", "value": "a"})
    task = await api.data("POST", "/v2/actor-tasks", json={"actId": run.actor_id, "name": "task"})
    hook = await api.data("POST", "/v2/webhooks", json={**WEBHOOK, "condition": {"actorId": run.actor_id}})
    schedule = await api.data("POST", "/v2/schedules", json={**SCHEDULE, "name": "schedule"})
    return {
        **{word: run.id for word in ("actor-runs", "runs", "logs")},
        "actors": run.actor_id,
        **{word: str(run.build_id) for word in ("actor-builds", "builds")},
        "datasets": run.default_dataset_id,
        "key-value-stores": run.default_key_value_store_id,
        "request-queues": run.default_request_queue_id,
        "requests": request["requestId"],
        "actor-tasks": task["id"],
        "webhooks": hook["id"],
        "schedules": schedule["id"],
        **{"records": "INPUT", "versions": "0.0", "env-vars": "NAME", "users": "me"},
    }


async def send(api: Api, request: HostileRequest, existing: dict[str, str]) -> None:
    response = await respond(api, request, request.target(existing))
    if response is None:  # a stream of something that is still live
        return
    shown = f"{request.method} {response.request.url}: {response.status_code} {response.text[:300]}"
    assert response.status_code < 500 or response.status_code in (501, 502, 503), shown
    if response.status_code < 400 or request.method == "HEAD":
        return
    if response.headers["content-type"].startswith("text/html"):  # people open these in a browser
        assert not request.path.startswith("/v2"), shown
    else:
        error = json.loads(response.content)["error"]
        assert error.keys() <= {"type", "message", "data"} and isinstance(error["message"], str), shown


async def respond(api: Api, request: HostileRequest, target: str) -> httpx.Response | None:
    token = CONTROL_TOKEN if request.path.startswith("/greenroom") else "ann"
    sent = {"Authorization": f"Bearer {token}", **dict(request.headers)}
    headers = [(name.encode(), encodable(value)) for name, value in sent.items()]
    built = api.client.build_request(request.method, target, headers=headers, content=request.body)
    call = asyncio.ensure_future(api.client.send(built))
    for _ in range(2):
        await api.clock.settle()
        if not call.done():
            await asyncio.wait([call], timeout=0.05)
        if not call.done():
            await api.clock.advance(WAIT_SECS)
    await asyncio.wait([call], timeout=0.5)
    if call.done():
        return call.result()
    call.cancel()
    await asyncio.gather(call, return_exceptions=True)
    return None


async def check_records(api: Api) -> None:
    """Every list can be read, and every record in it."""
    for kind in LISTS:
        page = await api.data("GET", f"/v2/{kind}?limit=1000")
        for record in page["items"] if kind in RECORDS else ():
            await api.data("GET", f"/v2/{kind}/{record['id']}")


def test_all_routes_are_called() -> None:
    assert len(ROUTES) > 100
    assert all(EXCLUDED.values())
