"""What a dataset's schema says of its items: which are valid, and what is known of each field.

A dataset's schema has the JSON Schema of one item in `fields` (platform documentation, "Dataset validation").
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from runtime.base.errors import Invalid
from runtime.base.json_schema import JsonSchema, Problem, compiled
from runtime.base.json_text import loads
from runtime.storages.item_view import Item

FIELDS = "fields"


def item_schema(schema: Mapping[str, Any] | None) -> JsonSchema | None:
    """The schema of a dataset's items; None where it has none. Raises Invalid where it is not valid itself."""
    fields = (schema or {}).get(FIELDS)
    if not fields:
        return None
    try:
        return compiled(fields)
    except ValueError as problem:
        raise Invalid("invalid-value", f"The dataset schema's 'fields' are no JSON Schema: {problem}") from problem


def check_items(schema: JsonSchema, items: Sequence[Item]) -> None:
    """Raises Invalid with every problem of every item, told as if the array of them had been validated."""
    invalid = [(position, item) for position, item in enumerate(items) if not _is_valid(schema, item)]
    if invalid:
        told = [_told(schema, position, item) for position, item in invalid]
        raise Invalid("schema-validation-error", "Schema validation failed", {"invalidItems": told})


class FieldStatistics:
    """What is counted of each field of a schema: smallest and biggest, nulls, and items without it.

    Numbers are measured by their value, texts by their characters, arrays by their elements, objects by their keys.
    """

    def __init__(self, schema: Mapping[str, Any]) -> None:
        properties = (schema.get(FIELDS) or {}).get("properties")
        names = properties if isinstance(properties, dict) else {}
        self.shown = {name: {"min": None, "max": None, "nullCount": 0, "emptyCount": 0} for name in names}

    def count(self, lines: Iterable[bytes]) -> None:
        for line in lines:
            item = loads(line)
            for name, field in self.shown.items():
                _count(field, item, name)


def _count(field: dict[str, Any], item: Item, name: str) -> None:
    if name not in item:
        field["emptyCount"] += 1
    elif item[name] is None:
        field["nullCount"] += 1
    elif (size := _size(item[name])) is not None:
        field["min"] = size if field["min"] is None else min(field["min"], size)
        field["max"] = size if field["max"] is None else max(field["max"], size)


def _size(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    return value if isinstance(value, int | float) else len(value)


def _is_valid(schema: JsonSchema, item: Item) -> bool:
    try:
        return schema.is_valid(item)
    except UnicodeEncodeError:
        return schema.is_valid(_whole(item))


def _told(schema: JsonSchema, position: int, item: Item) -> dict[str, Any]:
    problems = schema.problems(_whole(item))
    return {"itemPosition": position, "validationErrors": [_in_array(position, each) for each in problems]}


def _whole(item: Item) -> Item:
    """The item with question marks for halves of surrogate pairs, which JSON allows and a validator cannot take."""
    text = json.dumps(item, ensure_ascii=False).encode("utf-8", "replace")
    whole: Item = loads(text)
    return whole


def _in_array(position: int, problem: Problem) -> Problem:
    path = problem["schemaPath"].removeprefix("#")
    return {**problem, "instancePath": f"/{position}{problem['instancePath']}", "schemaPath": f"/items{path}"}
