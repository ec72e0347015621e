from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from runtime.base.errors import Invalid
from runtime.base.json_text import dumps
from runtime.base.lifecycle import JobStatus
from runtime.base.records import Pricing, PricingModel, Run
from runtime.billing.prices import IDEMPOTENCY_MILLIS, ITEM_EVENT, START_EVENT
from runtime.runs.options import StartOptions
from runtime.runs.restarts import ABORT_GRACE_MILLIS
from tests.fakes.clock import START
from tests.fakes.records import a_pricing
from tests.fakes.stage import Stage

S = JobStatus
PRICES = {"page": 0.1, ITEM_EVENT: 0.01, START_EVENT: 0.001}
KEEP_SECS = IDEMPOTENCY_MILLIS / 1000


async def a_paid_run(stage: Stage, pricing: Pricing | None = None, **options: Any) -> Run:
    actor = await stage.an_actor("paid")
    await stage.orchestrator.actors.update(actor, lambda _: {"pricings": (pricing or a_pricing(PRICES),)})
    return await stage.start(stage.orchestrator.actors.get(actor.id), **options)


async def push(stage: Stage, run: Run, count: int) -> None:
    datasets = stage.orchestrator.datasets
    await datasets.push(datasets.find(run.user_id, run.default_dataset_id), dumps([{"n": n} for n in range(count)]))


async def charge(stage: Stage, run: Run, count: int = 1, key: str | None = None) -> None:
    await stage.orchestrator.billing.charge(run, "page", count, key)


def counts(stage: Stage, run: Run) -> dict[str, int]:
    return stage.orchestrator.billing.event_counts(stage.now(run))


def total(stage: Stage, run: Run) -> float:
    return stage.orchestrator.billing.total_usd(stage.now(run))


async def test_a_run_is_charged_for_its_start_its_events_and_its_items(stage: Stage) -> None:
    run = await a_paid_run(stage, memory_mbytes=2048)
    await charge(stage, run, 3)
    await push(stage, run, 5)
    assert counts(stage, run) == {START_EVENT: 2, "page": 3, ITEM_EVENT: 5}
    assert total(stage, run) == pytest.approx(2 * 0.001 + 3 * 0.1 + 5 * 0.01)


async def test_a_repeated_charge_is_counted_once_for_three_minutes(stage: Stage) -> None:
    run = await a_paid_run(stage)
    await charge(stage, run, 2, "key")
    await charge(stage, run, 2, "key")
    await charge(stage, run, 2, "other")
    assert counts(stage, run)["page"] == 4
    await stage.clock.advance(KEEP_SECS)
    await charge(stage, run, 2, "key")
    assert counts(stage, run)["page"] == 4
    await stage.clock.advance(0.001)
    await charge(stage, run, 2, "key")
    assert counts(stage, run)["page"] == 6


async def test_a_repetition_is_known_after_a_restart_of_the_server(stage: Stage) -> None:
    run = await a_paid_run(stage)
    await charge(stage, run, 2, "key")
    await stage.close()
    await stage.open()
    await charge(stage, run, 2, "key")
    assert counts(stage, run)["page"] == 2


async def test_a_refused_charge_leaves_its_key_free(stage: Stage) -> None:
    run = await a_paid_run(stage)
    with pytest.raises(Invalid):
        await charge(stage, run, 0, "key")
    await charge(stage, run, 1, "key")
    assert counts(stage, run)["page"] == 1


async def test_two_runs_may_use_the_same_key(stage: Stage) -> None:
    run = await a_paid_run(stage)
    other = await stage.start(stage.orchestrator.actors.get(run.actor_id))
    await charge(stage, run, 1, "key")
    await charge(stage, other, 1, "key")
    assert counts(stage, run)["page"] == counts(stage, other)["page"] == 1


async def test_a_run_keeps_the_pricing_it_started_with(stage: Stage) -> None:
    run = await a_paid_run(stage)
    actor = stage.orchestrator.actors.get(run.actor_id)
    dearer = a_pricing({"page": 5}, started_at=START + 1)
    await stage.clock.advance(1)
    actor = await stage.orchestrator.actors.update(actor, lambda _: {"pricings": (*actor.pricings, dearer)})
    assert stage.now(run).pricing == a_pricing(PRICES)
    assert (await stage.start(actor)).pricing == dearer


async def test_charges_go_on_through_restarts_and_resurrections(stage: Stage) -> None:
    run = await a_paid_run(stage)
    await charge(stage, run, 2)
    await stage.orchestrator.orders.reboot(stage.now(run))
    await stage.clock.settle()
    await charge(stage, run, 1)
    await stage.ended(run)
    await stage.orchestrator.resurrection.resurrect(stage.now(run), StartOptions(memory_mbytes=4096))
    await stage.clock.settle()
    assert counts(stage, run) == {START_EVENT: 1, "page": 3}, "the start is charged once"
    told = [each.spec.environment["APIFY_CHARGED_ACTOR_EVENT_COUNTS"] for each in stage.containers_of(run)]
    assert told == [f'{{"{START_EVENT}":1}}', f'{{"{START_EVENT}":1,"page":2}}', f'{{"{START_EVENT}":1,"page":3}}']


# The end at the maximum


