"""The rules for the fields of a request in a queue.

Source: the schema "RequestBase" of the platform's API reference. Typed clients cannot read a request with other values.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from runtime.base.errors import Invalid

REQUIRED = ("uniqueKey", "url")
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH")
MAX_SAFE_INTEGER = 2**53 - 1
TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)", re.ASCII)


def check_requests(drafts: Iterable[Any]) -> None:
    """Raises Invalid, which names each request of the batch that is not valid."""
    problems = ((position, draft, problem_of_request(draft)) for position, draft in enumerate(drafts))
    invalid = [f"{_name(position, draft)}: {problem}" for position, draft, problem in problems if problem is not None]
    if invalid:
        raise Invalid("invalid-value", f"The batch is not valid. {'. '.join(invalid)}")


def check_request(draft: Any) -> None:
    """Raises Invalid."""
    problem = problem_of_request(draft)
    if problem is not None:
        raise Invalid("invalid-value", f"The request is not valid: {problem}")


def problem_of_request(draft: Any) -> str | None:
    if not isinstance(draft, dict):
        return "it must be a JSON object"
    for name in REQUIRED:
        if name not in draft:
            return f"it needs a '{name}'"
    for name, value in draft.items():
        rule = RULES.get(name)
        if rule is not None and not rule[0](value):
            return f"'{name}' must be {rule[1]}"
    return None


def _name(position: int, draft: Any) -> str:
    key = draft.get("uniqueKey") if isinstance(draft, dict) else None
    return f"Request at position {position}" + (f" ('{key}')" if isinstance(key, str) else "")


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value <= MAX_SAFE_INTEGER


def _is_timestamp(value: Any) -> bool:
    if value is None:
        return True
    if not isinstance(value, str) or not TIMESTAMP.fullmatch(value):
        return False
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def _is_null_or(*kinds: type) -> Callable[[Any], bool]:
    return lambda value: value is None or isinstance(value, kinds)


def _are_texts(value: Any) -> bool:
    return value is None or (isinstance(value, list) and all(isinstance(each, str) for each in value))


RULES: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "uniqueKey": (_is_text, "a string that is not empty"),
    "url": (_is_text, "a string that is not empty"),
    "method": (METHODS.__contains__, f"one of {', '.join(METHODS)}"),
    "retryCount": (_is_count, "a whole number from 0"),
    "userData": (lambda value: isinstance(value, dict), "an object"),
    "headers": (_is_null_or(dict), "an object or null"),
    "payload": (_is_null_or(str, dict), "a string, an object or null"),
    "loadedUrl": (_is_null_or(str), "a string or null"),
    "noRetry": (_is_null_or(bool), "true, false or null"),
    "errorMessages": (_are_texts, "an array of strings, or null"),
    "handledAt": (_is_timestamp, "an ISO 8601 timestamp with a time zone, or null"),
}
"""Whether the value of each field is valid, and the rule in words."""
