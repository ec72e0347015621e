"""JSON Schema. tests/clients compares the problems with those of Ajv. These tests cover what Ajv does not have."""

from __future__ import annotations

from typing import Any

import pytest

from runtime.base.json_schema import JsonSchema, last_duplicates


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        ({"type": "txt"}, "txt"),
        (5, "boolean"),
        ({"pattern": "("}, "regex"),
        ({"$ref": "http://example.com/schema.json"}, "not fetched"),
        ({"$ref": "#/nowhere"}, "nowhere"),
    ],
)
def test_an_invalid_schema_is_rejected(schema: Any, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        JsonSchema(schema)


def test_a_schema_can_name_its_draft() -> None:
    newer = {"$schema": "https://json-schema.org/draft/2020-12/schema", "prefixItems": [{"type": "string"}]}
    assert not JsonSchema(newer).is_valid([1])
    assert JsonSchema({"prefixItems": [{"type": "string"}]}).is_valid([1])


@pytest.mark.parametrize(
    ("items", "indexes"),
    [([1, 1], (0, 1)), ([1, 2, 1, 2], (1, 3)), ([1, 1.0, 2], (0, 1)), ([{"a": 1, "b": 2}, {"b": 2, "a": 1}], (0, 1))],
)
def test_the_last_pair_of_duplicates_is_found(items: list[Any], indexes: tuple[int, int]) -> None:
    assert last_duplicates(items) == indexes


def nested(value: Any, levels: int) -> Any:
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"additionalProperties": {"items": {"type": "string"}}}, {"k" * 20_000: [0] * 5000}),
        (
            {"properties": {"a": {"additionalProperties": {"type": "string"}}}},
            {"a": {"k" * 2000 + str(n): n for n in range(9000)}},
        ),
        ({"items": {"anyOf": [{"type": "string"}, {"required": ["z" * 50_000]}]}}, [{}] * 3000),
        ({"items": {"allOf": [{"type": "string"}] * 300}}, [0] * 1000),
        (
            {"additionalProperties": {"type": "string"}, "items": {"$ref": "#"}, "minItems": 2},
            nested("x" * 100_000, 200),
        ),
    ],
)
def test_only_one_problem_is_created_if_all_would_be_too_long(schema: Any, value: Any) -> None:
    """A path of 128 KB in 60,000 problems would take more memory than the server may use."""
    compiled = JsonSchema(schema)
    assert len({problem["instancePath"] for problem in compiled.problems(value)}) == 1
    assert compiled.first_problem(value) == compiled.problems(value)[0]


def test_usual_values_have_all_their_problems() -> None:
    fields = {f"field{n}": {"type": "string", "description": "d" * 30} for n in range(100)}
    items = {"type": "array", "items": {"properties": fields}}
    value = [{f"field{n}": n for n in range(100)} for _ in range(3)]
    assert len(JsonSchema(items).problems(value)) == 300
