"""Inputs beside their Actor's input schema: defaults are filled in, and what is wrong is told in the platform's words.

Sources: platform documentation, "Actor input schema specification"; the npm package `@apify/input_schema`, whose
messages these are, since clients show them; the platform's own runtime for local development, for what is looked at
and in which order: a required field that has a default is not required, a required array must not be empty, and of the
problems that JSON Schema finds only the first is told.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from functools import lru_cache

from runtime.base.javascript_regex import SEARCHER, RegexLimitExceeded
from runtime.base.json_schema import KEPT, JsonSchema, Problem
from runtime.base.json_text import Json, dumps, loads
from runtime.inputs.countries import COUNTRIES
from runtime.inputs.encryption import is_encrypted, is_for_schema

Schema = Mapping[str, Json]

JAVASCRIPT_PATTERN = "javascriptPattern"
"""JavaScript's regular expressions are not the validator's own, so they get a keyword of their own."""
JUDGING = (
    *("enum", "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "uniqueItems"),
    *("minProperties", "maxProperties", "required", "additionalProperties"),
)
"""What a field's schema says beside its type and its parts; all else in it is for people."""
MISSING = object()
NOTHING: tuple[Json, ...] = (MISSING, None, False, 0, "")
"""What JavaScript takes for false."""
WEB_ADDRESS = re.compile(r"https?://", re.IGNORECASE)
PROXY_ADDRESS = re.compile(
    r"(?:https?|socks(?:4a?|5h?)?)://(?:(?:[^:]+:)?[^@]*@)?[^.:@]+\.[^:]+:[0-9]+",
)


def with_defaults(schema: Schema, input: dict[str, Json]) -> dict[str, Json]:
    """The input with the defaults of fields that it leaves out; it is changed.

    A field of type object that is left out is made of the defaults of its parts, over which its own one goes. One that
    is there stays as it is, but the objects in an array get the defaults of what they leave out.
    """
    defaults = {name: default for name, field in _fields(schema) if (default := _default(field)) is not MISSING}
    _fill(input, defaults, schema, fill_objects=False)
    return input


def messages(schema: Schema, input: dict[str, Json]) -> list[str]:
    """What is wrong with an input that has its defaults. Raises ValueError where the schema itself is wrong."""
    found = list(_by_schema(schema, input))
    for name, field in _fields(schema):
        own = list(_by_field(name, field, input, name in _listed(schema, "required")))
        found += [", ".join(own)] if own else []
    return found


def sentence(problem: Problem, root: str) -> str:
    """A problem in the platform's words; `root` is what the value is called, such as `input`."""
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
    """Checks texts by a regular expression of JavaScript's."""

    def __init__(self, schema: Schema, pattern: Json, path: list[str | int]) -> None:
        SEARCHER.check(pattern)
        self._pattern = pattern

    def validate(self, value: Json) -> None:
        try:
            is_good = not isinstance(value, str) or SEARCHER.finds(self._pattern, value)
        except RegexLimitExceeded as problem:
            raise ValueError(f'cannot be matched with pattern "{self._pattern}" in reasonable time') from problem
        if not is_good:
            raise ValueError(f'must match pattern "{self._pattern}"')


def _by_schema(schema: Schema, input: dict[str, Json]) -> Iterator[str]:
    judge = _judge(dumps(schema))
    with SEARCHER.searching():
        try:
            problem = judge.first_problem(input)
        except UnicodeEncodeError:  # JavaScript's texts may be cut within a character, which the validator refuses
            problem = judge.first_problem(loads(json.dumps(input, ensure_ascii=False).encode(errors="replace")))
    if problem is None or _is_encrypted_object(schema, problem, input):
        return
    custom = _own_message(schema, problem)
    yield sentence(_as_written(schema, problem), "input") if custom is None else custom


def _by_field(name: str, field: Schema, input: Mapping[str, Json], is_required: bool) -> Iterator[str]:
    """What JSON Schema does not know about a field."""
    value = input.get(name, MISSING)
    if field.get("type") == "object" and field.get("editor") == "proxy":
        yield from _proxy(name, value, is_required)
    if field.get("editor") == "requestListSources" and isinstance(value, list):
        places = [str(place) for place, item in enumerate(value) if not _is_source(item)]
        if places:
            yield f"Items in input.{name} at positions [{','.join(places)}] do not contain valid URLs"
    if field.get("isSecret") and is_encrypted(value, str(field.get("type"))) and not is_for_schema(value, field):
        yield (
            f"The field schema.properties.{name} is a secret field, but its schema has changed. "
            "Please update the value in the input editor."
        )


