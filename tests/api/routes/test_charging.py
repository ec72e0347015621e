"""Pricing and charges as clients see them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from runtime.base.plans import PLANS
from tests.fakes.api import Api, problem

PER_EVENT = {
    "pricingModel": "PAY_PER_EVENT",
    "pricingPerEvent": {
        "actorChargeEvents": {"page": {"eventPriceUsd": 0.1}, "apify-default-dataset-item": {"eventPriceUsd": 0.01}}
    },
    "minimalMaxTotalChargeUsd": 0.5,
}
Json = dict[str, Any]


async def a_paid_actor(api: Api) -> str:
    actor = await api.create_actor("paid")
    await api.data("PUT", f"/v2/actors/{actor.id}", json={"pricingInfos": [PER_EVENT]})
    return actor.id


async def a_paid_run(api: Api, query: str = "") -> Json:
    run = await api.data("POST", f"/v2/actors/{await a_paid_actor(api)}/runs{query}")
    await api.clock.settle()
    return dict(run)


async def test_pricing_of_an_actor_can_only_be_appended_to(api: Api) -> None:
    id = await a_paid_actor(api)
    shown = await api.data("GET", f"/v2/actors/{id}")
    assert [each["pricingModel"] for each in shown["pricingInfos"]] == ["PAY_PER_EVENT"]
    added = {"pricingInfos": [*shown["pricingInfos"], {"pricingModel": "FREE"}]}
    shown = await api.data("PUT", f"/v2/actors/{id}", json=added)
    assert [each["pricingModel"] for each in shown["pricingInfos"]] == ["PAY_PER_EVENT", "FREE"]
    removed = await api.call("PUT", f"/v2/actors/{id}", json={"pricingInfos": [PER_EVENT], "title": "New"})
    assert problem(removed) == (400, "cannot-remove-pricing-info")
    assert await api.data("GET", f"/v2/actors/{id}") == shown, "a rejected change changes nothing"


async def test_an_actor_is_created_with_its_pricing(api: Api) -> None:
    shown = await api.data("POST", "/v2/actors", json={"name": "new-one", "pricingInfos": [PER_EVENT]})
    assert shown["pricingInfos"][0]["pricingPerEvent"]["actorChargeEvents"]["page"]["eventPriceUsd"] == 0.1


async def test_charges_appear_on_the_run_immediately(api: Api) -> None:
    run = await a_paid_run(api)
    assert (run["pricingInfo"]["pricingModel"], run["chargedEventCounts"]) == ("PAY_PER_EVENT", {})
    path = f"/v2/actor-runs/{run['id']}"
    for _ in range(2):
        charge = {"eventName": "page", "count": 3}
        answer = await api.call("POST", f"{path}/charge", json=charge, headers={"idempotency-key": "once"})
        assert (answer.status_code, answer.json()) == (201, {})
    await api.call("POST", f"/v2/datasets/{run['defaultDatasetId']}/items", json=[{"a": 1}, {"a": 2}])
    shown = await api.data("GET", path)
    assert shown["chargedEventCounts"] == {"page": 3, "apify-default-dataset-item": 2}
    assert shown["usageTotalUsd"] == pytest.approx(0.32)
    assert shown["platformUsageBillingModel"] == "DEVELOPER"
    assert shown["usage"]["DATASET_WRITES"] == 2
    listed = await api.data("GET", "/v2/actor-runs")
    assert listed["items"][0]["usageTotalUsd"] == pytest.approx(0.32)


async def test_the_tier_of_the_plan_determines_the_prices_of_a_run_for_its_whole_life(tmp_path: Path) -> None:
    tiers = {"FREE": {"tieredEventPriceUsd": 0.1}, "GOLD": {"tieredEventPriceUsd": 0.04}}
    events = {name: {"eventTieredPricingUsd": tiers} for name in ("page", "apify-default-dataset-item")}
    pricing = {**PER_EVENT, "pricingPerEvent": {"actorChargeEvents": events}}
    api = Api(tmp_path, plan=PLANS["business"])
    await api.open()
    actor = await api.create_actor("tiered")
    await api.data("PUT", f"/v2/actors/{actor.id}", json={"pricingInfos": [pricing]})
    run = await api.data("POST", f"/v2/actors/{actor.id}/runs")
    await api.clock.settle()
    assert run["pricingInfo"]["pricingPerEvent"]["actorChargeEvents"]["page"]["eventTieredPricingUsd"] == tiers
    await api.call("POST", f"/v2/actor-runs/{run['id']}/charge", json={"eventName": "page", "count": 3})
    await api.call("POST", f"/v2/datasets/{run['defaultDatasetId']}/items", json=[{"a": 1}, {"a": 2}])
    assert (await api.data("GET", f"/v2/actor-runs/{run['id']}"))["usageTotalUsd"] == pytest.approx(0.2)
    await api.close(stop_runs=True)
    of_free_plan = Api(tmp_path, plan=PLANS["free"])
    await of_free_plan.open()
    shown = await of_free_plan.data("GET", f"/v2/actor-runs/{run['id']}")
    assert shown["usageTotalUsd"] == pytest.approx(0.2)
    await of_free_plan.close()


@pytest.mark.parametrize(
    ("charge", "expected"),
    [
        ({"eventName": "apify-default-dataset-item", "count": 1}, (403, "cannot-charge-apify-event")),
        ({"eventName": "unknown", "count": 1}, (400, "invalid-value")),
        ({"eventName": "page", "count": 0}, (400, "invalid-value")),
        ({"eventName": "page", "count": 10_000_001}, (400, "invalid-value")),
        ({"eventName": "page", "count": 1.5}, (400, "invalid-value")),
        ({"eventName": "page"}, (400, "invalid-request")),
        ({"count": 1}, (400, "invalid-request")),
    ],
)
async def test_an_invalid_charge_is_rejected(api: Api, charge: Json, expected: tuple[int, str]) -> None:
    run = await a_paid_run(api)
    assert problem(await api.call("POST", f"/v2/actor-runs/{run['id']}/charge", json=charge)) == expected
    assert (await api.data("GET", f"/v2/actor-runs/{run['id']}"))["chargedEventCounts"] == {}


async def test_a_run_without_a_pricing_cannot_charge(api: Api) -> None:
    run = await api.start()
    answer = await api.call("POST", f"/v2/actor-runs/{run.id}/charge", json={"eventName": "page", "count": 1})
    assert problem(answer) == (403, "cannot-charge-non-pay-per-event-actor")


async def test_a_run_can_be_charged_until_five_seconds_after_its_end(api: Api) -> None:
    run = await a_paid_run(api)
    await api.finish(api.orchestrator.runs.get(run["id"]))
    path, charge = f"/v2/actor-runs/{run['id']}/charge", {"eventName": "page", "count": 1}
    await api.clock.advance(5)
    assert (await api.call("POST", path, json=charge)).status_code == 201
    await api.clock.advance(0.001)
    assert problem(await api.call("POST", path, json=charge)) == (400, "job-finished")


@pytest.mark.parametrize(("limit", "status"), [("0.4", 400), ("0.5", 201)])
async def test_a_maximum_charge_below_the_actors_minimum_is_rejected(api: Api, limit: str, status: int) -> None:
    answer = await api.call("POST", f"/v2/actors/{await a_paid_actor(api)}/runs?maxTotalChargeUsd={limit}")
    assert answer.status_code == status
    if status == 400:
        assert problem(answer) == (400, "max-total-charge-usd-below-minimum")
        assert (await api.data("GET", "/v2/actor-runs"))["total"] == 0


async def test_bodies_between_a_run_and_the_api_count_as_internal_transfer(api: Api) -> None:
    run = await api.start()
    path, body = f"/v2/key-value-stores/{run.default_key_value_store_id}/records/BIG", b"x" * 500_000
    headers = {"content-type": "text/plain"}
    for token in (run.token, "ann"):
        await api.call("PUT", path, content=body, token=token, headers=headers)
    await api.call("GET", path, token=run.token)
    await api.finish(run)
    usage = (await api.data("GET", f"/v2/actor-runs/{run.id}"))["usage"]
    assert 1_000_000 <= usage["DATA_TRANSFER_INTERNAL_GBYTES"] * 1024**3 < 1_001_000
    assert usage["DATA_TRANSFER_EXTERNAL_GBYTES"] == 0
