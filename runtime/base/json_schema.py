"""JSON Schema, with problems told as the platform's own validator (Ajv) tells them.

Draft 7 where a schema does not name another. What a schema refers to elsewhere on the web is not fetched.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import jsonschema_rs

from runtime.base.json_text import Json, dumps, loads

Params = dict[str, Json]
Keywords = Mapping[str, type[Any]]
"""What checks a keyword: a class as `jsonschema_rs.validator_for` takes it."""
Problem = dict[str, Json]
"""An error object of Ajv: `instancePath`, `schemaPath`, `keyword`, `params`, `message`."""

FALSE_SCHEMA = "false schema"
AJV_ORDER = (
    *("type", "const", "enum", "not", "anyOf", "oneOf", "allOf", "if"),
    *("maximum", "minimum", "exclusiveMaximum", "exclusiveMinimum", "multipleOf"),
    *("maxLength", "minLength", "pattern", "javascriptPattern", "format"),
    *("maxItems", "minItems", "additionalItems", "items", "contains", "uniqueItems"),
    *("maxProperties", "minProperties", "required", "propertyNames", "additionalProperties", "dependencies"),
    *("properties", "patternProperties", "unevaluatedProperties"),
)
"""The order in which Ajv looks at the keywords of a schema."""
KEPT = 512
"""Schemas that are kept ready; storages that are written to at the same time are fewer."""


class JsonSchema:
    """A schema, ready to validate. Raises ValueError where it is none."""

    def __init__(self, schema: Json, keywords: Keywords | None = None) -> None:
        """`keywords` are more than JSON Schema has, and what checks them."""
        self._schema = schema
        names_draft = isinstance(schema, dict) and "$schema" in schema
        compile = jsonschema_rs.validator_for if names_draft else jsonschema_rs.Draft7Validator
        try:
            self._validator = compile(schema, validate_formats=True, retriever=_refuse, keywords=dict(keywords or {}))
        except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as problem:
            raise ValueError(str(problem).partition("\n")[0]) from problem

    def is_valid(self, value: Json) -> bool:
        return bool(self._validator.is_valid(value))

    def problems(self, value: Json) -> list[Problem]:
        """All that is wrong with a value."""
        return [problem for error in self._validator.iter_errors(value) for problem in self._told(error)]

    def first_problem(self, value: Json) -> Problem | None:
        """What Ajv tells that stops at the first problem; as far as `properties`, `items` and plain keywords go."""
        errors = list(self._validator.iter_errors(value))
        if not errors:
            return None
        return next(self._told(min(errors, key=self._order)))

    def _order(self, error: jsonschema_rs.ValidationError) -> list[int]:
        """When Ajv comes across a problem: the rank of each keyword on the way to it, and of each property and item."""
        schema, ranks = self._schema, list[int]()
        steps, places = iter(error.schema_path), iter(error.instance_path)
        for step in steps:
            ranks.append(AJV_ORDER.index(step) if step in AJV_ORDER else len(AJV_ORDER))
            schema = schema[step]
            if step == "properties":
                name = next(steps)
                ranks.append(list(schema).index(name))
                schema = schema[name]
                next(places)
            elif step == "items" and isinstance(schema, dict):
                ranks.append(int(next(places)))
            elif step == "required":
                ranks.append(schema.index(error.kind.as_dict()["property"]))
        return ranks

    def _told(self, error: jsonschema_rs.ValidationError) -> Iterator[Problem]:
        """A problem as Ajv tells it: those of the branches of a choice come before the choice itself."""
        path = list(error.schema_path)
        for branch in error.kind.as_dict().get("context", ()):
            for inner in branch:
                yield from self._told(inner)
        if isinstance(error.kind, jsonschema_rs.ValidationErrorKind.FalseSchema):
            yield _problem(error, [*path, FALSE_SCHEMA], FALSE_SCHEMA, {}, "boolean schema is false")
            return
        keyword, expected = str(path[-1]), _at(self._schema, path)
        if keyword == "uniqueItems":  # told by what the items are
            expected = _at(self._schema, path[:-1]).get("items")
        for params, message in ERROR_HANDLED.get(keyword, _plainly)(expected, error):
            yield _problem(error, path, keyword, params, message)


def compiled(schema: Json) -> JsonSchema:
    """As `JsonSchema`; one that was compiled lately is kept ready. Raises ValueError."""
    return _compiled(dumps(schema))


@lru_cache(KEPT)
def _compiled(schema: bytes) -> JsonSchema:
    return JsonSchema(loads(schema))


Telling = Callable[[Json, jsonschema_rs.ValidationError], Iterator[tuple[Params, str]]]
"""From a keyword's value and an error: the parameters and messages that Ajv has for it, one for each error of its."""


def _type(expected: Json, error: jsonschema_rs.ValidationError) -> Iterator[tuple[Params, str]]:
    names = ",".join(expected) if isinstance(expected, list) else expected
    yield {"type": expected}, f"must be {names}"


def _required(expected: Json, error: jsonschema_rs.ValidationError) -> Iterator[tuple[Params, str]]:
    name = error.kind.as_dict()["property"]
    yield {"missingProperty": name}, f"must have required property '{name}'"


def _additional_properties(expected: Json, error: jsonschema_rs.ValidationError) -> Iterator[tuple[Params, str]]:
    for name in error.kind.as_dict()["unexpected"]:
        yield {"additionalProperty": name}, "must NOT have additional properties"


