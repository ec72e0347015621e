"""What an expression's values are: those of JSON, and what is not there."""

from __future__ import annotations

import math
from typing import Any

Value = Any
Scope = dict[str, Value]


class ExpressionError(Exception):
    """An expression that is none, or has no memory as its value."""


class Undefined:
    """What is not there: unlike null, which an input may hold."""


UNDEFINED = Undefined()


def is_nothing(value: Value) -> bool:
    return value is None or value is UNDEFINED


def characters(text: str) -> list[str]:
    """A text's characters as JavaScript counts them."""
    units = text.encode("utf-16-le", "surrogatepass")
    return [units[place : place + 2].decode("utf-16-le", "surrogatepass") for place in range(0, len(units), 2)]


def number(text: str) -> float:
    """A number as it is written in an expression."""
    return as_float(int(text, 0)) if text[:2] in ("0x", "0o", "0b") else float(text)


def as_float(number: float) -> float:
    """A number as JavaScript has it: a whole one that is too large is infinite."""
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf
