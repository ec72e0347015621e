"""Webhooks through Apify's Python client, and webhooks that call the API itself. No engine is needed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from apify_client import ApifyClientAsync

from runtime.base.records import PermissionLevel
from tests.fakes.api import Api
from tests.fakes.receiver import Receiver
from tests.listening import bound_socket, listening


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    """The API on its own port, in virtual time."""
    bound = bound_socket()
    api = Api(tmp_path, port=bound.getsockname()[1], users={"ann": "ann", "bob": "bob"})
    await api.open()
    async with listening(api.app, bound):
        yield api
    await api.close()


async def test_the_client_parses_all_webhook_responses(api: Api, receiver: Receiver) -> None:
    client = ApifyClientAsync("ann", api_url=f"http://localhost:{api.settings.port}")
    actor = await api.create_actor("hello")
    created = await client.webhooks().create(
        event_types=["ACTOR.RUN.SUCCEEDED"],
        request_url=receiver.url(),
        actor_id=actor.id,
        payload_template='{"run": {{resource.id}}, "eventType": {{eventType}}}',
        idempotency_key="once",
    )
    webhook = client.webhook(created.id)
    updated = await webhook.update(do_not_retry=True)
    got = await webhook.get()
    assert updated == got and got is not None and got.do_not_retry
    assert [each.id for each in (await client.webhooks().list()).items] == [created.id]
    assert [each.id for each in (await client.actor(actor.id).webhooks().list()).items] == [created.id]

    tested = await webhook.test()
    assert tested is not None and tested.status == "ACTIVE"
    # The client exports no name for the type of such a webhook.
    ad_hoc: list[Any] = [{"event_types": ["ACTOR.RUN.CREATED"], "request_url": receiver.url("/ad-hoc")}]
    run = await client.actor(actor.id).start(webhooks=ad_hoc)
    await api.clock.settle()
    await api.finish(api.orchestrator.runs.get(run.id))
    assert sorted(receiver.events) == ["ACTOR.RUN.CREATED", "ACTOR.RUN.SUCCEEDED", "TEST"]
    assert receiver.received[-1].body["run"] == run.id

    dispatches = (await webhook.dispatches().list()).items
    assert {each.status for each in dispatches} == {"SUCCEEDED"}
    dispatch = await client.webhook_dispatch(dispatches[0].id).get()
    assert dispatch is not None and dispatch.calls is not None and dispatch.calls[0].response_status == 200
    assert len((await client.webhook_dispatches().list()).items) == 3
    await webhook.delete()
    assert await webhook.get() is None


@pytest.mark.parametrize(
    ("level", "where", "status"),
    [
        (None, "/v2/acts/{actor}/runs", 201),
        (PermissionLevel.FULL, "/v2/acts/{actor}/runs", 201),
        (PermissionLevel.LIMITED, "/v2/acts/{actor}/runs", 401),
        (None, "/v2/acts/{actor}/runs?token=wrong", 401),
        (None, "/greenroom/shutdown", 401),
    ],
    ids=["of a user", "of a full run", "of a limited run", "with a token in the URL", "to a local control"],
)
async def test_a_webhook_to_the_api_itself_has_its_owners_permissions(
    api: Api, level: PermissionLevel | None, where: str, status: int
) -> None:
    bob, addresses = api.orchestrator.users.by_username("bob"), api.orchestrator.addresses
    assert bob is not None
    target, source = await api.create_actor("target", bob), await api.create_actor("source", bob)
    run = await api.start(source, permission_level=level)
    wanted = {
        "eventTypes": ["ACTOR.RUN.SUCCEEDED"],
        "requestUrl": addresses.container_base + where.format(actor=target.id),
        "condition": {"actorRunId": run.id},
    }
    authorization = f"Bearer {run.token if level else 'bob'}"
    async with httpx.AsyncClient(base_url=addresses.public_base, headers={"Authorization": authorization}) as client:
        (await client.post("/v2/webhooks", json=wanted)).raise_for_status()
    await api.finish(run)
    [dispatch] = api.orchestrator.database.dispatches.all()
    assert [call.response_status for call in dispatch.calls] == [status]
    started = [run for run in api.orchestrator.database.runs.all() if run.actor_id == target.id]
    assert [(each.user_id, each.meta.origin) for each in started] == ([(bob.id, "WEBHOOK")] if status == 201 else [])
