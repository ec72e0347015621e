"""Validation of inputs by an input schema: fill in defaults, and report problems in the platform's words.

As on the platform, a required field with a default may be left out, a required array must not be empty, and only the
first JSON Schema error is reported.

Sources: "Actor input schema specification" in the platform's documentation; the npm package `@apify/input_schema` for
the messages, which clients show to users; the platform's runtime for local development for the checks and their order.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from functools import lru_cache

from runtime.base.javascript_regex import SEARCHER, RegexLimitExceeded
from runtime.base.json_schema import CACHED_SCHEMAS, JsonSchema, Problem
from runtime.base.json_text import Json, JsonDict, JsonObject, dumps, loads
from runtime.inputs.countries import COUNTRIES
from runtime.inputs.encryption import is_encrypted, is_for_schema

JAVASCRIPT_PATTERN = "javascriptPattern"
"""A custom keyword for patterns, because the validator's regular expressions differ from those of JavaScript."""
VALIDATING_KEYWORDS = (
    *("enum", "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "uniqueItems"),
    *("minProperties", "maxProperties", "required", "additionalProperties"),
)
"""The keywords of a field that restrict its value, except for its type and its subschemas."""
MISSING = object()
FALSY: tuple[Json, ...] = (MISSING, None, False, 0, "")
"""Values that are false in JavaScript."""
WEB_URL = re.compile(r"https?://", re.IGNORECASE)
PROXY_URL = re.compile(
    r"(?:https?|socks(?:4a?|5h?)?)://(?:(?:[^:]+:)?[^@]*@)?[^.:@]+\.[^:]+:[0-9]+",
)


def with_defaults(schema: JsonObject, input: JsonDict) -> JsonDict:
    """Fill in the defaults of missing fields, in place, and return the input.

    The default of an object field consists of the defaults of its properties, overridden by its own default. An object
    that is present is not completed, but the objects in an array are.
    """
    defaults = {name: default for name, field in _fields(schema) if (default := _default(field)) is not MISSING}
    _fill(input, defaults, schema, fill_objects=False)
    return input


def messages(schema: JsonObject, input: JsonDict) -> list[str]:
    """Return the problems of an input with defaults. Raises ValueError if the schema itself is not valid."""
    found = list(_by_schema(schema, input))
    for name, field in _fields(schema):
        own = list(_by_field(name, field, input, name in _list(schema, "required")))
        found += [", ".join(own)] if own else []
    return found


def sentence(problem: Problem, root: str) -> str:
    """Return a problem in the platform's words; `root` is the name of the value, such as `input`."""
    path, params, message = problem["instancePath"], problem["params"], problem["message"]
    match problem["keyword"]:
        case "required":
            return f"Field {_dotted(root, path, params['missingProperty'])} is required"
        case "additionalProperties" | "unevaluatedProperties":
            (name,) = params.values()
            return f"Property {_dotted(root, path, name)} is not allowed."
        case "enum":
            allowed = '", "'.join(_text(value) for value in params["allowedValues"])
            return f'Field {_dotted(root, path)} {message}: "{allowed}"'
        case _:
            return f"Field {_dotted(root, path)} {message}"


class JavascriptPattern:
    """The validator of strings by a JavaScript regular expression, as `jsonschema_rs` calls it."""

    def __init__(self, schema: JsonObject, pattern: Json, path: list[str | int]) -> None:
        SEARCHER.check(pattern)
        self._pattern = pattern

    def validate(self, value: Json) -> None:
        try:
            matches = not isinstance(value, str) or SEARCHER.finds(self._pattern, value)
        except RegexLimitExceeded as problem:
            raise ValueError(f'cannot be matched with pattern "{self._pattern}" in reasonable time') from problem
        if not matches:
            raise ValueError(f'must match pattern "{self._pattern}"')


def _by_schema(schema: JsonObject, input: JsonDict) -> Iterator[str]:
    validator = _validator(dumps(schema))
    with SEARCHER.searching():
        try:
            problem = validator.first_problem(input)
        except UnicodeEncodeError:  # the validator rejects strings that end inside a surrogate pair
            problem = validator.first_problem(loads(json.dumps(input, ensure_ascii=False).encode(errors="replace")))
    if problem is None or _is_encrypted_object(schema, problem, input):
        return
    custom = _custom_message(schema, problem)
    yield sentence(_with_declared_type(schema, problem), "input") if custom is None else custom


def _by_field(name: str, field: JsonObject, input: Mapping[str, Json], is_required: bool) -> Iterator[str]:
    """Yield the problems of a field that JSON Schema cannot express."""
    value = input.get(name, MISSING)
    if field.get("type") == "object" and field.get("editor") == "proxy":
        yield from _proxy(name, value, is_required)
    if field.get("editor") == "requestListSources" and isinstance(value, list):
        positions = [str(position) for position, item in enumerate(value) if not _is_source(item)]
        if positions:
            yield f"Items in input.{name} at positions [{','.join(positions)}] do not contain valid URLs"
    if field.get("isSecret") and is_encrypted(value, str(field.get("type"))) and not is_for_schema(value, field):
        yield (
            f"The field schema.properties.{name} is a secret field, but its schema has changed. "
            "Please update the value in the input editor."
        )


def _proxy(name: str, value: Json, is_required: bool) -> Iterator[str]:
    if value in FALSY:
        if is_required and value is not None:
            yield f"Field input.{name} is required"
        return
    proxy = value if isinstance(value, dict) else {}
    urls, country = proxy.get("proxyUrls"), proxy.get("apifyProxyCountry")
    if proxy.get("useApifyProxy"):
        if country and str(country) not in COUNTRIES:
            yield f'Country code "{country}" is invalid. Only ISO 3166-1 alpha-2 country codes are supported.'
        return
    if is_required and not (isinstance(urls, list) and urls):
        yield f"Field input.{name} is required. Please provide custom proxy URLs or use Apify Proxy."
        return
    wrong = [url for url in map(_trimmed, urls if isinstance(urls, list) else []) if not PROXY_URL.fullmatch(url)]
    if wrong:
        yield (
            f'Proxy URL "{wrong[-1]}" has invalid format, it must be '
            "socks[4|4a|5|5h]|http[s]://[username[:password]]@hostname:port."
        )
    if country:
        yield "The country for Apify Proxy can be specified only when using Apify Proxy."


def _trimmed(url: Json) -> str:
    return str(url).strip()


def _is_source(item: Json) -> bool:
    """Return whether the item has the URL of a page, or of a list of pages."""
    source = item if isinstance(item, dict) else {}
    urls = [source[key] for key in ("url", "requestsFromUrl") if source.get(key)]
    return bool(urls) and all(WEB_URL.match(str(url)) for url in urls)


def _is_encrypted_object(schema: JsonObject, problem: Problem, input: Mapping[str, Json]) -> bool:
    """Return whether the problem is that a secret object or array is a string because it is encrypted."""
    name = str(problem["instancePath"]).removeprefix("/").partition("/")[0]
    field = dict(_fields(schema)).get(name, {})
    return (
        problem["keyword"] == "type"
        and bool(field.get("isSecret"))
        and field.get("type") in ("object", "array")
        and is_encrypted(input.get(name), field["type"])
    )


def _custom_message(schema: JsonObject, problem: Problem) -> str | None:
    """Return the field's own message for the keyword (`errorMessage`), if it has one."""
    *path, keyword = _declared_path(problem)
    messages = _at(schema, path).get("errorMessage")
    return messages.get(keyword) if isinstance(messages, dict) else None


def _with_declared_type(schema: JsonObject, problem: Problem) -> Problem:
    """Name the declared types in the message. As on the platform, `nullable` shows only beside a list of types."""
    if problem["keyword"] != "type":
        return problem
    *path, _ = _declared_path(problem)
    field = _at(schema, path)
    types = field["type"]
    if isinstance(types, list):
        types = ",".join([*types, "null"] if field.get("nullable") is True else types)
    return {**problem, "message": f"must be {types}"}


def _declared_path(problem: Problem) -> list[str]:
    steps = [step.replace("~1", "/").replace("~0", "~") for step in str(problem["schemaPath"]).split("/")[1:]]
    return [*steps[:-1], "pattern" if steps[-1] == JAVASCRIPT_PATTERN else steps[-1]]


def _at(schema: JsonObject, path: list[str]) -> JsonObject:
    for step in path:
        schema = schema[step]
    return schema


@lru_cache(CACHED_SCHEMAS)
def _validator(schema: bytes) -> JsonSchema:
    """Compile an input schema. Raises ValueError if it is not valid."""
    return JsonSchema(_json_schema(loads(schema)), {JAVASCRIPT_PATTERN: JavascriptPattern})


def _json_schema(schema: JsonObject) -> Json:
    """Return the JSON Schema of an Actor's input schema."""
    fields = dict(_fields(schema))
    declared = _list(schema, "required")
    required = [name for name, field in fields.items() if name in declared and "default" not in field]
    properties = {name: _field_schema(field) for name, field in fields.items()}
    for name in required:
        if fields[name].get("type") == "array":
            properties[name]["minItems"] = max(1, properties[name].get("minItems", 0))
    additional = schema.get("additionalProperties", True)
    return {"properties": properties, "required": required, "additionalProperties": additional}


def _field_schema(field: JsonObject) -> JsonDict:
    """Return the constraints of a field in keywords of the validator."""
    constraints = {keyword: field[keyword] for keyword in VALIDATING_KEYWORDS if keyword in field}
    if "type" in field:
        types = field["type"] if isinstance(field["type"], list) else [field["type"]]
        constraints["type"] = [*types, "null"] if field.get("nullable") is True else types
    if "pattern" in field:
        constraints[JAVASCRIPT_PATTERN] = field["pattern"]
    if "properties" in field:
        constraints["properties"] = {name: _field_schema(property) for name, property in _fields(field)}
    if "items" in field:
        constraints["items"] = _field_schema(field["items"])
    return constraints


def _fields(schema: JsonObject) -> list[tuple[str, JsonObject]]:
    """Return the properties of an object's schema, by name."""
    properties = schema.get("properties")
    fields = properties.items() if isinstance(properties, Mapping) else ()
    return [(name, field) for name, field in fields if isinstance(field, Mapping)]


def _list(schema: JsonObject, key: str) -> list[Json]:
    value = schema.get(key)
    return value if isinstance(value, list) else []


def _default(field: Json) -> Json:
    """Return the value of a missing field: the defaults of its properties, overridden by its own default."""
    if not isinstance(field, Mapping):
        return MISSING
    own = field.get("default", MISSING)
    inner = {name: default for name, property in _fields(field) if (default := _default(property)) is not MISSING}
    if isinstance(own, dict):
        return _merged(inner, own)
    return inner or own


def _merged(under: JsonDict, over: JsonDict) -> JsonDict:
    merged = dict(under)
    for name, value in over.items():
        below = merged.get(name)
        merged[name] = _merged(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged


def _fill(target: JsonDict, defaults: JsonDict, schema: JsonObject, *, fill_objects: bool) -> None:
    fields = dict(_fields(schema))
    for name in [*defaults, *(name for name in fields if name not in defaults)]:
        value, field = target.get(name, MISSING), fields.get(name, {})
        if value is MISSING and name in defaults:
            target[name] = deepcopy(defaults[name])
        elif isinstance(value, dict):
            inner = _default(field) if fill_objects else {}
            _fill(value, inner if isinstance(inner, dict) else {}, field, fill_objects=False)
        elif isinstance(value, list):
            _fill_items(value, field.get("items"))


def _fill_items(items: list[Json], schema: Json) -> None:
    defaults = _default(schema)
    for item in items if isinstance(defaults, dict) else ():
        if isinstance(item, dict):
            _fill(item, defaults, schema, fill_objects=True)


def _dotted(root: str, pointer: str, name: str = "") -> str:
    return ".".join(filter(None, [root, *pointer.split("/"), name]))


def _text(value: Json) -> str:
    return value if isinstance(value, str) else dumps(value).decode()
