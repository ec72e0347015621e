from __future__ import annotations

import json
from typing import Any

import pytest

from runtime.base.errors import Invalid
from runtime.base.json_text import dumps
from runtime.base.records import Actor, Run
from tests.fakes.stage import Stage

NAMED = {"fields": {"properties": {"name": {"type": "string"}}, "required": ["name"]}}
PRICED = {"fields": {"properties": {"price": {"type": "number"}}, "required": ["price"]}}
COLLECTIONS = {"collections": {"images": {"keyPrefix": "image-"}}}
DEFINITION = {"storages": {"dataset": NAMED, "datasets": {"prices": PRICED}, "keyValueStore": COLLECTIONS}}


@pytest.fixture
async def stage(tmp_path: Any) -> Any:
    stage = Stage(tmp_path)
    await stage.open()
    yield stage
    await stage.close()


async def an_actor(stage: Stage, name: str, definition: Any) -> Actor:
    actor = await stage.create_actor(name)
    await stage.create_build(actor, "latest", definition=definition)
    return stage.orchestrator.actors.get(actor.id)


async def push(stage: Stage, run: Run, id: str, item: Any) -> int:
    datasets = stage.orchestrator.datasets
    return await datasets.push(datasets.find(run.user_id, id), dumps(item))


async def test_a_run_gets_the_datasets_of_its_actors_definition(stage: Stage) -> None:
    run = await stage.start(await an_actor(stage, "shop", DEFINITION))
    assert set(run.datasets) == {"prices"}
    storages = json.loads(stage.container_of(run).spec.environment["ACTOR_STORAGES_JSON"])
    assert storages["datasets"] == {"default": run.default_dataset_id, "prices": run.datasets["prices"]}
    assert await push(stage, run, run.default_dataset_id, {"name": "x"}) == 1
    assert await push(stage, run, run.datasets["prices"], {"price": 1}) == 1
    for id in (run.default_dataset_id, run.datasets["prices"]):
        with pytest.raises(Invalid):
            await push(stage, run, id, {"else": 1})
    store = stage.orchestrator.key_value_stores.get(run.default_key_value_store_id)
    assert store is not None and store.schema == COLLECTIONS


async def test_a_runs_datasets_count_towards_its_usage_and_are_deleted_with_it(stage: Stage) -> None:
    run = await stage.start(await an_actor(stage, "shop", DEFINITION))
    prices = run.datasets["prices"]
    await push(stage, run, prices, [{"price": 1}, {"price": 2}])
    assert stage.orchestrator.billing.usage(stage.current(run))["DATASET_WRITES"] == 2
    run = await stage.finish(run)
    await stage.orchestrator.run_deletion.delete(run)
    assert stage.orchestrator.datasets.get(prices) is None


async def test_a_metamorph_adds_the_datasets_of_the_new_actors_definition(stage: Stage) -> None:
    run = await stage.start(await an_actor(stage, "shop", DEFINITION))
    second = {"storages": {"datasets": {"prices": PRICED, "names": NAMED}}}
    target = await an_actor(stage, "other", second)
    await stage.orchestrator.metamorphs.order(run, target, None, None)
    await stage.clock.settle()
    after = stage.current(run)
    assert after.current_actor_id == target.id
    assert (set(after.datasets), after.datasets["prices"]) == ({"prices", "names"}, run.datasets["prices"])
    storages = json.loads(stage.container_of(run).spec.environment["ACTOR_STORAGES_JSON"])
    assert set(storages["datasets"]) == {"default", "prices", "names"}
