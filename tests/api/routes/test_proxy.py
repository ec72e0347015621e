"""The proxy in the API: passwords and groups of users, what a run has used, and faults."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from runtime.base.clock import iso
from runtime.base.records import ProxyRequest, ProxyUse
from runtime.jobs import stats
from tests.fakes.api import CONTROL_TOKEN, Api, problem
from tests.fakes.clock import START
from tests.fakes.event_stream import listen

FAULTS = "/greenroom/proxy/faults"


@pytest.fixture
def with_proxy(api: Api) -> Api:
    api.orchestrator.addresses = replace(api.orchestrator.addresses, proxy_port=18_000)
    return api


async def test_a_user_and_each_of_its_runs_have_passwords_of_their_own(with_proxy: Api) -> None:
    api = with_proxy
    run, other = await api.start(), await api.start()
    me = (await api.call("GET", "/v2/users/me")).json()["data"]
    mine, others = [
        (await api.call("GET", "/v2/users/me", token=each.token)).json()["data"]["proxy"] for each in (run, other)
    ]
    passwords = {me["proxy"]["password"], mine["password"], others["password"]}
    assert len(passwords) == 3
    assert all(each.startswith("apify_proxy_") for each in passwords)
    assert mine["password"] == run.proxy_password
    assert [each["name"] for each in mine["groups"]] == ["SHADER", "BUYPROXIES94952", "RESIDENTIAL", "GOOGLE_SERP"]
    assert set(mine["groups"][0]) == {"name", "description", "availableCount"}
    assert me["plan"]["availableProxyGroups"]["RESIDENTIAL"] == 1
    assert me["effectivePlatformFeatures"]["PROXY"]["isEnabled"]


async def test_the_password_of_a_user_survives_a_restart(api: Api) -> None:
    before = api.orchestrator.signer.proxy_password(api.user.id)
    await api.restart_server()
    assert api.orchestrator.signer.proxy_password(api.user.id) == before


async def test_without_a_proxy_there_is_no_password(api: Api) -> None:
    me = (await api.call("GET", "/v2/users/me")).json()["data"]
    assert me["proxy"] == {"password": "", "groups": []}
    assert not me["effectivePlatformFeatures"]["PROXY"]["isEnabled"]


async def test_what_a_run_has_used(api: Api) -> None:
    run = await api.start()
    used = ProxyUse(requests=1, sessions=1, sent_bytes=2**29, received_bytes=2**29, client_bytes=2**28, serps=0)
    for _ in range(2):
        change = partial(stats.with_proxy_use, used={"RESIDENTIAL": used, "GOOGLE_SERP": ProxyUse(serps=2)})
        await api.orchestrator.runs.change_stats(run.id, change)
    shown = (await api.call("GET", f"/greenroom/runs/{run.id}/proxy")).json()["data"]
    assert shown["RESIDENTIAL"] == {
        "requests": 2,
        "sessions": 2,
        "sentBytes": 2**30,
        "receivedBytes": 2**30,
        "clientBytes": 2**29,
        "serps": 0,
    }
    usage = (await api.call("GET", f"/v2/actor-runs/{run.id}")).json()["data"]["usage"]
    assert (usage["PROXY_RESIDENTIAL_TRANSFER_GBYTES"], usage["PROXY_SERPS"]) == (2, 4)


async def test_faults_are_ordered_and_removed(api: Api) -> None:
    order = {"kind": "status", "status": 429, "count": 3, "group": "RESIDENTIAL", "host": "example.com"}
    response = await api.call("POST", FAULTS, token=CONTROL_TOKEN, json=order)
    assert response.json()["data"] == [{**order, "delaySecs": 5}]
    assert (await api.call("GET", FAULTS, token=CONTROL_TOKEN)).json() == response.json()
    assert (await api.call("DELETE", FAULTS, token=CONTROL_TOKEN)).json() == {"data": []}


@pytest.mark.parametrize(
    ("order", "field"),
    [
        ({}, "kind"),
        ({"kind": "lost"}, "kind"),
        ({"kind": "slow", "delaySecs": -1}, "delaySecs"),
        ({"kind": "status", "status": 200}, "status"),
        ({"kind": "refused", "count": 0}, "count"),
        ({"kind": "refused", "hots": "a"}, "hots"),
    ],
)
async def test_invalid_faults_are_rejected(api: Api, order: dict[str, object], field: str) -> None:
    response = await api.call("POST", FAULTS, token=CONTROL_TOKEN, json=order)
    assert problem(response)[:2] == (400, "invalid-input")
    assert f"'{field}'" in response.text
    assert (await api.call("GET", FAULTS, token=CONTROL_TOKEN)).json() == {"data": []}


def a_request(user_id: str, port: int) -> ProxyRequest:
    return ProxyRequest(
        started_at=START,
        duration_millis=12,
        user_id=user_id,
        run_id="run1",
        group="RESIDENTIAL",
        method="CONNECT",
        host="example.com",
        port=port,
        status=None,
        failure="The run ended before there was a response.",
        sent_bytes=1,
        received_bytes=2,
    )


async def test_a_user_sees_only_its_own_last_requests(users: Api) -> None:
    proxy = users.orchestrator.proxy
    alice, bob = sorted(users.orchestrator.users.all(), key=lambda each: each.username)
    client = await listen(users, "proxy", token="bobs-key")
    proxy._add_recent([a_request(alice.id, 1), a_request(bob.id, 2), a_request(bob.id, 3)])
    await users.clock.advance(0.2)
    shown = (await users.call("GET", "/greenroom/proxy/requests", token="bobs-key")).json()
    assert client.named("proxied") == [shown]
    assert [each["port"] for each in shown["items"]] == [3, 2]
    assert shown["items"][0] == {
        "startedAt": iso(START),
        "durationMillis": 12,
        "runId": "run1",
        "group": "RESIDENTIAL",
        "method": "CONNECT",
        "host": "example.com",
        "port": 3,
        "status": None,
        "failure": "The run ended before there was a response.",
        "sentBytes": 1,
        "receivedBytes": 2,
    }
    owns = (await users.call("GET", "/greenroom/proxy/requests", token="alices-key")).json()
    assert [each["port"] for each in owns["items"]] == [1]
    await client.close()
