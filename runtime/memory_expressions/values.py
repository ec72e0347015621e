"""The values of expressions: those of JSON, and undefined."""

from __future__ import annotations

import math
from typing import Any

Value = Any
Scope = dict[str, Value]


class ExpressionError(Exception):
    """An expression that is not valid, or whose value is not an amount of memory."""


class Undefined:
    """A missing value. It differs from null, which an input can hold."""


UNDEFINED = Undefined()


def is_missing(value: Value) -> bool:
    return value is None or value is UNDEFINED


def code_units(text: str) -> bytes:
    """The text as UTF-16, big-endian: two bytes for each of what JavaScript counts and compares as characters."""
    return text.encode("utf-16-be", "surrogatepass")


def number(text: str) -> float:
    """Parse a number literal of an expression."""
    return as_float(int(text, 0)) if text[:2] in ("0x", "0o", "0b") else float(text)


def as_float(number: float) -> float:
    """Convert the number as JavaScript does: an integer that no float can hold becomes infinite."""
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf
