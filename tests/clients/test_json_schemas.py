"""JSON Schema errors, compared with those of Ajv, the platform's own validator."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

import pytest

from runtime.base.json_schema import JsonSchema
from tests.clients.node_script import NodeScript
from tests.examples import examples

pytestmark = pytest.mark.processes

SCHEMAS: list[Any] = [
    {"type": "string"},
    {"type": ["integer", "null"]},
    {"type": "integer"},
    {"type": "number", "minimum": 2, "exclusiveMaximum": 10},
    {"maximum": 5, "exclusiveMinimum": 1},
    {"multipleOf": 2},
    {"type": "string", "minLength": 2, "maxLength": 4},
    {"pattern": "^a\\d+$"},
    {"format": "date-time"},
    {"format": "email"},
    {"enum": ["a", 1, None, {"x": [1]}]},
    {"const": {"x": 1}},
    {"type": "array", "minItems": 1, "maxItems": 2, "items": {"type": "integer"}},
    {"uniqueItems": True},
    {"items": [{"type": "string"}, {"minimum": 3}], "additionalItems": False},
    {"type": "object", "required": ["x", "y/z"], "minProperties": 2, "maxProperties": 2},
    {"properties": {"x": {"type": "integer"}, "y/z": {"type": "string"}}, "additionalProperties": False},
    {"properties": {"x": {"properties": {"~": {"type": "null"}}, "additionalProperties": {"type": "boolean"}}}},
    {"anyOf": [{"type": "string"}, {"type": "number", "minimum": 5}]},
    {"oneOf": [{"type": "number"}, {"minimum": 2}]},
    {"allOf": [{"type": "string"}, {"minLength": 9}]},
    {"not": {"type": "string"}},
    {"properties": {"x": {"$ref": "#/definitions/deep"}}, "definitions": {"deep": {"items": {"type": "string"}}}},
    {"properties": {"x": False}},
    True,
    False,
]
VALUES: list[Any] = [
    *(None, True, False, 0, 1, 2, 4, 5, 7, 10, 1.0, 2.5, -3, 2**40, "", "a", "a1", "abcde", "ž𝒳", "x@example.com"),
    *(
        "2026-01-01T00:00:00Z",
        "2026-13-01T00:00:00Z",
        [],
        [1],
        ["s", 5],
        ["s", 1, 2],
        [1, 1],
        [1, 2, 1, 2],
        [None, {}, {}],
    ),
    *({}, {"x": 1}, {"x": 1, "y/z": "t"}, {"x": "t", "y/z": 1, "w": 0}, {"x": {"~": 1, "b": 1}}, {"x": ["a", 1]}),
    [1, {"a": 1, "b": 2}, {"b": 2, "a": 1}],
]
COMPARED = ("instancePath", "schemaPath", "keyword", "message", "params")
LESS_DETAILED = {"oneOf": {"passingSchemas"}}


@pytest.fixture(scope="module")
def ajv() -> Iterator[NodeScript]:
    """Ajv, which the platform validates with."""
    script = NodeScript("ajv.mjs")
    yield script
    script.close()


@pytest.fixture(scope="module")
def cases() -> list[tuple[Any, Any]]:
    """Every schema with every value, and objects with several schemas and several errors."""
    pairs = [(schema, value) for schema in SCHEMAS for value in VALUES]
    chance = random.Random(1)
    for _ in range(examples(300)):
        names = "abc"
        schema = {"type": "object", "properties": {name: chance.choice(SCHEMAS) for name in names}}
        without_definitions = json.dumps(schema).count("definitions") == 0
        if without_definitions:
            pairs.append((schema, {name: chance.choice(VALUES) for name in names}))
    return pairs


def comparable(problem: dict[str, Any]) -> str:
    dropped = LESS_DETAILED.get(problem["keyword"], set[str]())
    params = {name: value for name, value in problem["params"].items() if name not in dropped}
    return json.dumps({**{name: problem[name] for name in COMPARED}, "params": params}, sort_keys=True)


def test_the_same_values_are_valid_and_the_others_have_the_same_errors(
    ajv: NodeScript, cases: list[tuple[Any, Any]]
) -> None:
    errors = ajv.respond(cases)
    assert len(errors) == len(cases) and any(errors) and not all(errors)
    for (schema, value), expected in zip(cases, errors, strict=True):
        validator = JsonSchema(schema)
        assert validator.is_valid(value) == (not expected), (schema, value, expected)
        assert sorted(map(comparable, validator.problems(value))) == sorted(map(comparable, expected)), (schema, value)
