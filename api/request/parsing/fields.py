"""Parsers of single fields of a JSON body, and of the values that several kinds of records share."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec

from runtime.base.clock import Millis, millis_of
from runtime.base.errors import Invalid
from runtime.base.records import PermissionLevel

T = TypeVar("T")
MAX_TIMEOUT_SECS = 10 * 365 * 86_400
"""Ten years: the end of a longer timeout could not be written as a date."""


def field(body: Mapping[str, Any], name: str, kind: type[T]) -> T | None:
    """A field of a JSON object, checked to be of the given type; None if it is absent or null."""
    value = body.get(name)
    if value is None:
        return None
    try:
        return msgspec.convert(value, kind, strict=True)
    except msgspec.ValidationError as problem:
        raise Invalid("invalid-value", f"Field '{name}' is not valid: {problem}") from problem


def unchanged_fields(body: Mapping[str, Any], kinds: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of these types that the body has. They are stored as they were sent, null included."""
    sent = {name: kind for name, kind in kinds.items() if name in body}
    for name, kind in sent.items():
        field(body, name, kind)
    return {name: body[name] for name in sent}


def parse_timestamp(text: str) -> Millis:
    """An ISO 8601 timestamp; UTC if it has no time zone. Raises ValueError."""
    at = datetime.fromisoformat(text)
    return millis_of(at if at.tzinfo else at.replace(tzinfo=UTC))


def parse_permission_level(text: str | None, name: str) -> PermissionLevel | None:
    if text is None:
        return None
    if text not in set(PermissionLevel):
        raise Invalid("invalid-value", f"'{name}' must be one of {', '.join(PermissionLevel)}, not '{text}'")
    return PermissionLevel(text)


def parse_timeout(secs: float | None) -> int | None:
    """A timeout in whole seconds. Half a second becomes 1, because 0 means no timeout."""
    if secs is None:
        return None
    if not 0 <= secs <= MAX_TIMEOUT_SECS:
        raise Invalid("invalid-input", f"A timeout must be 0 (none) to {MAX_TIMEOUT_SECS} seconds, not {secs:g}")
    return max(round(secs), 1 if secs > 0 else 0)
