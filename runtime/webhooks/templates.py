"""Templates of webhooks: JSON-like text whose `{{variables}}` are replaced with JSON.

Source: "Payload template" and "Headers template" of the platform's documentation on webhook actions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import msgspec

from runtime.base.clock import Millis, iso
from runtime.base.errors import Invalid
from runtime.base.json_text import Json

DEFAULT_PAYLOAD = """{
    "userId": {{userId}},
    "createdAt": {{createdAt}},
    "eventType": {{eventType}},
    "eventData": {{eventData}},
    "resource": {{resource}}
}"""
VARIABLES = frozenset({"userId", "createdAt", "eventType", "eventData", "resource", "globals"})
RESERVED_HEADERS = frozenset(
    {
        "host",
        "content-type",
        "x-apify-webhook",
        "x-apify-webhook-dispatch-id",
        "x-apify-request-origin",
        "content-length",
        "transfer-encoding",
        "connection",
    }
)
"""Headers that a template cannot set, because `delivery` or the HTTP client sets them."""
MAX_DEPTH = 100
MARK = "\0"
"""The first character of a string that stands for a variable in a parsed template."""
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|\{\{\s*([\w.-]+)\s*\}\}', re.DOTALL)
"""A string, which stays unchanged, or a variable outside of strings."""
IN_STRING = re.compile(r"\{\{\s*([\w.-]+)\s*\}\}")


def variables(user_id: str, event_type: str, event_data: Json, resource: Json, now: Millis) -> dict[str, Json]:
    """The values of all variables."""
    return {
        "userId": user_id,
        "createdAt": iso(now),
        "eventType": event_type,
        "eventData": event_data,
        "resource": resource,
        "globals": {"dateISO": iso(now), "dateUnix": now // 1000},
    }


def check(template: str, *, in_strings: bool) -> Json:
    """The parsed template. Raises Invalid if it is not valid JSON, or uses an unknown variable."""
    parsed = _parse(template)
    for name in _names(parsed, in_strings, MAX_DEPTH):
        if name.partition(".")[0] not in VARIABLES:
            raise Invalid(
                "invalid-input",
                f"The template uses the unknown variable '{{{{{name}}}}}'. Use one of {', '.join(sorted(VARIABLES))}",
            )
    return parsed


def check_headers(template: str, *, in_strings: bool) -> None:
    """Raises Invalid."""
    if not isinstance(check(template, in_strings=in_strings), dict):
        raise Invalid("invalid-input", "The headers template must be a JSON object")


def payload(template: str | None, values: Mapping[str, Json], *, in_strings: bool) -> str:
    """The JSON to send. With `in_strings`, variables inside strings are also replaced."""
    return msgspec.json.encode(_fill_in(_parse(template or DEFAULT_PAYLOAD), values, in_strings)).decode()


def headers(template: str | None, values: Mapping[str, Json], *, in_strings: bool) -> dict[str, str]:
    """The headers to send in addition to the reserved headers."""
    filled = _fill_in(_parse(template or "{}"), values, in_strings)
    return {name: _text(value) for name, value in filled.items() if name.lower() not in RESERVED_HEADERS}


def _parse(template: str) -> Json:
    """Parse a template; each variable outside of strings becomes a string that starts with MARK. Raises Invalid."""
    marked = TOKEN.sub(lambda found: f'"\\u0000{found[1]}"' if found[1] else found[0], template)
    try:
        return msgspec.json.decode(marked)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise Invalid("invalid-input", f"The template is not valid JSON with {{{{variables}}}}: {error}") from error


def _names(node: Json, in_strings: bool, depth: int) -> Iterator[str]:
    """All variables of a parsed template. Raises Invalid for a variable that is the key of an object."""
    if depth == 0:
        raise Invalid("invalid-input", f"The template is nested more than {MAX_DEPTH} levels deep")
    if isinstance(node, dict):
        for key, value in node.items():
            if key.startswith(MARK):
                raise Invalid("invalid-input", "A variable cannot be the key of an object in a template")
            yield from _names(value, in_strings, depth - 1)
    elif isinstance(node, list):
        for each in node:
            yield from _names(each, in_strings, depth - 1)
    elif isinstance(node, str) and node.startswith(MARK):
        yield node.removeprefix(MARK)
    elif isinstance(node, str) and in_strings:
        yield from IN_STRING.findall(node)


def _fill_in(node: Json, values: Mapping[str, Json], in_strings: bool) -> Json:
    if isinstance(node, dict):
        return {key: _fill_in(value, values, in_strings) for key, value in node.items()}
    if isinstance(node, list):
        return [_fill_in(each, values, in_strings) for each in node]
    if isinstance(node, str) and node.startswith(MARK):
        return _value(node.removeprefix(MARK), values)
    if isinstance(node, str) and in_strings:
        return _fill_in_string(node, values)
    return node


def _fill_in_string(text: str, values: Mapping[str, Json]) -> Json:
    """A string that consists of one variable becomes its value. In other strings, variables become text."""
    whole = IN_STRING.fullmatch(text)
    if whole:
        return _value(whole[1], values)
    return IN_STRING.sub(lambda found: _text(_value(found[1], values)), text)


def _value(path: str, values: Mapping[str, Json]) -> Json:
    """The value at a path of names and indices that are separated by dots; null if there is no such value."""
    found: Json = values
    for name in path.split("."):
        if isinstance(found, Mapping):
            found = found.get(name)
        elif isinstance(found, list) and name.isdecimal() and int(name) < len(found):
            found = found[int(name)]
        else:
            return None
    return found


def _text(value: Json) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
