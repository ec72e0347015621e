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
from runtime.runs.restarts import ABORT_GRACE_MILLIS, is_winding_down
from tests.fakes.clock import START
from tests.fakes.records import a_pricing
from tests.fakes.stage import Stage, record_moves

S = JobStatus
PRICES = {"page": 0.1, ITEM_EVENT: 0.01, START_EVENT: 0.001}
IDEMPOTENCY_SECS = IDEMPOTENCY_MILLIS / 1000


async def start_paid_run(stage: Stage, pricing: Pricing | None = None, **options: Any) -> Run:
    actor = await stage.create_actor("paid")
    await stage.orchestrator.actors.update(actor, lambda _: {"pricings": (pricing or a_pricing(PRICES),)})
    return await stage.start(stage.orchestrator.actors.get(actor.id), **options)


async def push(stage: Stage, run: Run, count: int) -> None:
    datasets = stage.orchestrator.datasets
    await datasets.push(datasets.find(run.user_id, run.default_dataset_id), dumps([{"n": n} for n in range(count)]))


async def charge(stage: Stage, run: Run, count: int = 1, key: str | None = None) -> None:
    await stage.orchestrator.billing.charge(run, "page", count, key)


def counts(stage: Stage, run: Run) -> dict[str, int]:
    return stage.orchestrator.billing.event_counts(stage.current(run))


def total(stage: Stage, run: Run) -> float:
    return stage.orchestrator.billing.total_usd(stage.current(run))


async def test_a_run_is_charged_for_its_start_its_events_and_its_items(stage: Stage) -> None:
    run = await start_paid_run(stage, memory_mbytes=2048)
    await charge(stage, run, 3)
    await push(stage, run, 5)
    assert counts(stage, run) == {START_EVENT: 2, "page": 3, ITEM_EVENT: 5}
    assert total(stage, run) == pytest.approx(2 * 0.001 + 3 * 0.1 + 5 * 0.01)


async def test_a_repeated_charge_is_counted_once_for_three_minutes(stage: Stage) -> None:
    run = await start_paid_run(stage)
    await charge(stage, run, 2, "key")
    await charge(stage, run, 2, "key")
    await charge(stage, run, 2, "other")
    assert counts(stage, run)["page"] == 4
    await stage.clock.advance(IDEMPOTENCY_SECS)
    await charge(stage, run, 2, "key")
    assert counts(stage, run)["page"] == 4
    await stage.clock.advance(0.001)
    await charge(stage, run, 2, "key")
    assert counts(stage, run)["page"] == 6


async def test_a_repeated_charge_is_recognized_after_a_restart_of_the_server(stage: Stage) -> None:
    run = await start_paid_run(stage)
    await charge(stage, run, 2, "key")
    await stage.restart_server()
    await charge(stage, run, 2, "key")
    assert counts(stage, run)["page"] == 2


async def test_the_idempotency_key_of_a_rejected_charge_can_be_used_again(stage: Stage) -> None:
    run = await start_paid_run(stage)
    with pytest.raises(Invalid):
        await charge(stage, run, 0, "key")
    await charge(stage, run, 1, "key")
    assert counts(stage, run)["page"] == 1


async def test_two_runs_can_use_the_same_idempotency_key(stage: Stage) -> None:
    run = await start_paid_run(stage)
    other = await stage.start(stage.orchestrator.actors.get(run.actor_id))
    await charge(stage, run, 1, "key")
    await charge(stage, other, 1, "key")
    assert counts(stage, run)["page"] == counts(stage, other)["page"] == 1


async def test_a_change_of_the_pricing_does_not_affect_live_runs(stage: Stage) -> None:
    run = await start_paid_run(stage)
    actor = stage.orchestrator.actors.get(run.actor_id)
    higher = a_pricing({"page": 5}, started_at=START + 1)
    await stage.clock.advance(1)
    actor = await stage.orchestrator.actors.update(actor, lambda _: {"pricings": (*actor.pricings, higher)})
    assert stage.current(run).pricing == a_pricing(PRICES)
    assert (await stage.start(actor)).pricing == higher