async def test_a_run_ends_gracefully_when_it_has_reached_its_maximum(stage: Stage) -> None:
    run = await a_paid_run(stage, max_total_charge_usd=0.5)
    await charge(stage, run, 4)
    await stage.clock.advance(2)
    assert stage.now(run).status is S.RUNNING
    await push(stage, run, 10)
    await stage.clock.advance(1)
    assert stage.now(run).status is S.ABORTING
    await stage.clock.advance(ABORT_GRACE_MILLIS / 1000)
    ended = stage.now(run)
    assert (ended.status, stage.container_of(run).signals) == (S.ABORTED, ["SIGKILL"])
    assert ended.status_message is not None and "maximum cost of $0.5" in ended.status_message
    assert f"ACTOR: {ended.status_message}" in await stage.log_of(run.id)


async def test_an_actor_that_ends_itself_in_time_is_aborted_for_its_cost_all_the_same(stage: Stage) -> None:
    run = await a_paid_run(stage, max_total_charge_usd=0.5)
    await charge(stage, run, 5)
    await stage.clock.advance(1)
    ended = await stage.ended(run, 0)
    assert (ended.status, ended.exit_code) == (S.ABORTED, 0)
    assert ended.status_message is not None and "maximum cost" in ended.status_message


async def test_a_run_at_its_maximum_ends_after_a_restart_of_the_server_too(stage: Stage) -> None:
    run = await a_paid_run(stage, max_total_charge_usd=0.5)
    await charge(stage, run, 5)
    await stage.close()
    await stage.open()
    await stage.clock.advance(1)
    assert stage.now(run).status is S.ABORTING


async def test_a_resurrected_run_needs_a_higher_maximum_to_go_on(stage: Stage) -> None:
    run = await a_paid_run(stage, max_total_charge_usd=0.5)
    await charge(stage, run, 5)
    await stage.clock.advance(1)
    await stage.ended(run)
    for limit, status in ((None, S.ABORTING), (1.0, S.RUNNING)):
        options = StartOptions(max_total_charge_usd=limit)
        await stage.orchestrator.resurrection.resurrect(stage.now(run), options)
        await stage.clock.advance(2)
        assert stage.now(run).status is status
        await stage.ended(run)


async def test_an_abort_by_its_user_is_not_called_one_for_its_cost(stage: Stage) -> None:
    run = await a_paid_run(stage, max_total_charge_usd=0.5)
    await stage.orchestrator.orders.abort(run, gracefully=True)
    await charge(stage, run, 5)
    await stage.clock.advance(ABORT_GRACE_MILLIS / 1000)
    assert stage.now(run).status_message == "Actor was aborted."


async def test_results_up_to_max_items_are_billed_and_count_towards_the_maximum(stage: Stage) -> None:
    per_item = Pricing(model=PricingModel.PRICE_PER_DATASET_ITEM, started_at=START, item_price_usd=0.1)
    run = await a_paid_run(stage, per_item, max_items=3, max_total_charge_usd=0.3)
    await push(stage, run, 2)
    await stage.clock.advance(2)
    assert (total(stage, run), stage.now(run).status) == (pytest.approx(0.2), S.RUNNING)
    await push(stage, run, 20)
    assert total(stage, run) == pytest.approx(0.3)
    await stage.clock.advance(1)
    assert stage.now(run).status is S.ABORTING


async def test_without_a_price_for_results_the_maximum_is_one_for_usage(stage: Stage) -> None:
    run = await stage.start(memory_mbytes=32768 // 2, max_total_charge_usd=0.01, timeout_secs=0)
    per_second = 0.2 * 16 / 3600
    await stage.clock.advance(0.01 / per_second - 2)
    assert stage.now(run).status is S.RUNNING
    await stage.clock.advance(3)
    assert stage.now(run).status is S.ABORTING


# Usage


async def test_usage_ends_with_the_run_and_goes_on_with_it(stage: Stage) -> None:
    billing = stage.orchestrator.billing
    run = await stage.start()
    await push(stage, run, 3)
    await stage.ended(run)
    await push(stage, run, 4)
    assert billing.usage(stage.now(run))["DATASET_WRITES"] == 3
    await stage.orchestrator.resurrection.resurrect(stage.now(run), StartOptions())
    await stage.clock.settle()
    assert billing.usage(stage.now(run))["DATASET_WRITES"] == 3
    await push(stage, run, 5)
    assert billing.usage(stage.now(run))["DATASET_WRITES"] == 8
    await stage.ended(run)
    assert billing.usage(stage.now(run))["DATASET_WRITES"] == 8


async def test_what_was_charged_outlives_the_dataset(stage: Stage) -> None:
    run = await a_paid_run(stage)
    await push(stage, run, 3)
    await stage.ended(run)
    before = total(stage, run)
    await stage.orchestrator.datasets.delete(run.default_dataset_id)
    assert counts(stage, run)[ITEM_EVENT] == 3
    assert total(stage, run) == before


async def test_usage_is_in_the_total_where_the_user_pays_it(stage: Stage) -> None:
    run = await a_paid_run(stage)
    await charge(stage, run)
    await stage.clock.advance(360)
    assert total(stage, run) == pytest.approx(0.101)
    await stage.orchestrator.database.runs.update(
        run.id, lambda now: replace(now, pricing=a_pricing(PRICES, is_usage_paid_by_user=True))
    )
    assert total(stage, run) > 0.12


async def test_a_run_cannot_become_one_that_is_paid_by_result(stage: Stage) -> None:
    run = await stage.start()
    target = await stage.an_actor("per-result")
    per_item = Pricing(model=PricingModel.PRICE_PER_DATASET_ITEM, started_at=START, item_price_usd=0.1)
    target = await stage.orchestrator.actors.update(target, lambda _: {"pricings": (per_item,)})
    with pytest.raises(Invalid) as refused:
        await stage.orchestrator.metamorphs.order(run, target, None, None)
    assert refused.value.slug == "cannot-metamorph-to-pay-per-result-actor"
