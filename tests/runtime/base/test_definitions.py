from __future__ import annotations

from typing import Any

import pytest

from runtime.base.records import Definition
from tests.fakes.records import a_build

NAMED = {"fields": {"properties": {"name": {"type": "string"}}, "required": ["name"]}}
PRICED = {"fields": {"properties": {"price": {"type": "number"}}, "required": ["price"]}}
COLLECTIONS = {"collections": {"images": {"keyPrefix": "image-"}}}
STORAGES = {"dataset": NAMED, "datasets": {"prices": PRICED}, "keyValueStore": COLLECTIONS}


@pytest.mark.parametrize(
    ("document", "datasets", "store"),
    [
        ({}, {"default": None}, None),
        ({"storages": {}}, {"default": None}, None),
        ({"storages": STORAGES}, {"default": NAMED, "prices": PRICED}, COLLECTIONS),
        ({"storages": {"datasets": {"default": NAMED}}}, {"default": NAMED}, None),
    ],
)
def test_the_schemas_of_storages(document: Any, datasets: Any, store: Any) -> None:
    definition = Definition(document=document)
    assert (definition.dataset_schemas, definition.key_value_store_schema) == (datasets, store)


@pytest.mark.parametrize(
    ("document", "templates"),
    [
        ({}, None),
        ({"output": {"properties": {}}}, {}),
        ({"output": {"properties": {"all": {"type": "string", "template": "{{run.id}}"}}}}, {"all": "{{run.id}}"}),
    ],
)
def test_the_templates_of_outputs(document: Any, templates: Any) -> None:
    assert Definition(document=document).output_templates == templates


def test_a_build_stores_its_definition() -> None:
    document = {
        "dockerfile": "./Dockerfile",
        "dockerContextDir": "..",
        "defaultMemoryMbytes": "input.n * 100",
        "minMemoryMbytes": 256,
        "maxMemoryMbytes": 1024,
        "usesStandbyMode": True,
    }
    schema: dict[str, Any] = {"properties": {}}
    definition = Definition.of(a_build(definition=document, input_schema=schema, readme="# About"))
    assert (definition.document, definition.input_schema, definition.readme) == (document, schema, "# About")
    assert (definition.dockerfile, definition.docker_context) == ("./Dockerfile", "..")
    assert (definition.default_memory, definition.min_memory_mbytes) == ("input.n * 100", 256)
    assert (definition.max_memory_mbytes, definition.uses_standby_mode) == (1024, True)


def test_an_empty_definition_declares_nothing() -> None:
    definition = Definition.of(a_build())
    assert definition == Definition()
    assert (definition.dockerfile, definition.docker_context, definition.default_memory) == (None, None, None)
    assert not definition.uses_standby_mode
