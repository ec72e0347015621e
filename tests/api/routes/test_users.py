from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from runtime.base.plans import NO_LIMIT, PLANS
from tests.fakes.api import Api, problem

LIMITS = "/v2/users/me/limits"
USAGE = "/v2/users/me/usage/monthly"
DAY = 86_400.0


@pytest.fixture
async def free(tmp_path: Path) -> AsyncIterator[Api]:
    """A server that was started with --plan free."""
    api = Api(tmp_path, plan=PLANS["free"], max_memory_mbytes=None)
    await api.open()
    yield api
    await api.close()


async def test_my_own_user(api: Api) -> None:
    me = await api.data("GET", "/v2/users/me")
    assert (me["id"], me["username"], me["isPaying"]) == (api.user.id, "local", False)
    assert (me["plan"]["id"], me["plan"]["maxActorMemoryGbytes"]) == ("GREENROOM", 16)
    assert me["proxy"] == {"password": "", "groups": []}


async def test_other_users_are_returned_without_a_token_and_without_secrets(api: Api) -> None:
    shown = await api.data("GET", "/v2/users/local", token=None)
    assert shown == {"id": api.user.id, "username": "local", "profile": {"name": "local"}}


async def test_a_user_is_found_by_the_user_id_in_records(api: Api) -> None:
    assert (await api.data("GET", f"/v2/users/{api.user.id}"))["username"] == "local"


async def test_without_a_plan_only_the_machine_limits_a_user(api: Api) -> None:
    shown = await api.data("GET", LIMITS)
    limits, current = shown["limits"], shown["current"]
    assert (limits.pop("maxActorMemoryGbytes"), limits.pop("maxConcurrentActorJobs")) == (16, 128)
    assert (limits.pop("dataRetentionDays"), limits.pop("maxTeamAccountSeatCount")) == (7, 1)
    assert set(limits.values()) == {NO_LIMIT}
    assert current.pop("teamAccountSeatCount") == 1
    assert set(current.values()) == {0}
    assert shown["monthlyUsageCycle"] == {"startAt": "2023-11-01T00:00:00.000Z", "endAt": "2023-11-30T23:59:59.999Z"}


async def test_a_plan_sets_the_limits_that_are_shown(free: Api) -> None:
    plan, limits = (await free.data("GET", "/v2/users/me"))["plan"], (await free.data("GET", LIMITS))["limits"]
    expected = {"maxMonthlyUsageUsd": 5, "maxActorMemoryGbytes": 16, "maxActorCount": 500, "maxActorTaskCount": 5000}
    assert plan | expected == plan and limits | expected == limits
    assert (plan["id"], plan["tier"], plan["maxConcurrentActorRuns"]) == ("FREE", "FREE", 25)
    assert limits["maxConcurrentActorJobs"] == 25


async def test_the_current_numbers_follow_what_a_user_has(api: Api) -> None:
    actor = await api.create_actor()
    await api.data("POST", "/v2/actor-tasks", json={"actId": actor.id})
    run = await api.start(actor, memory_mbytes=512, timeout_secs=0)
    await api.clock.advance(60)
    current = (await api.data("GET", LIMITS))["current"]
    counts = {
        "actorCount": 1,
        "actorTaskCount": 1,
        "scheduleCount": 0,
        "activeActorJobCount": 1,
        "actorMemoryGbytes": 0.5,
    }
    assert current | counts == current
    assert current["monthlyActorComputeUnits"] == pytest.approx(1 / 120)
    assert current["monthlyUsageUsd"] == pytest.approx(0.2 / 120)
    await api.finish(run)
    ended = (await api.data("GET", LIMITS))["current"]
    assert ended == current | {"activeActorJobCount": 0, "actorMemoryGbytes": 0}


async def test_a_user_changes_two_limits(api: Api) -> None:
    answer = await api.call("PUT", LIMITS, json={"maxMonthlyUsageUsd": 12.5, "dataRetentionDays": 30})
    assert (answer.status_code, answer.json()) == (201, {})
    assert (await api.call("PUT", LIMITS, json={"maxMonthlyUsageUsd": 10})).status_code == 201
    await api.restart_server()
    limits = (await api.data("GET", LIMITS))["limits"]
    assert (limits["maxMonthlyUsageUsd"], limits["dataRetentionDays"]) == (10, 30)


@pytest.mark.parametrize(
    "body",
    [
        {"maxMonthlyUsageUsd": -1, "dataRetentionDays": 3},
        {"dataRetentionDays": 0, "maxMonthlyUsageUsd": 1},
        {"maxMonthlyUsageUsd": 1e300, "dataRetentionDays": 3},
        {"dataRetentionDays": 10**6, "maxMonthlyUsageUsd": 1},
        {"dataRetentionDays": 7.5, "maxMonthlyUsageUsd": 1},
        {"dataRetentionDays": True, "maxMonthlyUsageUsd": 1},
        {"maxMonthlyUsageUsd": "5", "dataRetentionDays": 3},
    ],
)
async def test_an_invalid_limit_changes_nothing(api: Api, body: dict[str, Any]) -> None:
    before = await api.data("GET", LIMITS)
    assert problem(await api.call("PUT", LIMITS, json=body)) == (400, "invalid-value")
    assert await api.data("GET", LIMITS) == before


