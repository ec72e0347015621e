"""JSON Schema validation with the error messages of Ajv, the platform's own validator.

A schema that names no draft is a Draft 7 schema. References to schemas on the web are not fetched.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from runtime.base.json_text import Json, JsonDict, dumps, levels, loads

if TYPE_CHECKING:
    # Functions import it when they need it: many servers never validate anything.
    import jsonschema_rs

T = TypeVar("T")

Keywords = Mapping[str, type[Any]]
"""Custom keywords, each with its validator class (see `jsonschema_rs.validator_for`)."""
Problem = JsonDict
"""An error object as Ajv returns it: `instancePath`, `schemaPath`, `keyword`, `params`, `message`."""

FALSE_SCHEMA = "false schema"
AJV_ORDER = (
    *("type", "const", "enum", "not", "anyOf", "oneOf", "allOf", "if"),
    *("maximum", "minimum", "exclusiveMaximum", "exclusiveMinimum", "multipleOf"),
    *("maxLength", "minLength", "pattern", "javascriptPattern", "format"),
    *("maxItems", "minItems", "additionalItems", "items", "contains", "uniqueItems"),
    *("maxProperties", "minProperties", "required", "propertyNames", "additionalProperties", "dependencies"),
    *("properties", "patternProperties", "unevaluatedProperties"),
)
"""The order in which Ajv checks the keywords of a schema."""
CACHED_SCHEMAS = 512
"""Compiled schemas that stay in memory: more than the number of storages that are written to at the same time."""
MAX_ERROR_CHARS = 30_000_000
"""The validator creates all errors of a value at once. If their total length could exceed this, it creates only one."""
MAX_REPORTED = 1000
MAX_REPORTED_CHARS = 1_000_000
"""The most problems in an error of the API, and their length, after which no more are added."""
ERROR_CHARS = 50
"""About the length of an error without the parts of the schema and of the value in it."""


class JsonSchema:
    """A compiled schema. Raises ValueError if the schema is not valid."""

    def __init__(self, schema: Json, keywords: Keywords | None = None) -> None:
        """`keywords` extends JSON Schema with custom keywords."""
        import jsonschema_rs

        self._schema = schema
        self._parts = sum(map(len, levels(schema)))
        self._chars = len(dumps(schema))
        names_draft = isinstance(schema, dict) and "$schema" in schema
        compile = jsonschema_rs.validator_for if names_draft else jsonschema_rs.Draft7Validator
        try:
            self._validator = compile(
                schema, validate_formats=True, retriever=_reject_reference, keywords=dict(keywords or {})
            )
        except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as problem:
            raise ValueError(str(problem).partition("\n")[0]) from problem

    def is_valid(self, value: Json) -> bool:
        return bool(self._validator.is_valid(value))

    def problems(self, value: Json) -> list[Problem]:
        """Return all problems of a value, as Ajv reports them with `allErrors`. See MAX_ERROR_CHARS."""
        return [problem for error in self._errors(value) for problem in self._as_ajv(error)]

    def first_problem(self, value: Json) -> Problem | None:
        """Return the problem at which Ajv stops by default; None for a valid value.

        The order is exact for `properties`, `items` and keywords without subschemas.
        """
        errors = self._errors(value)
        if not errors:
            return None
        return next(self._as_ajv(errors[0] if len(errors) == 1 else min(errors, key=self._ajv_position)))

    def _errors(self, value: Json) -> list[jsonschema_rs.ValidationError]:
        """All errors of a value, or one if all could be too long: each contains its path, its rule and its part."""
        if self._validator.is_valid(value):
            return []
        if _has_short_errors(value, self._chars // self._parts, MAX_ERROR_CHARS // self._parts):
            return list(self._validator.iter_errors(value))
        import jsonschema_rs

        try:
            self._validator.validate(value)
        except jsonschema_rs.ValidationError as error:
            return [error]
        return []

    def _ajv_position(self, error: jsonschema_rs.ValidationError) -> list[int]:
        """Return a sort key: the rank of each keyword, property and item on the path to the error."""
        schema, ranks = self._schema, list[int]()
        steps, positions = iter(error.schema_path), iter(error.instance_path)
        for step in steps:
            ranks.append(AJV_ORDER.index(step) if step in AJV_ORDER else len(AJV_ORDER))
            schema = schema[step]
            if step == "properties":
                name = next(steps)
                ranks.append(list(schema).index(name))
                schema = schema[name]
                next(positions)
            elif step == "items" and isinstance(schema, dict):
                ranks.append(int(next(positions)))
            elif step == "required":
                ranks.append(schema.index(error.kind.as_dict()["property"]))
        return ranks

    def _as_ajv(self, error: jsonschema_rs.ValidationError) -> Iterator[Problem]:
        """Yield the error as Ajv reports it: the problems of all branches of a choice, then the choice itself."""
        from jsonschema_rs import ValidationErrorKind

        path = list(error.schema_path)
        for branch in error.kind.as_dict().get("context", ()):
            for inner in branch:
                yield from self._as_ajv(inner)
        if isinstance(error.kind, ValidationErrorKind.FalseSchema):
            yield _problem(error, [*path, FALSE_SCHEMA], FALSE_SCHEMA, {}, "boolean schema is false")
            return
        keyword, expected = str(path[-1]), _at(self._schema, path)
        if keyword == "uniqueItems":  # the message depends on the schema of the items
            expected = _at(self._schema, path[:-1]).get("items")
        for params, message in DESCRIPTIONS.get(keyword, _original_message)(expected, error):
            yield _problem(error, path, keyword, params, message)


def _has_short_errors(value: Json, rule: int, most: int) -> bool:
    """Whether one error for each part of a value has at most `most` characters in total. A rule has `rule` of them.

    An error contains the names on the path to the part, and the part itself. So each text counts once per level.
    """
    pending: list[tuple[Json, int, int]] = [(value, ERROR_CHARS + rule, 1)]
    while pending and most >= 0:
        part, length, level = pending.pop()
        most -= length
        if isinstance(part, str):
            most -= len(part) * level
        elif isinstance(part, dict):
            most -= sum(map(len, part)) * level
            pending += [(child, length + len(name), level + 1) for name, child in part.items()]
        elif isinstance(part, list) and len(part) * length <= most:
            pending += [(child, length, level + 1) for child in part]
        elif isinstance(part, list):
            return False
    return most >= 0


def compiled(schema: Json) -> JsonSchema:
    """Return the compiled schema, from a cache if it was used recently. Raises ValueError if it is not valid."""
    return compiled_text(dumps(schema))


@lru_cache(CACHED_SCHEMAS)
def compiled_text(schema: bytes) -> JsonSchema:
    """The same as `compiled`, for a schema as JSON."""
    return JsonSchema(loads(schema))


Descriptions = Iterator[tuple[JsonDict, str]]
"""The parameters and the message of each error that Ajv reports."""
Describe = Callable[[Json, "jsonschema_rs.ValidationError"], Descriptions]
"""Maps a keyword's value and one error of the validator to the errors that Ajv reports, which can be several."""


