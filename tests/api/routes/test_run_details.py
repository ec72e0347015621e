"""The time line, the API calls and the environment of a run, as the local controls return them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from runtime.base.records import EnvVar, Run
from tests.fakes.api import Api, problem

WHAT = ("timeline", "api-calls", "environment")


async def get(api: Api, run: Run, what: str) -> Any:
    response = await api.call("GET", f"/greenroom/runs/{run.id}/{what}")
    assert response.status_code == 200, response.text
    return response.json()


async def test_orders_name_who_sent_them(api: Api) -> None:
    run = await api.start()
    await api.call("POST", f"/v2/actor-runs/{run.id}/reboot", token=run.token)
    await api.clock.settle()
    await api.call("POST", f"/greenroom/runs/{run.id}/migrate")
    await api.clock.advance(31)
    await api.call("POST", f"/v2/actor-runs/{run.id}/abort")
    await api.clock.settle()
    await api.call("POST", f"/v2/actor-runs/{run.id}/resurrect")
    timeline = await get(api, run, "timeline")
    orders = [(each["name"], each["orderedBy"]["kind"]) for each in timeline["entries"] if each["kind"] == "order"]
    assert orders == [("reboot", "itself"), ("migration", "user"), ("abort", "user"), ("resurrection", "user")]
    assert (timeline["omitted"], timeline["isComplete"]) == (0, True)
    ended = [each["exitCode"] for each in timeline["entries"] if each["kind"] == "container-ended"]
    assert ended == [137, 137, 137]


async def test_the_curves_mark_what_the_time_line_has(api: Api) -> None:
    run = await api.start(memory_mbytes=512)
    await api.call("POST", f"/v2/actor-runs/{run.id}/reboot")
    await api.clock.settle()
    api.container_of(run).uses(90 << 20, oom_kills=1)
    await api.clock.settle()
    await api.call("POST", f"/v2/actor-runs/{run.id}/abort")
    await api.clock.settle()
    events = (await get(api, run, "metrics"))["events"]
    assert [each["kind"] for each in events] == ["reboot", "oom-kill", "abort"]


async def test_the_calls_of_a_run_are_listed_and_counted_by_operation(api: Api) -> None:
    run = await api.start()
    items = f"/v2/datasets/{run.default_dataset_id}/items"
    for number in range(3):
        await api.call("POST", items, json=[{"a": number}], token=run.token)
    await api.call("GET", f"/v2/acts/me?token={run.token}&x=1", token=None)
    await api.call("GET", "/v2/unknown", token=run.token)
    await api.call("GET", items)  # not by the run
    calls = await get(api, run, "api-calls?limit=2")
    assert (calls["total"], calls["stored"], calls["matching"], len(calls["items"])) == (5, 5, 5, 2)
    newest = calls["items"][0]
    assert (newest["path"], newest["status"], newest["operation"]) == ("/v2/unknown", 404, "other")
    assert (calls["items"][1]["path"], calls["items"][1]["query"]) == ("/v2/acts/me", "x=1")
    pushes = calls["operations"][0]
    assert (pushes["operation"], pushes["calls"], pushes["errors"]) == ("POST /v2/datasets/{id}/items", 3, 0)
    assert pushes["requestBytes"] == 3 * len(b'[{"a":0}]')
    found = await get(api, run, "api-calls?q=POST&offset=1")
    assert (found["matching"], len(found["items"])) == (3, 2)
    assert (await get(api, run, "api-calls?q=404"))["matching"] >= 1


async def test_requests_above_the_rate_limit_are_calls_of_the_run(tmp_path: Path) -> None:
    api = Api(tmp_path, rate_limit=2)
    await api.open()
    run = await api.start()
    statuses = [(await api.call("GET", "/v2/users/me", token=run.token)).status_code for _ in range(4)]
    await api.clock.advance(60)
    shown = (await get(api, run, "api-calls"))["items"]
    assert 429 in statuses and sorted(each["status"] for each in shown) == sorted(statuses)
    await api.close()


async def test_the_environment_has_origins_and_no_secrets(api: Api) -> None:
    actor = await api.create_actor()
    own = (
        EnvVar(name="PLAIN", value="mine"),
        EnvVar(name="SECRET", value="s3cr3t-value", is_secret=True),
        EnvVar(name="URL", value="http://user:s3cr3t-value@site"),
        EnvVar(name="APIFY_IS_AT_HOME", value="0"),
    )
    await api.create_build(actor, "latest", *own)
    run = await api.start(api.orchestrator.actors.get(actor.id), env_vars=(EnvVar(name="GIVEN", value="now"),))
    text = (await api.call("GET", f"/greenroom/runs/{run.id}/environment")).text
    found = await get(api, run, "environment")
    variables = {each["name"]: each for each in found["variables"]}
    container = api.container_of(run).spec.environment
    assert {name for name, each in variables.items() if each["origin"] != "image"} == set(container)
    assert variables["PLAIN"] == {"name": "PLAIN", "value": "mine", "isSecret": False, "origin": "version"}
    assert variables["SECRET"] == {"name": "SECRET", "value": None, "isSecret": True, "origin": "version"}
    assert variables["URL"]["value"] == "http://user:[REDACTED]@site"
    assert (variables["GIVEN"]["origin"], variables["APIFY_IS_AT_HOME"]["origin"]) == ("run", "platform")
    assert variables["APIFY_IS_AT_HOME"]["value"] == "1" and found["hasImage"]
    for secret in (run.token, run.proxy_password, run.events_key, "s3cr3t-value"):
        assert secret not in text
    await api.finish(run)
    assert await get(api, run, "environment") == found


async def test_a_run_of_an_earlier_version_has_no_invented_history(api: Api) -> None:
    run = await api.finish(await api.start())
    await api.orchestrator.database.run_details.delete_of_run(run.id)
    assert await get(api, run, "timeline") == {"entries": [], "omitted": 0, "isComplete": False}
    assert (await get(api, run, "environment"))["variables"] is None
    assert (await get(api, run, "api-calls"))["total"] == 0


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "offset=-1"])
async def test_invalid_paging_is_rejected(api: Api, query: str) -> None:
    run = await api.start()
    assert problem(await api.call("GET", f"/greenroom/runs/{run.id}/api-calls?{query}")) == (400, "invalid-parameter")


async def test_a_run_of_another_user_is_not_found(users: Api) -> None:
    run = await users.start(await users.create_actor(user=users.orchestrator.users.by_username("alice")))
    for what in WHAT:
        for path, token in ((run.id, "bobs-key"), ("unknown", "alices-key")):
            answer = await users.call("GET", f"/greenroom/runs/{path}/{what}", token=token)
            assert problem(answer) == (404, "record-not-found")


async def test_the_dispatches_of_a_run_have_their_calls(api: Api) -> None:
    run, other = await api.start(), await api.start()
    for each in (run, other):
        hook = {"eventTypes": ["ACTOR.RUN.SUCCEEDED"], "requestUrl": "http://127.0.0.1:9/", "doNotRetry": True}
        await api.data("POST", "/v2/webhooks", json={**hook, "condition": {"actorId": each.actor_id}})
        await api.finish(each)
    await api.clock.advance(1)
    page = (await get(api, run, "webhook-dispatches"))["data"]
    [dispatch] = page["items"]
    assert (page["total"], dispatch["eventData"]["actorRunId"], len(dispatch["calls"])) == (1, run.id, 1)


async def test_the_web_server_of_a_run(api: Api) -> None:
    run = await api.start()
    api.container_of(run).uses(90 << 20, listening=("127.0.0.1:8000",))
    await api.clock.settle()
    found = await get(api, run, "web-server")
    assert found == {
        **{"url": run.container_url, "port": 4321, "isLive": True, "isReady": False},
        "listening": ["127.0.0.1:8000"],
    }