def _unevaluated_properties(expected: Json, error: jsonschema_rs.ValidationError) -> Iterator[tuple[Params, str]]:
    for name in error.kind.as_dict()["unexpected"]:
        yield {"unevaluatedProperty": name}, "must NOT have unevaluated properties"


def _additional_items(expected: Json, error: jsonschema_rs.ValidationError) -> Iterator[tuple[Params, str]]:
    limit = error.kind.as_dict()["limit"]
    yield {"limit": limit}, f"must NOT have more than {limit} items"


def _unique_items(expected: Json, error: jsonschema_rs.ValidationError) -> Iterator[tuple[Params, str]]:
    items = error.instance if isinstance(error.instance, list) else []
    first, second = last_duplicates(items)
    if _are_plain(expected):
        second, first = nearest_duplicates(items)
    message = f"must NOT have duplicate items (items ## {first} and {second} are identical)"
    yield {"i": second, "j": first}, message


def _dependencies(expected: Json, error: jsonschema_rs.ValidationError) -> Iterator[tuple[Params, str]]:
    name = error.kind.as_dict()["property"]
    yield {"missingProperty": name}, f"must have property {name}"


def _compared(sign: str) -> Telling:
    def tell(expected: Json, error: jsonschema_rs.ValidationError) -> Iterator[tuple[Params, str]]:
        yield {"comparison": sign, "limit": expected}, f"must be {sign} {expected}"

    return tell


def _counted(word: str, things: str) -> Telling:
    def tell(expected: Json, error: jsonschema_rs.ValidationError) -> Iterator[tuple[Params, str]]:
        yield {"limit": expected}, f"must NOT have {word} than {expected} {things}"

    return tell


def _always(param: str | None, message: str) -> Telling:
    """A message of Ajv, and the keyword's value as a parameter of this name."""

    def tell(expected: Json, error: jsonschema_rs.ValidationError) -> Iterator[tuple[Params, str]]:
        yield ({} if param is None else {param: expected}), message.format(expected)

    return tell


def _plainly(expected: Json, error: jsonschema_rs.ValidationError) -> Iterator[tuple[Params, str]]:
    yield {}, str(error.message)


ERROR_HANDLED: dict[str, Telling] = {
    "type": _type,
    "required": _required,
    "additionalProperties": _additional_properties,
    "unevaluatedProperties": _unevaluated_properties,
    "additionalItems": _additional_items,
    "uniqueItems": _unique_items,
    "dependencies": _dependencies,
    "minimum": _compared(">="),
    "maximum": _compared("<="),
    "exclusiveMinimum": _compared(">"),
    "exclusiveMaximum": _compared("<"),
    "minLength": _counted("fewer", "characters"),
    "maxLength": _counted("more", "characters"),
    "minItems": _counted("fewer", "items"),
    "maxItems": _counted("more", "items"),
    "minProperties": _counted("fewer", "properties"),
    "maxProperties": _counted("more", "properties"),
    "pattern": _always("pattern", 'must match pattern "{}"'),
    "format": _always("format", 'must match format "{}"'),
    "multipleOf": _always("multipleOf", "must be multiple of {}"),
    "enum": _always("allowedValues", "must be equal to one of the allowed values"),
    "const": _always("allowedValue", "must be equal to constant"),
    "anyOf": _always(None, "must match a schema in anyOf"),
    "oneOf": _always(None, "must match exactly one schema in oneOf"),
    "not": _always(None, "must NOT be valid"),
    "contains": _always(None, "must contain at least 1 valid item(s)"),
}


def last_duplicates(items: Sequence[Json]) -> tuple[int, int]:
    """The places of the last item that is there twice and of the one before it, as Ajv finds them."""
    seen: dict[str, int] = {}
    found = (0, 0)
    for place, item in enumerate(items):
        known = seen.get(text := _comparable(item))
        found = found if known is None else (known, place)
        seen[text] = place
    return found


def nearest_duplicates(items: Sequence[Json]) -> tuple[int, int]:
    """The places of the last item that comes again and of where it does, as Ajv finds them among plain values."""
    later: dict[str, int] = {}
    for place in range(len(items) - 1, -1, -1):
        text = _comparable(items[place])
        if text in later:
            return place, later[text]
        later[text] = place
    return 0, 0


def _are_plain(items: Json) -> bool:
    """Whether items by this schema are neither objects nor arrays, which Ajv compares in another way."""
    types = items.get("type") if isinstance(items, dict) else None
    named = types if isinstance(types, list) else [types]
    return types is not None and not {"object", "array"} & set(named)


def _comparable(item: Json) -> str:
    """One text for all spellings of a value: whole numbers may have been written with a fraction of zero."""
    whole = int(item) if isinstance(item, float) and item.is_integer() else item
    return json.dumps(whole, sort_keys=True)


def _problem(
    error: jsonschema_rs.ValidationError, schema_path: Sequence[str | int], keyword: str, params: Params, message: str
) -> Problem:
    return {
        "instancePath": pointer(error.instance_path),
        "schemaPath": f"#{pointer(schema_path)}",
        "keyword": keyword,
        "params": params,
        "message": message,
    }


def pointer(path: Sequence[str | int]) -> str:
    """A path as a JSON pointer."""
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in path)


def _at(schema: Json, path: Sequence[str | int]) -> Json:
    for step in path:
        schema = schema[step]
    return schema


def _refuse(address: str) -> Json:
    raise ValueError(f"a schema may not refer to {address}: nothing is fetched from the web")