def _type(expected: Json, error: jsonschema_rs.ValidationError) -> Descriptions:
    names = ",".join(expected) if isinstance(expected, list) else expected
    yield {"type": expected}, f"must be {names}"


def _required(expected: Json, error: jsonschema_rs.ValidationError) -> Descriptions:
    name = error.kind.as_dict()["property"]
    yield {"missingProperty": name}, f"must have required property '{name}'"


def _additional_properties(expected: Json, error: jsonschema_rs.ValidationError) -> Descriptions:
    for name in error.kind.as_dict()["unexpected"]:
        yield {"additionalProperty": name}, "must NOT have additional properties"


def _unevaluated_properties(expected: Json, error: jsonschema_rs.ValidationError) -> Descriptions:
    for name in error.kind.as_dict()["unexpected"]:
        yield {"unevaluatedProperty": name}, "must NOT have unevaluated properties"


def _additional_items(expected: Json, error: jsonschema_rs.ValidationError) -> Descriptions:
    limit = error.kind.as_dict()["limit"]
    yield {"limit": limit}, f"must NOT have more than {limit} items"


def _unique_items(expected: Json, error: jsonschema_rs.ValidationError) -> Descriptions:
    items = error.instance if isinstance(error.instance, list) else []
    first, second = last_duplicates(items)
    if _are_scalars(expected):
        second, first = nearest_duplicates(items)
    message = f"must NOT have duplicate items (items ## {first} and {second} are identical)"
    yield {"i": second, "j": first}, message


def _dependencies(expected: Json, error: jsonschema_rs.ValidationError) -> Descriptions:
    name = error.kind.as_dict()["property"]
    yield {"missingProperty": name}, f"must have property {name}"


def _comparison(sign: str) -> Describe:
    def describe(expected: Json, error: jsonschema_rs.ValidationError) -> Descriptions:
        yield {"comparison": sign, "limit": expected}, f"must be {sign} {expected}"

    return describe


