from __future__ import annotations

from typing import Any

import pytest

from tests.fakes.api import CONTROL_TOKEN, Api, problem

Json = dict[str, Any]
HOURLY = {"cronExpression": "0 * * * *", "isEnabled": True}


@pytest.fixture
async def schedule(api: Api) -> Json:
    """An hourly schedule of the Actor `hello`."""
    await api.create_actor("hello")
    action = {"type": "RUN_ACTOR", "actorId": "local/hello", "id": "mine"}
    created: Json = await api.data("POST", "/v2/schedules", json={**HOURLY, "name": "hourly", "actions": [action]})
    return created


async def test_the_fields_of_a_schedule(api: Api, schedule: Json) -> None:
    [action] = schedule["actions"]
    actor_id = api.orchestrator.actors.find(api.user, "~hello").id
    assert action == {
        "id": action["id"],
        "type": "RUN_ACTOR",
        "actorId": actor_id,
        "runInput": None,
        "runOptions": None,
    }
    assert action["id"] != "mine"
    in_list = {
        "id": schedule["id"],
        "userId": api.user.id,
        "name": "hourly",
        "cronExpression": "0 * * * *",
        "timezone": "UTC",
        "isEnabled": True,
        "isExclusive": False,
        "createdAt": "2023-11-14T22:13:20.000Z",
        "modifiedAt": "2023-11-14T22:13:20.000Z",
        "nextRunAt": "2023-11-14T23:00:00.000Z",
        "lastRunAt": None,
        "actions": [{"id": action["id"], "type": "RUN_ACTOR", "actorId": actor_id}],
    }
    more = {"title": None, "description": None, "notifications": {"email": True}, "actions": [action]}
    assert schedule == {**in_list, **more}
    for reference in (schedule["id"], "~hourly", "local~hourly"):
        assert await api.data("GET", f"/v2/schedules/{reference}") == schedule
    listed = await api.data("GET", "/v2/schedules")
    assert (listed["total"], listed["items"]) == (1, [in_list])


async def test_a_schedule_is_changed_field_by_field(api: Api, schedule: Json) -> None:
    path = f"/v2/schedules/{schedule['id']}"
    await api.clock.advance(1)
    sent = {"title": "T", "timezone": "Asia/Kolkata", "notifications": {"email": False}, "isExclusive": None}
    changed = await api.data("PUT", path, json=sent)
    assert changed["modifiedAt"] > schedule["modifiedAt"]
    assert changed["nextRunAt"] == "2023-11-14T22:30:00.000Z"
    expected = {"title": "T", "timezone": "Asia/Kolkata", "notifications": {"email": False}}
    later = {"modifiedAt": changed["modifiedAt"], "nextRunAt": changed["nextRunAt"]}
    assert changed == {**schedule, **expected, **later}
    more = await api.data("PUT", path, json={"actions": [*schedule["actions"], *schedule["actions"]]})
    assert more["actions"][0] == schedule["actions"][0]
    assert more["actions"][1]["id"] != schedule["actions"][0]["id"]
    renamed = await api.data("PUT", path, json={"name": "other", "actions": []})
    assert (renamed["name"], renamed["actions"]) == ("other", [])


ACTION = {"type": "RUN_ACTOR", "actorId": "~hello"}


INVALID: list[tuple[Json, tuple[int, str]]] = [
    ({"cronExpression": "* * *"}, (400, "cron-expression-invalid")),
    ({"cronExpression": "1," * 10_000}, (400, "cron-expression-invalid")),
    ({"cronExpression": 5}, (400, "invalid-value")),
    ({"timezone": "Europe/Atlantis"}, (400, "invalid-value")),
    ({"timezone": "../../etc/passwd"}, (400, "invalid-value")),
    ({"timezone": "America"}, (400, "invalid-value")),
    ({"timezone": ""}, (400, "invalid-value")),
    ({"timezone": "x\0" * 300}, (400, "invalid-value")),
    ({"name": "-"}, (400, "invalid-value")),
    ({"name": "Hourly"}, (409, "schedule-name-not-unique")),
    ({"isEnabled": "yes"}, (400, "invalid-value")),
    ({"notifications": {"email": 1}}, (400, "invalid-value")),
    ({"actions": {}}, (400, "invalid-value")),
    ({"actions": [{"type": "DREAM"}]}, (400, "invalid-value")),
    ({"actions": [{"type": "RUN_ACTOR"}]}, (400, "invalid-value")),
    ({"actions": [{"type": "RUN_ACTOR_TASK", "actorTaskId": ""}]}, (400, "invalid-value")),
    ({"actions": [{**ACTION, "runInput": "x"}]}, (400, "invalid-value")),
    ({"actions": [{**ACTION, "runOptions": {"memoryMbytes": -1}}]}, (400, "invalid-value")),
    ({"actions": [{"type": "RUN_ACTOR", "actorId": "none"}]}, (404, "schedule-actor-not-found")),
    ({"actions": [{"type": "RUN_ACTOR_TASK", "actorTaskId": "none"}]}, (404, "schedule-actor-task-not-found")),
    ({"actions": [ACTION] * 11}, (400, "invalid-value")),
]


