"""/greenroom/schedule-times"""

from __future__ import annotations

from urllib.parse import urlencode

import httpx
import pytest

from tests.fakes.api import Api, problem


async def times_of(api: Api, params: dict[str, str]) -> httpx.Response:
    return await api.call("GET", f"/greenroom/schedule-times?{urlencode(params)}")


async def test_the_next_times_follow_the_clock_of_schedules(api: Api) -> None:
    params = {"cronExpression": "30 7 * * *", "timezone": "Europe/Prague", "count": "3"}
    times = (await times_of(api, params)).json()["times"]
    assert times == [f"2023-11-{day}T06:30:00.000Z" for day in (15, 16, 17)]
    api.orchestrator.advanceable_clock.advance(24 * 3600 * 1000)
    later = (await times_of(api, params)).json()["times"]
    assert later[:2] == times[1:]


@pytest.mark.parametrize(
    ("params", "type_"),
    [
        ({}, "invalid-parameter"),
        ({"cronExpression": "at noon"}, "cron-expression-invalid"),
        ({"cronExpression": "0 0 30 2 *"}, "cron-expression-invalid"),
        ({"cronExpression": "@daily", "timezone": "Prague"}, "invalid-value"),
        ({"cronExpression": "@daily", "count": "0"}, "invalid-parameter"),
    ],
)
async def test_bad_parameters_are_rejected(api: Api, params: dict[str, str], type_: str) -> None:
    response = await times_of(api, params)
    assert problem(response) == (400, type_)
