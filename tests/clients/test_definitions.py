"""Validation of actor.json and its schemas, compared with the platform's own packages."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from runtime.base.errors import Invalid
from runtime.builds import definition_rules
from tests.clients.node_script import NodeScript

pytestmark = pytest.mark.processes

VIEW = {
    "title": "All",
    "description": "All of them",
    "transformation": {"fields": ["a"], "clean": True, "desc": False, "unwind": ["b"], "skipEmpty": True},
    "display": {"component": "table", "properties": {"a": {"label": "A"}}, "options": {}},
}
FIELDS = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
DATASET = {"actorSpecification": 1, "title": "Items", "fields": FIELDS, "views": {"all": VIEW}}
COLLECTIONS = {
    "images": {"title": "Images", "keyPrefix": "image-", "contentTypes": ["image/png"]},
    "report": {"key": "REPORT", "contentTypes": ["application/json"], "jsonSchema": FIELDS},
}
STORE = {"actorKeyValueStoreSchemaVersion": 1, "type": "object", "title": "Files", "collections": COLLECTIONS}
ALL = {"type": "string", "title": "All", "template": "{{links.apiDefaultDatasetUrl}}/items"}
OUTPUT = {"actorOutputSchemaVersion": 1, "title": "Results", "properties": {"all": ALL}}
ACTOR = {
    "actorSpecification": 1,
    "name": "hello",
    "version": "0.1",
    "title": "Hello",
    "description": "Says hello",
    "buildTag": "latest",
    "meta": {"templateId": "x"},
    "environmentVariables": {"A": "b", "SECRET": "@secret"},
    "dockerfile": "./Dockerfile",
    "dockerContextDir": "..",
    "readme": "./README.md",
    "changelog": "./CHANGELOG.md",
    "minMemoryMbytes": 128,
    "maxMemoryMbytes": 32768,
    "defaultMemoryMbytes": "input.n * 100",
    "input": {"type": "object"},
    "output": "./output.json",
    "storages": {"datasets": {"default": "./default.json", "prices": "./prices.json"}, "keyValueStore": "./s.json"},
    "usesStandbyMode": True,
    "webServerSchema": {"openapi": "3.0.0"},
    "webServerMcpPath": "/mcp",
}
KINDS: dict[str, tuple[dict[str, Any], Callable[[Any, str], None]]] = {
    "actor": (ACTOR, definition_rules.check_actor_json),
    "dataset": (DATASET, definition_rules.check_dataset),
    "keyValueStore": (STORE, definition_rules.check_key_value_store),
    "output": (OUTPUT, definition_rules.check_output),
}
REPLACEMENTS: list[Any] = [
    None,
    True,
    0,
    1,
    2,
    127,
    200,
    32769,
    1.5,
    "",
    "x",
    "1.0",
    "1.2.3",
    "table",
    [],
    ["a"],
    ["a", "a"],
    [1],
    {},
]


def variants(value: Any) -> Iterator[Any]:
    """Yield variants of the value: with one part removed, replaced or added."""
    yield from REPLACEMENTS
    if isinstance(value, dict):
        yield {**value, "added": "x"}
        yield {**value, "added": {"title": "x"}}
        for key in value:
            yield {name: each for name, each in value.items() if name != key}
            for variant in variants(value[key]):
                yield {**value, key: variant}
    elif isinstance(value, list):
        for place, each in enumerate(value):
            for variant in variants(each):
                yield [*value[:place], variant, *value[place + 1 :]]


def is_valid(kind: str, value: Any) -> bool:
    try:
        KINDS[kind][1](value, "x")
    except Invalid:
        return False
    return kind != "actor" or all(
        is_valid(inner, schema) for inner, schema in inline(value) if isinstance(schema, dict)
    )


def inline(actor: dict[str, Any]) -> list[tuple[str, Any]]:
    """Return the schemas inside an actor.json, which are validated in the same way as schemas in files."""
    storages = actor.get("storages", {})
    datasets = [storages.get("dataset"), *storages.get("datasets", {}).values()]
    others = [("output", actor.get("output")), ("keyValueStore", storages.get("keyValueStore"))]
    return [*(("dataset", schema) for schema in datasets), *others]


@pytest.fixture(scope="module")
def platform() -> Iterator[NodeScript]:
    """The package with the platform's own schemas."""
    script = NodeScript("definition.mjs")
    yield script
    script.close()


def with_name_and_version(value: Any) -> Any:
    """Return an actor.json with the fields that the package requires and the platform's builds do not."""
    return {"name": "hello", "version": "0.1", **value} if isinstance(value, dict) and "meta" in value else value


def test_the_same_definitions_are_valid_as_on_the_platform(platform: NodeScript) -> None:
    cases = [(kind, copy.deepcopy(value)) for kind in KINDS for value in (KINDS[kind][0], *variants(KINDS[kind][0]))]
    results = platform.respond([(kind, with_name_and_version(value)) for kind, value in cases])
    assert len(results) == len(cases) and 200 < sum(results) < len(cases) - 200
    differing = [
        (kind, value, expected)
        for (kind, value), expected in zip(cases, results, strict=True)
        if is_valid(kind, value) != expected
    ]
    assert not differing
