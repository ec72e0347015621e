"""The requests of a queue by their outcome."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes.api import Api, problem

HANDLED = {"handledAt": "2023-11-14T22:13:20.000Z"}
REQUESTS: dict[str, dict[str, Any]] = {
    "pending": {},
    "retried": {**HANDLED, "retryCount": 1, "errorMessages": ["once"]},
    "rotated": {**HANDLED, "errorMessages": ["blocked"], "userData": {"__crawlee": {"sessionRotationCount": 1}}},
    "failed": {**HANDLED, "retryCount": 1, "errorMessages": ["once", "twice"]},
    "failed-in-crawlee": {**HANDLED, "userData": {"__crawlee": {"state": 5}}},
    "handled-in-crawlee": {**HANDLED, "errorMessages": ["a", "b"], "userData": {"__crawlee": {"state": 3}}},
    "odd": {**HANDLED, "errorMessages": None, "userData": {"__crawlee": "x"}},
}


async def fill(api: Api) -> str:
    queue = (await api.data("POST", "/v2/request-queues"))["id"]
    for key, fields in REQUESTS.items():
        await api.data(
            "POST", f"/v2/request-queues/{queue}/requests", json={"url": f"http://a/{key}", "uniqueKey": key, **fields}
        )
    return f"/greenroom/request-queues/{queue}/requests"


async def test_requests_are_counted_and_listed_by_outcome(api: Api) -> None:
    path = await fill(api)
    before = (await api.data("GET", path.replace("/greenroom", "/v2").removesuffix("/requests")))["stats"]
    shown = (await api.call("GET", f"{path}?outcome=failed")).json()
    assert shown["counts"] == {"pending": 1, "locked": 0, "handled": 4, "failed": 2}
    assert {each["request"]["uniqueKey"] for each in shown["items"]} == {"failed", "failed-in-crawlee"}
    assert {each["outcome"] for each in shown["items"]} == {"failed"} and shown["nextAfter"] is None
    seen, after = [], ""
    while after is not None:
        page = (await api.call("GET", f"{path}?limit=3&after={after}&counts=false")).json()
        assert page["counts"] is None
        seen += [each["request"]["uniqueKey"] for each in page["items"]]
        after = page["nextAfter"]
    assert sorted(seen) == sorted(REQUESTS)
    assert (await api.data("GET", path.replace("/greenroom", "/v2").removesuffix("/requests")))["stats"] == before


async def test_a_locked_request_is_pending_again_after_its_lock(api: Api) -> None:
    path = await fill(api)
    lock = path.replace("/greenroom", "/v2").replace("/requests", "/head/lock?lockSecs=10")
    await api.data("POST", f"{lock}&limit=1")
    assert (await api.call("GET", path)).json()["counts"]["locked"] == 1
    await api.clock.advance(11)
    assert (await api.call("GET", path)).json()["counts"]["pending"] == 1


@pytest.mark.parametrize("query", ["outcome=lost", "limit=0", "limit=1001"])
async def test_invalid_parameters_are_rejected(api: Api, query: str) -> None:
    path = await fill(api)
    assert problem(await api.call("GET", f"{path}?{query}")) == (400, "invalid-parameter")
    assert problem(await api.call("GET", "/greenroom/request-queues/unknown/requests")) == (404, "record-not-found")