def _proxy(name: str, value: Json, is_required: bool) -> Iterator[str]:
    if value in NOTHING:
        if is_required and value is not None:
            yield f"Field input.{name} is required"
        return
    given = value if isinstance(value, dict) else {}
    urls, country = given.get("proxyUrls"), given.get("apifyProxyCountry")
    if given.get("useApifyProxy"):
        if country and str(country) not in COUNTRIES:
            yield f'Country code "{country}" is invalid. Only ISO 3166-1 alpha-2 country codes are supported.'
        return
    if is_required and not (isinstance(urls, list) and urls):
        yield f"Field input.{name} is required. Please provide custom proxy URLs or use Apify Proxy."
        return
    wrong = [url for url in map(_trimmed, urls if isinstance(urls, list) else []) if not PROXY_ADDRESS.fullmatch(url)]
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
    """Whether an item tells a page, or where addresses of pages are."""
    given = item if isinstance(item, dict) else {}
    addresses = [given[key] for key in ("url", "requestsFromUrl") if given.get(key)]
    return bool(addresses) and all(WEB_ADDRESS.match(str(address)) for address in addresses)


def _is_encrypted_object(schema: Schema, problem: Problem, input: Mapping[str, Json]) -> bool:
    """Whether it is only that a secret object or array is a text, as it is once it is encrypted."""
    name = str(problem["instancePath"]).removeprefix("/").partition("/")[0]
    field = dict(_fields(schema)).get(name, {})
    return (
        problem["keyword"] == "type"
        and bool(field.get("isSecret"))
        and field.get("type") in ("object", "array")
        and is_encrypted(input.get(name), field["type"])
    )


def _own_message(schema: Schema, problem: Problem) -> str | None:
    """What the schema itself wants to be said: the field's `errorMessage` for the keyword."""
    *path, keyword = _written_path(problem)
    own = _at(schema, path).get("errorMessage")
    return own.get(keyword) if isinstance(own, dict) else None


def _as_written(schema: Schema, problem: Problem) -> Problem:
    """The problem told by the schema as its author wrote it."""
    if problem["keyword"] != "type":
        return problem
    *path, _ = _written_path(problem)
    field = _at(schema, path)
    types = field["type"]
    if isinstance(types, list):
        types = ",".join([*types, "null"] if field.get("nullable") is True else types)
    return {**problem, "message": f"must be {types}"}


def _written_path(problem: Problem) -> list[str]:
    steps = [step.replace("~1", "/").replace("~0", "~") for step in str(problem["schemaPath"]).split("/")[1:]]
    return [*steps[:-1], "pattern" if steps[-1] == JAVASCRIPT_PATTERN else steps[-1]]


def _at(schema: Schema, path: list[str]) -> Schema:
    for step in path:
        schema = schema[step]
    return schema


@lru_cache(KEPT)
def _judge(schema: bytes) -> JsonSchema:
    """The validator of a schema. Raises ValueError."""
    return JsonSchema(_judging_root(loads(schema)), {JAVASCRIPT_PATTERN: JavascriptPattern})


def _judging_root(schema: Schema) -> Json:
    fields = dict(_fields(schema))
    named = _listed(schema, "required")
    required = [name for name, field in fields.items() if name in named and "default" not in field]
    properties = {name: _judging(field) for name, field in fields.items()}
    for name in required:
        if fields[name].get("type") == "array":
            properties[name]["minItems"] = max(1, properties[name].get("minItems", 0))
    extra = schema.get("additionalProperties", True)
    return {"properties": properties, "required": required, "additionalProperties": extra}


def _judging(field: Schema) -> dict[str, Json]:
    """What a field's schema demands, in keywords that the validator knows."""
    judging = {keyword: field[keyword] for keyword in JUDGING if keyword in field}
    if "type" in field:
        types = field["type"] if isinstance(field["type"], list) else [field["type"]]
        judging["type"] = [*types, "null"] if field.get("nullable") is True else types
    if "pattern" in field:
        judging[JAVASCRIPT_PATTERN] = field["pattern"]
    if "properties" in field:
        judging["properties"] = {name: _judging(part) for name, part in _fields(field)}
    if "items" in field:
        judging["items"] = _judging(field["items"])
    return judging


def _fields(schema: Schema) -> list[tuple[str, Schema]]:
    """The parts of an object's schema."""
    properties = schema.get("properties")
    fields = properties.items() if isinstance(properties, Mapping) else ()
    return [(name, field) for name, field in fields if isinstance(field, Mapping)]


def _listed(schema: Schema, key: str) -> list[Json]:
    value = schema.get(key)
    return value if isinstance(value, list) else []


def _default(field: Json) -> Json:
    """What a field is when it is left out: its own default over those of its parts."""
    if not isinstance(field, Mapping):
        return MISSING
    own = field.get("default", MISSING)
    parts = {name: default for name, part in _fields(field) if (default := _default(part)) is not MISSING}
    if isinstance(own, dict):
        return _merged(parts, own)
    return parts or own


def _merged(under: dict[str, Json], over: dict[str, Json]) -> dict[str, Json]:
    merged = dict(under)
    for name, value in over.items():
        known = merged.get(name)
        merged[name] = _merged(known, value) if isinstance(known, dict) and isinstance(value, dict) else value
    return merged


def _fill(target: dict[str, Json], defaults: dict[str, Json], schema: Schema, *, fill_objects: bool) -> None:
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
