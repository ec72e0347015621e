"""The checks of the doctor as a job of the server."""

from __future__ import annotations

from runtime.doctor import fail, ok
from tests.fakes.api import Api
from tests.fakes.event_stream import listen


async def test_checks_appear_one_by_one_and_are_not_made_twice_at_the_same_time(api: Api) -> None:
    before = (await api.call("GET", "/greenroom/doctor")).json()
    assert before == {"state": "NONE", "startedAt": None, "finishedAt": None, "ok": None, "checks": []}
    api.checks = [ok("engine", "Docker 28"), fail("gateway", "ETIMEDOUT", "Allow it.")]
    started = await api.call("POST", "/greenroom/doctor")
    assert (started.status_code, started.json()["state"]) == (202, "RUNNING")
    await api.clock.settle()
    await api.call("POST", "/greenroom/doctor")
    live = (await api.call("GET", "/greenroom/doctor")).json()
    assert (live["ok"], [each["name"] for each in live["checks"]]) == (None, ["engine"])
    await api.clock.advance(2)
    done = (await api.call("GET", "/greenroom/doctor")).json()
    assert (done["state"], done["ok"], done["startedAt"]) == ("FINISHED", False, started.json()["startedAt"])
    fields = {"area": "engine", "name": "gateway", "verdict": "FAIL", "found": "ETIMEDOUT", "fix": "Allow it."}
    assert done["checks"][1] == fields


async def test_a_new_examination_replaces_the_last_one(api: Api) -> None:
    for _ in range(2):
        await api.call("POST", "/greenroom/doctor")
        await api.clock.advance(2)
    assert len((await api.call("GET", "/greenroom/doctor")).json()["checks"]) == 1


async def test_live_events_show_the_progress_of_the_checks(users: Api) -> None:
    client = await listen(users, "doctor", token="bobs-key")
    users.checks = [ok("engine", "Docker 28"), ok("gateway", "reachable")]
    await users.call("POST", "/greenroom/doctor", token="alices-key")
    await users.clock.advance(0.5)
    assert [len(each["checks"]) for each in client.named("doctor")][-1] == 1
    await users.clock.advance(3)
    shown = (await users.call("GET", "/greenroom/doctor", token="bobs-key")).json()
    assert client.named("doctor")[-1] == shown
    assert (shown["state"], len(shown["checks"])) == ("FINISHED", 2)
    await client.close()
