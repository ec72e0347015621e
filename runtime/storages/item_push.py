"""A push into a dataset: from the body of a request to validated items, one line each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from runtime.base.errors import Invalid
from runtime.base.helper_process import WorkLimitExceeded, in_helper
from runtime.base.json_schema import compiled_text
from runtime.base.json_text import dump_lines, loads
from runtime.base.untrusted_schemas import is_cheap
from runtime.storages.item_schema import check_items
from runtime.storages.item_view import HIDDEN_PREFIX, Item

MAX_PUSH_BYTES_ON_LOOP = 262_144
"""Parsing a bigger push would block the event loop for too long."""


@dataclass(frozen=True, slots=True)
class Push:
    """`lines` are the items as JSON, one per line."""

    lines: bytes
    count: int
    clean_count: int


async def read_push(body: bytes, schema: bytes | None) -> Push:
    """The items of a JSON body, validated by the JSON Schema of an item. Raises Invalid.

    A push that may take longer than a moment is read in a helper process.
    """
    if len(body) <= MAX_PUSH_BYTES_ON_LOOP and (schema is None or is_cheap(schema, len(body))):
        return parse_push(body, schema)
    try:
        return await in_helper(parse_push, body, schema)
    except WorkLimitExceeded as problem:
        raise Invalid(
            "invalid-input", "The items take too long to validate: push fewer items, or simplify the dataset's schema"
        ) from problem


def parse_push(body: bytes, schema: bytes | None) -> Push:
    """The same as `read_push`, in this process, however long it takes."""
    items = parse_items(body)
    if schema is not None:
        check_items(compiled_text(schema), items)
    clean = sum(1 for item in items if any(not name.startswith(HIDDEN_PREFIX) for name in item))
    return Push(dump_lines(items), len(items), clean)


def parse_items(body: bytes) -> list[Item]:
    """The items of a push: an object, an array of objects, or a JSON string that contains either. Raises Invalid."""
    value = _parse(body)
    if isinstance(value, str):
        value = _parse(value.encode("utf-8", "surrogatepass"))
    items = value if isinstance(value, list) else [value]
    for position, item in enumerate(items):
        if not isinstance(item, dict):
            raise Invalid("invalid-input", f"Dataset items must be objects; the one at position {position} is not")
    return items


def _parse(body: bytes) -> Any:
    try:
        return loads(body)
    except ValueError as error:
        raise Invalid("invalid-input", f"The items are not valid JSON: {error}") from error
