from __future__ import annotations

import pytest

from runtime.base.errors import Invalid
from runtime.base.lifecycle import JobStatus
from runtime.base.paging import Paging
from runtime.base.records import EnvVar, Pricing, PricingModel, RunFilter
from runtime.inputs.inputs import Input
from runtime.runs.options import StartOptions
from tests.fakes.clock import START
from tests.fakes.stage import Stage

S = JobStatus


async def test_after_a_metamorph_a_run_runs_another_actor_with_the_same_storages(stage: Stage) -> None:
    run = await stage.start(input=Input(body=b"{}", content_type="application/json"))
    target = await stage.create_actor("butterfly")
    await stage.create_build(
        target, "beta", EnvVar(name="WINGS", value="two"), EnvVar(name="PW", value="topsecret", is_secret=True)
    )
    target = stage.orchestrator.actors.get(target.id)
    input = Input(body=b'{"fly":1}', content_type="application/json")
    await stage.orchestrator.metamorphs.order(run, target, "beta", input)
    await stage.clock.settle()
    current, container = stage.current(run), stage.container_of(run)
    assert (current.status, current.current_actor_id, current.input_key) == (S.RUNNING, target.id, "INPUT-METAMORPH-1")
    assert [(each.actor_id, each.input_key) for each in current.metamorphs] == [(target.id, "INPUT-METAMORPH-1")]
    environment = container.spec.environment
    assert (environment["WINGS"], environment["ACTOR_ID"]) == ("two", target.id)
    assert environment["APIFY_INPUT_KEY"] == environment["ACTOR_INPUT_KEY"] == "INPUT-METAMORPH-1"
    assert environment["ACTOR_DEFAULT_DATASET_ID"] == run.default_dataset_id
    record = stage.orchestrator.key_value_stores.get_record(run.default_key_value_store_id, "INPUT-METAMORPH-1")
    assert record is not None and await record.read() == b'{"fly":1}'
    container.prints("it is topsecret")
    await stage.finish(run)
    assert "it is [REDACTED]" in await stage.log_of(run.id)


async def test_after_a_metamorph_a_run_still_belongs_to_its_actor(stage: Stage) -> None:
    actor, target = await stage.create_actor("caterpillar"), await stage.create_actor("butterfly")
    run = await stage.start(actor)
    await stage.orchestrator.metamorphs.order(run, target, None, None)
    await stage.clock.settle()
    current, runs, paging = stage.current(run), stage.orchestrator.runs, Paging(offset=0, limit=10, desc=False)
    assert (current.actor_id, current.build_id, current.build_number) == (actor.id, run.build_id, run.build_number)
    assert [each.id for each in runs.page(stage.user, actor, RunFilter(), paging).items] == [run.id]
    assert runs.page(stage.user, target, RunFilter(), paging).items == []
    assert current.metamorphs[-1].build_id == current.current_build_id != run.build_id


async def test_neither_actor_of_a_live_run_can_be_deleted_nor_the_build_that_it_runs(stage: Stage) -> None:
    actor, target = await stage.create_actor("caterpillar"), await stage.create_actor("butterfly")
    run = await stage.start(actor)
    await stage.orchestrator.metamorphs.order(run, target, None, None)
    await stage.clock.settle()
    for each in (actor, target):
        with pytest.raises(Invalid):
            await stage.orchestrator.actor_deletion.delete(each)
    await stage.create_build(target, "latest")
    with pytest.raises(Invalid):
        await stage.orchestrator.builds.delete(stage.orchestrator.builds.get(stage.current(run).current_build_id))
    await stage.finish(run)
    for each in (actor, target):
        await stage.orchestrator.actor_deletion.delete(each)


@pytest.mark.parametrize("restarts_server", [True, False])
@pytest.mark.parametrize("changes_build", [True, False])
async def test_after_a_metamorph_a_resurrected_or_recovered_run_continues_as_the_last_actor(
    stage: Stage, restarts_server: bool, changes_build: bool
) -> None:
    actor, target = await stage.create_actor("caterpillar"), await stage.create_actor("butterfly")
    await stage.create_build(target, "beta", EnvVar(name="WINGS", value="four"))
    run = await stage.start(actor)
    await stage.orchestrator.metamorphs.order(run, target, None, None)
    await stage.clock.settle()
    if restarts_server:
        await stage.restart_server()
        await stage.orchestrator.orders.reboot(stage.current(run))
        await stage.clock.settle()
    ended = await stage.finish(run)
    options = StartOptions(build="beta") if changes_build else StartOptions()
    await stage.orchestrator.resurrection.resurrect(ended, options)
    await stage.clock.settle()
    current, environment = stage.current(run), stage.container_of(run).spec.environment
    assert (environment["ACTOR_ID"], environment.get("WINGS")) == (target.id, "four" if changes_build else None)
    assert environment["ACTOR_BUILD_ID"] == current.current_build_id
    assert (current.actor_id, current.build_id) == (actor.id, run.build_id)


async def test_a_run_can_metamorph_ten_times(stage: Stage) -> None:
    run, target = await stage.start(), await stage.create_actor("butterfly")
    for _ in range(10):
        await stage.orchestrator.metamorphs.order(stage.current(run), target, None, None)
        await stage.clock.advance(1)
    assert len(stage.current(run).metamorphs) == 10
    with pytest.raises(Invalid) as error:
        await stage.orchestrator.metamorphs.order(stage.current(run), target, None, None)
    assert error.value.slug == "max-metamorphs-exceeded"


async def test_a_run_cannot_metamorph_into_a_pay_per_result_actor(stage: Stage) -> None:
    run = await stage.start()
    target = await stage.create_actor("per-result")
    per_item = Pricing(model=PricingModel.PRICE_PER_DATASET_ITEM, started_at=START, item_price_usd=0.1)
    target = await stage.orchestrator.actors.update(target, lambda _: {"pricings": (per_item,)})
    with pytest.raises(Invalid) as error:
        await stage.orchestrator.metamorphs.order(run, target, None, None)
    assert error.value.slug == "cannot-metamorph-to-pay-per-result-actor"