async def test_what_is_invalid_changes_nothing(api: Api, schedule: Json) -> None:
    other = await api.data("POST", "/v2/schedules", json={**HOURLY, "name": "second"})
    for sent, expected in INVALID:
        created = await api.call("POST", "/v2/schedules", json={**HOURLY, "name": "third", **sent})
        changed = await api.call("PUT", f"/v2/schedules/{other['id']}", json={"title": "T", **sent})
        assert problem(created) == problem(changed) == expected, sent
    assert await api.data("GET", f"/v2/schedules/{other['id']}") == other
    assert (await api.data("GET", "/v2/schedules"))["total"] == 2


async def test_a_schedule_needs_a_cron_expression_but_no_name(api: Api) -> None:
    assert problem(await api.call("POST", "/v2/schedules", json={"name": "none"})) == (400, "invalid-value")
    created = await api.data("POST", "/v2/schedules", json={"cronExpression": "@daily"})
    assert (created["isEnabled"], created["nextRunAt"], created["actions"]) == (False, None, [])


async def test_the_run_of_a_schedule_names_it(api: Api, schedule: Json) -> None:
    await api.clock.advance(2800)
    [run] = (await api.data("GET", "/v2/actor-runs"))["items"]
    assert run["meta"] == {
        "origin": "SCHEDULER",
        "clientIp": None,
        "userAgent": None,
        "scheduleId": schedule["id"],
        "scheduledAt": "2023-11-14T23:00:00.000Z",
    }
    path = f"/v2/schedules/{schedule['id']}"
    invoked = {"message": "Schedule invoked", "level": "INFO", "createdAt": "2023-11-14T23:00:00.000Z"}
    assert await api.data("GET", f"{path}/log") == [invoked]
    assert (await api.call("DELETE", path)).status_code == 204
    for method, deleted in (("GET", path), ("PUT", path), ("DELETE", path), ("GET", f"{path}/log")):
        assert problem(await api.call(method, deleted)) == (404, "record-not-found")


async def test_schedules_of_other_users_do_not_exist(users: Api) -> None:
    created = await users.data("POST", "/v2/schedules", json=HOURLY, token="alices-key")
    path = f"/v2/schedules/{created['id']}"
    for method in ("GET", "PUT", "DELETE"):
        assert problem(await users.call(method, path, token="bobs-key")) == (404, "record-not-found")
    assert (await users.data("GET", "/v2/schedules", token="bobs-key"))["total"] == 0
    named = {**HOURLY, "name": created["name"]}
    assert (await users.call("POST", "/v2/schedules", json=named, token="bobs-key")).status_code == 201


async def test_the_clock_is_advanced(api: Api, schedule: Json) -> None:
    sent = {"advanceSecs": 7200.5}
    advanced = await api.call("POST", "/greenroom/clock", json=sent, token=CONTROL_TOKEN)
    assert advanced.json() == {"now": "2023-11-15T00:13:20.500Z", "aheadSecs": 7200.5, "ticks": 2}
    assert len(await api.data("GET", f"/v2/schedules/{schedule['id']}/log")) == 2
    again = await api.call("POST", "/greenroom/clock", json={"advanceSecs": 1}, token=CONTROL_TOKEN)
    assert (again.json()["aheadSecs"], again.json()["ticks"]) == (7201.5, 0)


async def test_an_invalid_advance_is_rejected(api: Api) -> None:
    seconds = ('"a"', "0", "-1", "1e-9", "1e999", "1e300", "1.7e308", "-1.7e308")
    for body in ("{}", "[]", '"x"', *(f'{{"advanceSecs": {secs}}}' for secs in seconds)):
        assert (await api.call("POST", "/greenroom/clock", content=body, token=CONTROL_TOKEN)).status_code == 400, body
    assert api.orchestrator.advanceable_clock.offset == 0
