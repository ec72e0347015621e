"""The metrics and the report of a run: of live and ended runs, with and without measurements."""

from __future__ import annotations

from typing import Any

import pytest

from runtime.base.records import Run
from runtime.containers import ProcessUse
from tests.fakes.api import Api, problem
from tests.fakes.samples import MIB, NANOS, a_detail

MEASURED = {"basis": "measured", "isLowerBound": False}
ESTIMATED = {"basis": "estimated", "isLowerBound": False}
UNKNOWN = {"value": None, "basis": None, "isLowerBound": False}


async def measured_run(api: Api, secs: int = 3, **options: Any) -> Run:
    run = await api.start(**{"memory_mbytes": 512, **options})
    for second in range(1, secs + 1):
        await api.clock.advance(1)
        detail = a_detail(by_name={"node": ProcessUse(70 * MIB, second * 10 * NANOS)}, processes=3, periods=second * 10)
        api.container_of(run).uses(90 * MIB, cpu_nanos=second * 100 * NANOS, detail=detail, is_peak_complete=True)
        await api.clock.settle()
    return run


async def get(api: Api, run: Run, what: str) -> Any:
    response = await api.call("GET", f"/greenroom/runs/{run.id}/{what}")
    assert response.status_code == 200, response.text
    return response.json()


async def test_a_live_run_has_curves_until_now_and_an_ended_one_until_its_end(api: Api) -> None:
    run = await measured_run(api)
    metrics = await get(api, run, "metrics")
    assert (metrics["isLive"], metrics["samples"], metrics["samplesPerPoint"]) == (True, 3, 1)
    assert metrics["curves"]["memoryBytes"] == {"values": [90 * MIB] * 3, "low": None, "high": None}
    assert metrics["curves"]["cpuCores"]["values"][1:] == [0.1, 0.1]
    [node] = metrics["processes"]
    assert (node["name"], node["memoryBytes"]["values"]) == ("node", [70 * MIB] * 3)
    await api.finish(run)
    metrics = await get(api, run, "metrics?maxPoints=2")
    assert (metrics["isLive"], metrics["samplesPerPoint"], len(metrics["at"])) == (False, 2, 2)
    assert metrics["curves"]["memoryBytes"]["high"] == [90 * MIB] * 2
    assert metrics["finishedAt"] == api.current(run).finished_at


@pytest.mark.parametrize("points", ["0", "2001", "x"])
async def test_an_invalid_number_of_points_is_rejected(api: Api, points: str) -> None:
    run = await api.start()
    answer = await api.call("GET", f"/greenroom/runs/{run.id}/metrics?maxPoints={points}")
    assert problem(answer) == (400, "invalid-parameter")


async def test_a_run_of_another_user_and_an_unknown_run_have_neither(users: Api) -> None:
    run = await users.start(await users.create_actor(user=users.orchestrator.users.by_username("alice")))
    for what in ("metrics", "report"):
        for path, token in ((run.id, "bobs-key"), ("unknown", "alices-key")):
            answer = await users.call("GET", f"/greenroom/runs/{path}/{what}", token=token)
            assert problem(answer) == (404, "record-not-found")


async def test_the_report_marks_what_was_measured_and_what_was_estimated(api: Api) -> None:
    run = await api.finish(await measured_run(api))
    report = await get(api, run, "report")
    assert report["memory"]["peakBytes"] == {"value": 90 * MIB, **MEASURED}
    assert report["memory"]["atPeak"]["anonymousBytes"] == {"value": 80 * MIB, **MEASURED}
    assert report["cpu"]["usedSecs"] == {"value": 0.3, **MEASURED}
    assert report["cpu"]["throttledShare"] == UNKNOWN
    [node] = report["processes"]
    assert node["memoryPeakBytes"] == {"value": 70 * MIB, **ESTIMATED}
    assert report["processPeak"]["value"] == 3
    assert report["cost"]["totalUsd"]["basis"] == "estimated" and report["cost"]["eventsUsd"] == UNKNOWN
    assert report["cost"]["usageUsd"]["value"] == pytest.approx(sum(each["usd"]["value"] for each in report["usage"]))


async def test_a_peak_at_the_limit_is_a_lower_bound(api: Api) -> None:
    run = await measured_run(api)
    api.container_of(run).runs_out_of_memory()
    await api.clock.settle()
    peak = (await get(api, run, "report"))["memory"]["peakBytes"]
    assert peak == {"value": 512 * MIB, "basis": "measured", "isLowerBound": True}


async def test_a_peak_from_the_engines_statistics_is_estimated(api: Api) -> None:
    run = await api.start(memory_mbytes=512)
    api.container_of(run).uses(90 * MIB, detail=a_detail(source="engine", is_kernel_estimated=True))
    await api.clock.settle()
    memory = (await get(api, run, "report"))["memory"]
    assert memory["peakBytes"]["basis"] == memory["atPeak"]["kernelBytes"]["basis"] == "estimated"
    assert memory["oomKills"] == UNKNOWN


async def test_a_run_without_samples_has_no_curves_and_no_invented_numbers(api: Api) -> None:
    run = await api.finish(await api.start())
    metrics, report = await get(api, run, "metrics"), await get(api, run, "report")
    assert (metrics["curves"], metrics["at"], metrics["samples"]) == (None, [], 0)
    assert report["memory"]["peakBytes"] == report["memory"]["p95Bytes"] == report["cpu"]["usedSecs"] == UNKNOWN
    assert report["memory"]["atPeak"] is None and report["network"]["receivedBytes"] == UNKNOWN


EVENTS = {
    "page": {"eventTitle": "Page", "eventDescription": "", "eventPriceUsd": 0.1},
    "apify-actor-start": {"eventTitle": "Start", "eventDescription": "", "eventPriceUsd": 0.01},
}


async def priced_run(api: Api, pricing: dict[str, Any]) -> Run:
    actor = await api.create_actor(f"actor-{pricing['pricingModel'].lower().replace('_', '-')}")
    await api.data("PUT", f"/v2/actors/{actor.id}", json={"pricingInfos": [pricing]})
    return await api.start(api.orchestrator.actors.get(actor.id))


async def test_charged_events_and_billed_items_have_sums(api: Api) -> None:
    run = await priced_run(api, {"pricingModel": "PAY_PER_EVENT", "pricingPerEvent": {"actorChargeEvents": EVENTS}})
    await api.orchestrator.billing.charge(run, "page", 3, None)
    report = await get(api, run, "report")
    assert {each["name"]: (each["count"]["value"], each["usd"]["value"]) for each in report["events"]} == {
        "page": (3, 0.3),
        "apify-actor-start": (1, 0.01),
    }
    assert report["cost"]["eventsUsd"]["value"] == report["cost"]["totalUsd"]["value"] == 0.31
    assert report["cost"]["usagePayer"] == "developer"

    run = await priced_run(api, {"pricingModel": "PRICE_PER_DATASET_ITEM", "pricePerUnitUsd": 0.5, "unitName": "page"})
    await api.call("POST", f"/v2/datasets/{run.default_dataset_id}/items", json=[{}] * 4)
    report = await get(api, run, "report")
    assert [(each["name"], each["usd"]) for each in report["events"]] == [("dataset-item", {**ESTIMATED, "value": 2.0})]
    assert report["items"] == {"value": 4, **MEASURED}


async def test_the_report_remains_when_the_actor_is_deleted(api: Api) -> None:
    actor = await api.create_actor("gone")
    run = await api.finish(await api.start(actor))
    await api.orchestrator.actor_deletion.delete(actor)
    assert (await get(api, run, "report"))["actorName"] is None
