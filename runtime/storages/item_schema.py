"""The schema of a dataset's items: validation of items, and statistics of their fields.

A dataset's schema contains the JSON Schema of one item in `fields` (platform documentation, "Dataset validation").
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from runtime.base.errors import Invalid
from runtime.base.helper_process import WorkLimitExceeded
from runtime.base.json_schema import JsonSchema, Problem, reported
from runtime.base.json_text import dumps, loads
from runtime.base.untrusted_schemas import check_schema
from runtime.storages.field_paths import Item

FIELDS = "fields"


def item_schema(schema: Mapping[str, Any] | None) -> bytes | None:
    """The JSON Schema of a dataset's items, as JSON, if the dataset's schema has one."""
    fields = (schema or {}).get(FIELDS)
    return dumps(fields) if fields else None


def check_item_schema(schema: Mapping[str, Any] | None) -> None:
    """Raises Invalid for a schema that cannot be enforced. It may wait for a helper process: call it in a thread."""
    fields = item_schema(schema)
    if fields is None:
        return
    try:
        check_schema(fields)
    except ValueError as error:
        raise Invalid("invalid-value", f"The dataset schema's 'fields' are not a valid JSON Schema: {error}") from error
    except WorkLimitExceeded as error:
        raise Invalid(
            "invalid-value", "The dataset schema's 'fields' are too complex: use fewer references and branches"
        ) from error


def check_items(schema: JsonSchema, items: Sequence[Item]) -> None:
    """Raises Invalid with the errors of every item, up to a limit, with paths as if the array had been validated."""
    invalid = ((position, item) for position, item in enumerate(items) if not _is_valid(schema, item))
    errors = list(reported(_item_errors(schema, position, item) for position, item in invalid))
    if errors:
        raise Invalid("schema-validation-error", "Schema validation failed", {"invalidItems": errors})


class FieldStatistics:
    """For each field of a schema: the smallest and largest size, the number of nulls, and of items without the field.

    The size of a number is its value, the size of a string its length in characters, and the size of an array or object
    the number of its elements or keys.
    """

    def __init__(self, schema: Mapping[str, Any]) -> None:
        properties = (schema.get(FIELDS) or {}).get("properties")
        names = properties if isinstance(properties, dict) else {}
        self.by_field = {name: {"min": None, "max": None, "nullCount": 0, "emptyCount": 0} for name in names}

    def adding(self, lines: Iterable[bytes]) -> Iterator[bytes]:
        """Add items, given as JSON, to the statistics. It yields each item after adding it."""
        for line in lines:
            item = loads(line)
            for name, field in self.by_field.items():
                _add_item(field, item, name)
            yield line


def with_items(statistics: FieldStatistics, lines: Iterable[bytes]) -> FieldStatistics:
    """The statistics after all items are added, for a helper process, which works on a copy."""
    for _ in statistics.adding(lines):
        pass
    return statistics


def _add_item(field: dict[str, Any], item: Item, name: str) -> None:
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
        return schema.is_valid(_without_lone_surrogates(item))


def _item_errors(schema: JsonSchema, position: int, item: Item) -> dict[str, Any]:
    problems = reported(schema.problems(_without_lone_surrogates(item)))
    return {"itemPosition": position, "validationErrors": [_in_array(position, each) for each in problems]}


def _without_lone_surrogates(item: Item) -> Item:
    """The item with question marks for lone surrogates, which JSON allows, but the validator cannot handle."""
    text = json.dumps(item, ensure_ascii=False).encode("utf-8", "replace")
    replaced: Item = loads(text)
    return replaced


def _in_array(position: int, problem: Problem) -> Problem:
    path = problem["schemaPath"].removeprefix("#")
    return {**problem, "instancePath": f"/{position}{problem['instancePath']}", "schemaPath": f"/items{path}"}