async def test_charges_add_up_over_restarts_and_resurrections(stage: Stage) -> None:
    run = await start_paid_run(stage)
    await charge(stage, run, 2)
    await stage.orchestrator.orders.reboot(stage.current(run))
    await stage.clock.settle()
    await charge(stage, run, 1)
    await stage.finish(run)
    await stage.orchestrator.resurrection.resurrect(stage.current(run), StartOptions(memory_mbytes=4096))
    await stage.clock.settle()
    assert counts(stage, run) == {START_EVENT: 1, "page": 3}, "the start must be charged once"
    sent = [each.spec.environment["APIFY_CHARGED_ACTOR_EVENT_COUNTS"] for each in stage.containers_of(run)]
    assert sent == [f'{{"{START_EVENT}":1}}', f'{{"{START_EVENT}":1,"page":2}}', f'{{"{START_EVENT}":1,"page":3}}']


# The maximum charge


async def test_a_run_that_does_not_end_at_its_maximum_charge_is_aborted_after_the_grace_period(stage: Stage) -> None:
    moves = record_moves(stage)
    run = await start_paid_run(stage, max_total_charge_usd=0.5)
    await charge(stage, run, 4)
    await stage.clock.advance(2)
    assert not is_winding_down(stage.current(run))
    await push(stage, run, 10)
    await stage.clock.advance(1)
    assert is_winding_down(stage.current(run))
    await stage.clock.advance(ABORT_GRACE_MILLIS / 1000)
    ended = stage.current(run)
    assert moves == [(run.id, S.RUNNING), (run.id, S.ABORTING), (run.id, S.ABORTED)]
    assert stage.container_of(run).signals == ["SIGKILL"]
    assert ended.status_message is not None and "maximum cost of $0.5" in ended.status_message
    assert f"ACTOR: {ended.status_message}" in await stage.log_of(run.id)


@pytest.mark.parametrize("own_message", [None, "All pages charged"])
@pytest.mark.parametrize("ends", ["at once", "within the grace", "while the server is down"])
async def test_an_actor_that_exits_with_0_at_its_maximum_charge_has_succeeded(
    stage: Stage, ends: str, own_message: str | None
) -> None:
    """Most Actors end when their SDK reports that the limit is reached. That is what their caller asked for."""
    run = await start_paid_run(stage, max_total_charge_usd=0.5)
    if own_message is not None:
        await stage.orchestrator.runs.set_status_message(run.id, own_message, None, by_actor=True)
    await charge(stage, run, 5)
    if ends != "at once":
        await stage.clock.advance(20)
    if ends == "while the server is down":
        await stage.close()
        stage.container_of(run).exits(0)
        await stage.open()
    ended = stage.current(run) if ends.startswith("while") else await stage.finish(run, 0)
    assert (ended.status, ended.exit_code) == (S.SUCCEEDED, 0)
    assert ended.status_message == (own_message or "Actor finished with exit code 0.")


@pytest.mark.parametrize("restart_on_error", [True, False])
async def test_an_actor_that_fails_at_its_maximum_charge_is_aborted_and_not_restarted(
    stage: Stage, restart_on_error: bool
) -> None:
    run = await start_paid_run(stage, max_total_charge_usd=0.5, restart_on_error=restart_on_error)
    await charge(stage, run, 5)
    await stage.clock.advance(1)
    ended = await stage.finish(run, 143)
    assert (ended.status, ended.exit_code, len(stage.containers_of(run))) == (S.ABORTED, 143, 1)
    assert ended.status_message is not None and "maximum cost" in ended.status_message


@pytest.mark.parametrize("order", ["reboot", "migrate"])
async def test_a_run_at_its_maximum_charge_cannot_continue_in_another_container(stage: Stage, order: str) -> None:
    run = await start_paid_run(stage, max_total_charge_usd=0.5)
    await charge(stage, run, 5)
    await stage.clock.advance(1)
    with pytest.raises(Invalid, match="maximum cost"):
        await getattr(stage.orchestrator.orders, order)(run)


@pytest.mark.parametrize("gracefully", [True, False])
async def test_a_run_at_its_maximum_charge_can_be_aborted(stage: Stage, gracefully: bool) -> None:
    run = await start_paid_run(stage, max_total_charge_usd=0.5)
    await charge(stage, run, 5)
    await stage.clock.advance(1)
    await stage.orchestrator.orders.abort(run, gracefully=gracefully)
    await stage.clock.settle()
    if gracefully:
        assert stage.current(run).status is S.ABORTING
        await stage.finish(run, 0)
    assert stage.current(run).status is S.ABORTED


