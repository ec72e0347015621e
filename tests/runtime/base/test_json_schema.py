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