async def test_the_free_plan_has_a_fixed_usage_limit(free: Api) -> None:
    changed = {"maxMonthlyUsageUsd": 100, "dataRetentionDays": 3}
    assert problem(await free.call("PUT", LIMITS, json=changed)) == (403, "insufficient-permissions")
    assert (await free.call("PUT", LIMITS, json={"maxMonthlyUsageUsd": 5})).status_code == 201
    limits = (await free.data("GET", LIMITS))["limits"]
    assert (limits["maxMonthlyUsageUsd"], limits["dataRetentionDays"]) == (5, 7)


async def test_one_job_more_than_the_plan_allows_is_rejected_until_another_ends(free: Api) -> None:
    actor = await free.create_actor()
    runs = [await free.start(actor, memory_mbytes=128) for _ in range(25)]
    path = f"/v2/actors/{actor.id}/runs?memory=128"
    assert problem(await free.call("POST", path)) == (402, "concurrent-runs-limit-exceeded")
    await free.finish(runs[0])
    assert (await free.call("POST", path)).status_code == 201


async def test_more_actors_tasks_and_schedules_than_allowed_are_rejected(api: Api) -> None:
    actor = await api.create_actor()
    api.orchestrator.schedules._most = 1
    assert (await api.call("POST", "/v2/schedules", json={"cronExpression": "@daily"})).status_code == 201
    rejected = await api.call("POST", "/v2/schedules", json={"cronExpression": "@daily"})
    assert problem(rejected) == (403, "too-many-schedules")
    api.orchestrator.actors._most = api.orchestrator.tasks._most = 1
    assert problem(await api.call("POST", "/v2/actors", json={"name": "second"})) == (403, "too-many-actors")
    assert (await api.call("POST", "/v2/actor-tasks", json={"actId": actor.id})).status_code == 201
    rejected = await api.call("POST", "/v2/actor-tasks", json={"actId": actor.id})
    assert problem(rejected) == (403, "too-many-actor-tasks")


async def test_retention_uses_the_days_of_each_user(api: Api) -> None:
    await api.call("PUT", LIMITS, json={"dataRetentionDays": 2})
    dataset = await api.data("POST", "/v2/datasets")
    await api.clock.advance(1.9 * DAY)
    assert (await api.call("GET", "/v2/datasets")).json()["data"]["total"] == 0  # unnamed storages are not listed
    assert api.orchestrator.datasets.get(dataset["id"]) is not None
    await api.clock.advance(0.2 * DAY)
    assert api.orchestrator.datasets.get(dataset["id"]) is None


async def test_the_monthly_usage_lists_days_and_services_with_their_prices(api: Api) -> None:
    run = await api.start(memory_mbytes=1024, timeout_secs=0)
    await api.clock.advance(36)
    await api.finish(run)
    shown = await api.data("GET", USAGE)
    service = {
        "quantity": pytest.approx(0.01),
        "baseAmountUsd": pytest.approx(0.002),
        "baseUnitPriceUsd": 0.2,
        "amountAfterVolumeDiscountUsd": pytest.approx(0.002),
        "priceTiers": [],
    }
    assert shown["monthlyServiceUsage"] == {"ACTOR_COMPUTE_UNITS": service}
    assert [day["date"][:10] for day in shown["dailyServiceUsages"]] == [f"2023-11-{day:02}" for day in range(1, 15)]
    assert shown["dailyServiceUsages"][-1] == {
        "date": "2023-11-14T00:00:00.000Z",
        "serviceUsage": {"ACTOR_COMPUTE_UNITS": service},
        "totalUsageCreditsUsd": pytest.approx(0.002),
    }
    for total in ("totalUsageCreditsUsdBeforeVolumeDiscount", "totalUsageCreditsUsdAfterVolumeDiscount"):
        assert shown[total] == pytest.approx(0.002)


@pytest.mark.parametrize(("date", "days"), [("2023-10-31", 31), ("2023-11-01", 14), ("2023-12-01", 0)])
async def test_a_date_selects_its_month(api: Api, date: str, days: int) -> None:
    shown = await api.data("GET", f"{USAGE}?date={date}")
    assert shown["usageCycle"]["startAt"] == f"{date[:7]}-01T00:00:00.000Z"
    assert len(shown["dailyServiceUsages"]) == days


@pytest.mark.parametrize("date", ["2023-02-29", "yesterday", "2023-1", "0000-01-01", "2023-01-01T00:00:00Z"])
async def test_an_invalid_date_is_rejected(api: Api, date: str) -> None:
    assert problem(await api.call("GET", f"{USAGE}?date={date}")) == (400, "invalid-parameter")
