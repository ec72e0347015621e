"""Templates of webhooks: JSON-like text whose `{{variables}}` are replaced with JSON.

Values are those of JavaScript: a property that does not exist is undefined, which JSON leaves out.

Sources: "Payload template" and "Headers template" of the platform's documentation on webhook actions. The tests compare
the results with those of the npm package `@apify/utilities`.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Mapping

from runtime.base.clock import Millis, iso
from runtime.base.errors import Invalid
from runtime.base.json_text import Json, dumps, loads

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
MAX_LENGTH = 262_144
MAX_VARIABLES = 1000
"""Each of them can become the whole resource."""
MARK = f"variable {secrets.token_hex(16)} "
"""The beginning of a string that stands for a variable in a parsed template. No template can contain it."""
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|\{\{([^{}]*)\}\}', re.DOTALL)
"""A string, which stays unchanged, or a variable outside of strings."""
IN_STRING = re.compile(r"\{\{([a-zA-Z0-9.]+)\}\}")
"""A variable inside a string. Braces around other characters are text."""
HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
CONTROL_CHARACTER = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
"""What the value of a header cannot contain."""


INDEX = re.compile(r"0|[1-9][0-9]{0,9}")
MAX_PLAIN_NUMBER = 10**21
"""JavaScript writes larger numbers with an exponent."""


class _Undefined:
    """The value of a property that does not exist."""


UNDEFINED = _Undefined()


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
    """The parsed template. Raises Invalid if it is not valid JSON, uses an unknown variable, or is too large."""
    if len(template) > MAX_LENGTH:
        raise Invalid("invalid-input", f"A template can have at most {MAX_LENGTH} characters, not {len(template)}")
    parsed = _parse(template)
    names = list(_names(parsed, in_strings, MAX_DEPTH))
    if len(names) > MAX_VARIABLES:
        raise Invalid("invalid-input", f"A template can use variables at most {MAX_VARIABLES} times, not {len(names)}")
    for name in names:
        if not _is_known(name):
            raise Invalid(
                "invalid-input",
                f"The template uses the unknown variable '{{{{{name}}}}}'. Use one of {', '.join(sorted(VARIABLES))}",
            )
    return parsed


def check_headers(template: str, *, in_strings: bool) -> None:
    """Raises Invalid."""
    parsed = check(template, in_strings=in_strings)
    if not isinstance(parsed, dict):
        raise Invalid("invalid-input", "The headers template must be a JSON object")
    for name, value in parsed.items():
        if not HEADER_NAME.fullmatch(name):
            raise Invalid("invalid-input", f"The headers template has the name '{name}', which no header can have")
        if isinstance(value, str) and CONTROL_CHARACTER.search(value.removeprefix(MARK)):
            raise Invalid("invalid-input", f"The header '{name}' cannot contain line breaks or control characters")


def payload(template: str | None, values: Mapping[str, Json], *, in_strings: bool) -> str:
    """The JSON to send. With `in_strings`, variables inside strings are also replaced."""
    return dumps(_without_undefined(_fill_in(_parse(template or DEFAULT_PAYLOAD), values, in_strings))).decode()


def headers(template: str | None, values: Mapping[str, Json], *, in_strings: bool) -> dict[str, str]:
    """The headers to send in addition to the reserved headers."""
    filled = _without_undefined(_fill_in(_parse(template or "{}"), values, in_strings))
    return {name: _header_text(value) for name, value in filled.items() if name.lower() not in RESERVED_HEADERS}


def _parse(template: str) -> Json:
    """Parse a template; each variable outside of strings becomes a string that starts with MARK. Raises Invalid."""
    marked = TOKEN.sub(
        lambda found: dumps(MARK + found[1]).decode() if found[0].startswith("{") else found[0], template
    )
    try:
        return loads(marked.encode("utf-8", "surrogatepass"))
    except ValueError as error:
        raise Invalid("invalid-input", f"The template is not valid JSON with {{{{variables}}}}: {error}") from error


def _is_known(name: str) -> bool:
    return name.partition(".")[0] in VARIABLES


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
        # What counts as false in JavaScript is replaced with null. Strings in the value can contain variables, too.
        value = _value(node.removeprefix(MARK), values)
        is_false = value is UNDEFINED or (not value and not isinstance(value, dict | list))
        return _fill_in(None if is_false else value, values, in_strings)
    if isinstance(node, str) and in_strings:
        return _fill_in_string(node, values)
    return node


def _fill_in_string(text: str, values: Mapping[str, Json]) -> Json:
    """A string that consists of one variable becomes its value. In other strings, variables become text."""
    whole = IN_STRING.fullmatch(text)
    if whole and _is_known(whole[1]):
        return _value(whole[1], values)
    return IN_STRING.sub(
        lambda found: _javascript_text(_value(found[1], values)) if _is_known(found[1]) else found[0], text
    )


def _value(path: str, values: Mapping[str, Json]) -> Json:
    """The value at a path of names and indices that are separated by dots."""
    found: Json = values
    for name in path.split("."):
        if isinstance(found, Mapping):
            found = found.get(name, UNDEFINED)
        elif isinstance(found, list):
            found = _item(found, name)
        else:
            return None
    return found


def _item(items: list[Json], name: str) -> Json:
    if name == "length":
        return len(items)
    return items[int(name)] if INDEX.fullmatch(name) and int(name) < len(items) else UNDEFINED


def _without_undefined(node: Json) -> Json:
    """The value as JavaScript writes it as JSON: undefined is left out of objects, and null elsewhere."""
    if isinstance(node, dict):
        return {key: _without_undefined(value) for key, value in node.items() if value is not UNDEFINED}
    if isinstance(node, list):
        return [_without_undefined(each) for each in node]
    return None if node is UNDEFINED else node


def _javascript_text(value: Json) -> str:
    """The value inside a longer string, as JavaScript converts it."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case None:
            return "null"
        case _Undefined():
            return "undefined"
        case dict():
            return "[object Object]"
        case list():
            return ",".join("" if each is None else _javascript_text(each) for each in value)
        case float() if value.is_integer() and abs(value) < MAX_PLAIN_NUMBER:
            return str(int(value))
    return dumps(value).decode()


def _header_text(value: Json) -> str:
    text = value if isinstance(value, str) else dumps(value).decode()
    return CONTROL_CHARACTER.sub(" ", text).encode("utf-8", "replace").decode()
