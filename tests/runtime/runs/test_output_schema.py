from __future__ import annotations

from typing import Any

import pytest

from runtime.base.addresses import Addresses
from runtime.base.records import Definition
from runtime.runs.output_schema import output
from tests.fakes.records import a_run
from tests.fakes.stage import Stage

ADDRESSES = Addresses(3333, resolves_subdomains=True)
API = "http://localhost:3333/v2"
RUN = a_run(
    id="run1",
    default_dataset_id="dataset1",
    default_key_value_store_id="store1",
    container_url="http://key.runs.localhost:3333",
    datasets={"prices": "dataset2"},
)


def schema(**templates: str) -> dict[str, Any]:
    properties = {name: {"type": "string", "title": name, "template": each} for name, each in templates.items()}
    return {"output": {"actorOutputSchemaVersion": 1, "properties": properties}}


@pytest.mark.parametrize(
    ("template", "filled"),
    [
        ("{{links.publicRunUrl}}", "http://localhost:3333/view/runs/run1"),
        ("{{links.consoleRunUrl}}", "http://localhost:3333/actors/runs/run1"),
        ("{{links.apiRunUrl}}", f"{API}/actor-runs/run1"),
        ("{{links.apiDefaultDatasetUrl}}/items?view=all", f"{API}/datasets/dataset1/items?view=all"),
        ("{{ links.apiDefaultKeyValueStoreUrl }}/keys", f"{API}/key-value-stores/store1/keys"),
        ("{{storages.datasets.default.apiUrl}}", f"{API}/datasets/dataset1"),
        ("{{storages.datasets.prices.apiUrl}}/items", f"{API}/datasets/dataset2/items"),
        ("{{storages.keyValueStores.default.apiUrl}}", f"{API}/key-value-stores/store1"),
        ("{{run.containerUrl}}", "http://key.runs.localhost:3333"),
        ("{{run.defaultDatasetId}}-{{run.defaultKeyValueStoreId}}", "dataset1-store1"),
        ("https://site.test/?run={{run.id}}", "https://site.test/?run=run1"),
        ("plain", "plain"),
        ("{{run.nothing}} {{links}}", "{{run.nothing}} {{links}}"),
    ],
)
def test_templates_are_filled_in(template: str, filled: str) -> None:
    assert output(RUN, Definition(document=schema(a=template)), ADDRESSES) == {"a": filled}


def test_the_output_is_missing_without_a_schema_and_empty_without_properties() -> None:
    assert output(RUN, Definition(), ADDRESSES) is None
    assert output(RUN, Definition(document=schema()), ADDRESSES) == {}


async def test_a_run_has_its_output_from_the_start_and_a_metamorph_replaces_it(stage: Stage) -> None:
    actor, target = await stage.create_actor("first"), await stage.create_actor("second")
    await stage.create_build(actor, "latest", definition=schema(items="{{links.apiDefaultDatasetUrl}}/items"))
    await stage.create_build(target, "latest", definition=schema(me="{{run.actId}} {{run.id}}"))
    run = await stage.start(stage.orchestrator.actors.get(actor.id))
    assert run.output == {"items": f"{API}/datasets/{run.default_dataset_id}/items"}
    await stage.orchestrator.metamorphs.order(run, stage.orchestrator.actors.get(target.id), None, None)
    await stage.clock.advance(1)
    assert stage.current(run).output == {"me": f"{actor.id} {run.id}"}
