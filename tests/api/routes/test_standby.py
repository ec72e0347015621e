from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.api.standby.standby_api import StandbyApi
from tests.fakes.api import problem
from tests.fakes.event_stream import listen


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[StandbyApi]:
    api = StandbyApi(tmp_path)
    await api.open()
    yield api
    await api.close()


async def items(api: StandbyApi) -> Any:
    return (await api.send("/greenroom/standby")).json()["items"]


async def test_the_list_shows_settings_runs_and_requests(api: StandbyApi) -> None:
    actor = await api.create_standby_actor("hello", title="Hello")
    settings = {"actId": actor.id, "name": "mine", "actorStandby": {"maxRequestsPerActorRun": 9}}
    task = await api.data("POST", "/v2/actor-tasks", json=settings)
    await api.create_actor("plain")
    await api.send("/greenroom/standby/local--hello/")
    await api.clock.advance(1)
    of_actor, of_task = await items(api)
    [run] = of_actor.pop("runs")
    recent = of_actor.pop("recentRequests")
    assert (len(recent), sum(recent)) == (60, 1)
    assert of_actor == {
        "label": "local--hello",
        "url": api.host("local--hello"),
        "pageUrl": f"http://localhost:{api.settings.port}/greenroom/standby/local--hello/",
        "actorId": actor.id,
        "actorName": "local/hello",
        "actorTitle": "Hello",
        "taskId": None,
        "taskName": None,
        "isEnabled": True,
        "settings": {
            "desiredRequestsPerActorRun": 3,
            "maxRequestsPerActorRun": 4,
            "idleTimeoutSecs": 300,
            "build": "latest",
            "memoryMbytes": 1024,
            "shouldPassActorInput": False,
        },
        "buildNumber": "0.0.1",
        "webServerMcpPath": None,
        "waitingRequests": 0,
        "openRequests": 0,
        "requestsPerSec": 0.1,
        "problem": None,
    }
    [live] = api.live
    assert run.items() >= {"id": live.id, "isReady": True, "isEnding": False, "isOutdated": False}.items()
    assert (run["requests"], run["openRequests"], run["buildNumber"], run["status"]) == (1, 0, "0.0.1", "RUNNING")
    assert run["idleSince"] is not None
    assert (of_task["taskId"], of_task["taskName"], of_task["runs"]) == (task["id"], "mine", [])
    assert of_task["settings"]["maxRequestsPerActorRun"] == 9


@pytest.mark.parametrize("of_task", [False, True])
async def test_warming_up_and_stopping(api: StandbyApi, of_task: bool) -> None:
    actor = await api.create_standby_actor()
    path = f"/greenroom/actors/{actor.id}/standby"
    if of_task:
        task = await api.data("POST", "/v2/actor-tasks", json={"actId": actor.id, "name": "mine"})
        path = f"/greenroom/actor-tasks/{task['id']}/standby"
    warm = (await api.send(f"{path}/warm-up", "POST")).json()
    [run] = api.live
    assert warm == {"runId": run.id, "url": api.host("local--mine" if of_task else "local--hello")}
    assert (await api.send(f"{path}/warm-up", "POST")).json() == warm
    assert (await api.send(f"{path}/stop", "POST")).json() == {"runIds": [run.id]}
    assert (await api.send(f"{path}/stop", "POST")).json() == {"runIds": []}
    await api.clock.advance(20)
    assert api.current(run).status == "SUCCEEDED"


async def test_the_list_shows_why_a_run_did_not_become_ready(api: StandbyApi) -> None:
    actor = await api.create_standby_actor()
    settings = {"actorStandby": {"memoryMbytes": 32_768}}
    await api.data("PUT", f"/v2/acts/{actor.id}", json=settings)
    answer = await api.send("/greenroom/standby/local--hello/")
    assert problem(answer) == (402, "actor-memory-limit-exceeded")
    [item] = await items(api)
    assert item["problem"].items() >= {"message": answer.json()["error"]["message"]}.items()
    assert item["problem"]["at"].endswith("Z")


async def test_an_actor_without_standby_cannot_be_warmed_up(api: StandbyApi) -> None:
    actor = await api.create_actor("plain")
    assert problem(await api.send(f"/greenroom/actors/{actor.id}/standby/warm-up", "POST")) == (
        400,
        "standby-not-enabled",
    )


async def test_live_events_report_standby(api: StandbyApi) -> None:
    await api.create_standby_actor()
    client = await listen(api, "standby")
    await api.clock.advance(1)
    await api.send("/greenroom/standby/local--hello/")
    await api.clock.advance(1)
    before, *_, after = client.named("standby")
    assert (before["items"][0]["runs"], after["items"][0]["runs"][0]["requests"]) == ([], 1)
    await client.close()
