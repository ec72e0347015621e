"""What we take for a valid actor.json, or schema beside it, next to the platform's own verdicts."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from runtime.base.errors import Invalid
from runtime.builds import definition_rules
from tests.clients.node_script import NodeScript

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
INSTEAD: list[Any] = [
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
    """The value with one place of it missing, different, or added to."""
    yield from INSTEAD
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


def ours(kind: str, value: Any) -> bool:
    try:
        KINDS[kind][1](value, "x")
    except Invalid:
        return False
    return kind != "actor" or all(ours(inner, schema) for inner, schema in inline(value) if isinstance(schema, dict))


def inline(actor: dict[str, Any]) -> list[tuple[str, Any]]:
    """The schemas in an actor.json, which are checked where they stand as those in files are."""
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


def test_verdicts_are_the_platforms(platform: NodeScript) -> None:
    cases = [(kind, copy.deepcopy(value)) for kind in KINDS for value in (KINDS[kind][0], *variants(KINDS[kind][0]))]
    verdicts = platform.answer(cases)
    assert len(verdicts) == len(cases) and 200 < sum(verdicts) < len(cases) - 200
    differing = [
        (kind, value, verdict)
        for (kind, value), verdict in zip(cases, verdicts, strict=True)
        if ours(kind, value) != verdict
    ]
    assert not differing
