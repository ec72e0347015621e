"""What comes of a run's input before the run exists: read, completed and checked by the build's input schema."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from runtime.base.errors import Invalid
from runtime.base.json_text import Json, loads
from runtime.inputs import validation

JSON_TYPE = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """The body of a request that starts a run, and its Content-Type."""

    body: bytes
    content_type: str


async def checked(schema: Mapping[str, Json], input: Input | None) -> dict[str, Json]:
    """The input with the schema's defaults; without any, it is an empty object. Raises Invalid.

    In a thread: a pattern of the schema may search for seconds.
    """
    return await asyncio.to_thread(_checked, schema, input)


def _checked(schema: Mapping[str, Json], input: Input | None) -> dict[str, Json]:
    value = validation.with_defaults(schema, {} if input is None else _object(input))
    try:
        wrong = validation.messages(schema, value)
    except ValueError as problem:
        raise Invalid("invalid-input-schema", f"Input schema is not valid: {problem}") from problem
    if wrong:
        raise Invalid("invalid-input", f"Input is not valid: {', '.join(wrong)}")
    return value


def _object(input: Input) -> dict[str, Json]:
    if input.content_type.partition(";")[0].strip().lower() != JSON_TYPE:
        raise Invalid("invalid-input", f'Actor input must have content type "{JSON_TYPE}".')
    try:
        value = loads(input.body)
    except ValueError as problem:
        raise Invalid("invalid-input", f"Cannot parse input JSON body: {problem}") from problem
    if not isinstance(value, dict):
        kind = _javascript_type(value)
        raise Invalid("input-json-not-object", f'The input JSON must be object, got "{kind}" instead.')
    return value


def _javascript_type(value: Json) -> str:
    match value:
        case bool():
            return "boolean"
        case str():
            return "string"
        case int() | float():
            return "number"
        case list():
            return "array"
        case _:
            return "object"