async def test_the_grace_period_at_the_maximum_charge_continues_after_a_restart_of_the_server(stage: Stage) -> None:
    run = await start_paid_run(stage, max_total_charge_usd=0.5)
    await charge(stage, run, 5)
    await stage.restart_server()
    await stage.clock.advance(1)
    assert is_winding_down(stage.current(run))
    await stage.restart_server(10)
    await stage.clock.advance(ABORT_GRACE_MILLIS / 1000 - 12)
    assert stage.current(run).status is S.RUNNING
    await stage.clock.advance(2)
    assert stage.current(run).status is S.ABORTED


async def test_a_run_at_its_maximum_charge_needs_a_higher_one_for_its_resurrection(stage: Stage) -> None:
    run = await start_paid_run(stage, max_total_charge_usd=0.5)
    await charge(stage, run, 5)
    await stage.clock.advance(1)
    await stage.finish(run)
    for limit, ends in ((None, True), (1.0, False)):
        options = StartOptions(max_total_charge_usd=limit)
        await stage.orchestrator.resurrection.resurrect(stage.current(run), options)
        await stage.clock.advance(2)
        assert is_winding_down(stage.current(run)) is ends
        await stage.finish(run)


async def test_the_message_of_an_abort_by_the_user_does_not_mention_the_maximum_charge(stage: Stage) -> None:
    run = await start_paid_run(stage, max_total_charge_usd=0.5)
    await stage.orchestrator.orders.abort(run, gracefully=True)
    await charge(stage, run, 5)
    await stage.clock.advance(ABORT_GRACE_MILLIS / 1000)
    assert stage.current(run).status_message == "Actor was aborted."


async def test_items_up_to_max_items_count_towards_the_maximum_charge(stage: Stage) -> None:
    per_item = Pricing(model=PricingModel.PRICE_PER_DATASET_ITEM, started_at=START, item_price_usd=0.1)
    run = await start_paid_run(stage, per_item, max_items=3, max_total_charge_usd=0.3)
    await push(stage, run, 2)
    await stage.clock.advance(2)
    assert total(stage, run) == pytest.approx(0.2)
    assert stage.current(run).status is S.RUNNING
    await push(stage, run, 20)
    assert total(stage, run) == pytest.approx(0.3)
    await stage.clock.advance(1)
    assert is_winding_down(stage.current(run))


async def test_the_maximum_charge_limits_the_usage_of_an_actor_without_a_price(stage: Stage) -> None:
    run = await stage.start(memory_mbytes=32768 // 2, max_total_charge_usd=0.01, timeout_secs=0)
    per_second = 0.2 * 16 / 3600
    await stage.clock.advance(0.01 / per_second - 2)
    assert stage.current(run).status is S.RUNNING
    await stage.clock.advance(3)
    assert is_winding_down(stage.current(run))


# Usage


async def test_usage_counts_only_while_the_run_is_live(stage: Stage) -> None:
    billing = stage.orchestrator.billing
    run = await stage.start()
    await push(stage, run, 3)
    await stage.finish(run)
    await push(stage, run, 4)
    assert billing.usage(stage.current(run))["DATASET_WRITES"] == 3
    await stage.orchestrator.resurrection.resurrect(stage.current(run), StartOptions())
    await stage.clock.settle()
    assert billing.usage(stage.current(run))["DATASET_WRITES"] == 3
    await push(stage, run, 5)
    assert billing.usage(stage.current(run))["DATASET_WRITES"] == 8
    await stage.finish(run)
    assert billing.usage(stage.current(run))["DATASET_WRITES"] == 8


async def test_charges_do_not_change_when_the_dataset_is_deleted(stage: Stage) -> None:
    run = await start_paid_run(stage)
    await push(stage, run, 3)
    await stage.finish(run)
    before = total(stage, run)
    await stage.orchestrator.datasets.delete(run.default_dataset_id)
    assert counts(stage, run)[ITEM_EVENT] == 3
    assert total(stage, run) == before


async def test_the_total_includes_the_usage_if_the_user_pays_for_it(stage: Stage) -> None:
    run = await start_paid_run(stage)
    await charge(stage, run)
    await stage.clock.advance(360)
    assert total(stage, run) == pytest.approx(0.101)
    await stage.orchestrator.database.runs.update(
        run.id, lambda now: replace(now, pricing=a_pricing(PRICES, is_usage_paid_by_user=True))
    )
    assert total(stage, run) > 0.12