def _count(word: str, things: str) -> Describe:
    def describe(expected: Json, error: jsonschema_rs.ValidationError) -> Descriptions:
        yield {"limit": expected}, f"must NOT have {word} than {expected} {things}"

    return describe


def _message(param: str | None, message: str) -> Describe:
    """A message of Ajv, and the name of the parameter that holds the keyword's value."""

    def describe(expected: Json, error: jsonschema_rs.ValidationError) -> Descriptions:
        yield ({} if param is None else {param: expected}), message.format(expected)

    return describe


def _original_message(expected: Json, error: jsonschema_rs.ValidationError) -> Descriptions:
    yield {}, str(error.message)


DESCRIPTIONS: dict[str, Describe] = {
    "type": _type,
    "required": _required,
    "additionalProperties": _additional_properties,
    "unevaluatedProperties": _unevaluated_properties,
    "additionalItems": _additional_items,
    "uniqueItems": _unique_items,
    "dependencies": _dependencies,
    "minimum": _comparison(">="),
    "maximum": _comparison("<="),
    "exclusiveMinimum": _comparison(">"),
    "exclusiveMaximum": _comparison("<"),
    "minLength": _count("fewer", "characters"),
    "maxLength": _count("more", "characters"),
    "minItems": _count("fewer", "items"),
    "maxItems": _count("more", "items"),
    "minProperties": _count("fewer", "properties"),
    "maxProperties": _count("more", "properties"),
    "pattern": _message("pattern", 'must match pattern "{}"'),
    "format": _message("format", 'must match format "{}"'),
    "multipleOf": _message("multipleOf", "must be multiple of {}"),
    "enum": _message("allowedValues", "must be equal to one of the allowed values"),
    "const": _message("allowedValue", "must be equal to constant"),
    "anyOf": _message(None, "must match a schema in anyOf"),
    "oneOf": _message(None, "must match exactly one schema in oneOf"),
    "not": _message(None, "must NOT be valid"),
    "contains": _message(None, "must contain at least 1 valid item(s)"),
}


def last_duplicates(items: Sequence[Json]) -> tuple[int, int]:
    """Return the indexes of the last item that occurred before and of its previous occurrence, as Ajv finds them."""
    seen: dict[str, int] = {}
    found = (0, 0)
    for index, item in enumerate(items):
        earlier = seen.get(text := _comparable(item))
        found = found if earlier is None else (earlier, index)
        seen[text] = index
    return found


def nearest_duplicates(items: Sequence[Json]) -> tuple[int, int]:
    """Return the indexes of the last item that occurs again and of its next occurrence.

    Ajv compares items this way if their schema allows neither objects nor arrays.
    """
    later: dict[str, int] = {}
    for index in range(len(items) - 1, -1, -1):
        text = _comparable(items[index])
        if text in later:
            return index, later[text]
        later[text] = index
    return 0, 0


def _are_scalars(items: Json) -> bool:
    """Return whether the schema of the items allows neither objects nor arrays."""
    types = items.get("type") if isinstance(items, dict) else None
    allowed = types if isinstance(types, list) else [types]
    return types is not None and not {"object", "array"} & set(allowed)


def _comparable(item: Json) -> str:
    """Return the same text for equal values: `1` equals `1.0`, and the order of properties does not matter."""
    whole = int(item) if isinstance(item, float) and item.is_integer() else item
    return json.dumps(whole, sort_keys=True)


def _problem(
    error: jsonschema_rs.ValidationError, schema_path: Sequence[str | int], keyword: str, params: JsonDict, message: str
) -> Problem:
    return {
        "instancePath": pointer(error.instance_path),
        "schemaPath": f"#{pointer(schema_path)}",
        "keyword": keyword,
        "params": params,
        "message": message,
    }


def pointer(path: Sequence[str | int]) -> str:
    """Return the path as a JSON pointer."""
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in path)


def reported(problems: Iterable[T]) -> Iterator[T]:
    """The first problems, up to MAX_REPORTED of them, until their total length reaches MAX_REPORTED_CHARS."""
    length = 0
    for problem in islice(problems, MAX_REPORTED):
        yield problem
        length += len(dumps(problem))
        if length >= MAX_REPORTED_CHARS:
            return


def _at(schema: Json, path: Sequence[str | int]) -> Json:
    for step in path:
        schema = schema[step]
    return schema


def _reject_reference(address: str) -> Json:
    raise ValueError(f"a schema cannot refer to {address}: schemas are not fetched from the web")
