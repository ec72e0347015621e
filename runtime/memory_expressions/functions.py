"""The functions of expressions, including operators. Strings and booleans are converted to numbers."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence

from runtime.memory_expressions import values
from runtime.memory_expressions.values import ExpressionError, Value, code_units, is_missing

NUMBER_IN_TEXT = re.compile(
    r"[+-]?(?:Infinity|(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)|0[xX][0-9a-fA-F]+",
)
RELATIVE, ABSOLUTE = 1e-12, 1e-15
"""The largest difference between two numbers that count as equal, as in math.js."""


def _number(value: Value) -> float:
    """Raises ExpressionError if the value cannot be converted to a number."""
    if isinstance(value, int | float):
        return values.as_float(value)
    if isinstance(value, str):
        text = value.strip()
        if not text:
            return 0.0
        if NUMBER_IN_TEXT.fullmatch(text):
            return values.number(text.lower()) if text[:2] in ("0x", "0X") else float(text)
    raise ExpressionError(f"{_type_name(value)} is not a number")


def _type_name(value: Value) -> str:
    if is_missing(value):
        return "null" if value is None else "undefined"
    return "a string" if isinstance(value, str) else "an object, array or function"


def _or_infinite(calculate: Callable[[], float]) -> float:
    try:
        return calculate()
    except OverflowError:
        return math.inf


def _add(*values: Value) -> float:
    total = _number(values[0])
    for value in values[1:]:
        total += _number(value)
    return total


def _multiply(*values: Value) -> float:
    product = _number(values[0])
    for value in values[1:]:
        product *= _number(value)
    return product


def _divide(left: Value, right: Value) -> float:
    dividend, divisor = _number(left), _number(right)
    if divisor:
        return dividend / divisor
    is_indefinite = math.isnan(dividend) or dividend == 0
    return math.nan if is_indefinite else math.copysign(math.inf, dividend) * math.copysign(1, divisor)


def _pow(base: Value, exponent: Value) -> float:
    x, y = _number(base), _number(exponent)
    if x < 0 and not y.is_integer():
        raise ExpressionError("a root of a negative number is not a number")
    return _divide(1.0, 0.0) if x == 0 and y < 0 else _or_infinite(lambda: x**y)


def _are_near(left: float, right: float) -> bool:
    if left == right:
        return True
    return (
        math.isfinite(left) and math.isfinite(right) and math.isclose(left, right, rel_tol=RELATIVE, abs_tol=ABSOLUTE)
    )


def _equal(left: Value, right: Value) -> bool:
    if is_missing(left) or is_missing(right):
        return left is right
    return _are_near(_number(left), _number(right))


def _larger(left: Value, right: Value) -> bool:
    x, y = _number(left), _number(right)
    return x > y and not _are_near(x, y)


def _compare_text(left: Value, right: Value) -> float:
    if not isinstance(left, str) or not isinstance(right, str):
        raise ExpressionError("compareText() compares strings only")
    x, y = code_units(left), code_units(right)
    return float((x > y) - (x < y))


def _truth(value: Value) -> bool:
    number = _number(value)
    return bool(number) and not math.isnan(number)


def _not(value: Value) -> bool:
    return is_missing(value) or not _truth(value)


def _rounded(how: Callable[[float], float], value: Value, digits: Value = 0.0) -> float:
    """Round with the function `how`. A number that is almost an integer counts as that integer, as in math.js."""
    number, places = _number(value), _number(digits)
    if not places.is_integer() or not 0 <= places <= 15:
        raise ExpressionError("numbers can be rounded to 0 to 15 digits only")
    factor = 10**places
    shifted = number * factor
    if not math.isfinite(shifted):
        return number
    nearest = _half_away_from_zero(shifted)
    return (nearest if _are_near(shifted, nearest) else float(how(shifted))) / factor


def _is_whole(number: float) -> bool:
    return math.isfinite(number) and _are_near(number, _half_away_from_zero(number))


def _half_away_from_zero(number: float) -> float:
    return math.copysign(math.floor(abs(number) + 0.5), number)


def _extreme(is_better: Callable[[Value, Value], bool], *values: Value) -> Value:
    """Return the largest or smallest number, including the items of arrays."""
    if len(values) == 2 and isinstance(values[0], list):
        raise ExpressionError("max() and min() of one dimension of an array are not supported")
    numbers = [each if isinstance(each, bool) else _number(each) for each in _flat(values)]
    if not numbers:
        raise ExpressionError("an empty array has no largest or smallest value")
    best = numbers[0]
    for value in numbers[1:]:
        best = value if math.isnan(value) or is_better(value, best) else best
    return best


def _flat(values: Sequence[Value]) -> list[Value]:
    return [one for each in values for one in (_flat(each) if isinstance(each, list) else [each])]


ANY_NUMBER = 1000
FUNCTIONS: dict[str, Callable[..., Value]] = {
    "abs": lambda value: abs(_number(value)),
    "add": _add,
    "and": lambda left, right: _truth(left) & _truth(right),
    "ceil": lambda *values: _rounded(math.ceil, *values),
    "compareText": _compare_text,
    "divide": _divide,
    "equal": _equal,
    "fix": lambda *values: _rounded(math.trunc, *values),
    "floor": lambda *values: _rounded(math.floor, *values),
    "inv": lambda value: _divide(1.0, value),
    "isInteger": lambda value: _is_whole(_number(value)),
    "isNaN": lambda value: math.isnan(_number(value)),
    "isZero": lambda value: _are_near(_number(value), 0.0),
    "larger": _larger,
    "max": lambda *values: _extreme(_larger, *values),
    "min": lambda *values: _extreme(lambda left, right: _larger(right, left), *values),
    "multiply": _multiply,
    "not": _not,
    "nullish": lambda value, default: default if is_missing(value) else value,
    "number": _number,
    "or": lambda left, right: _truth(left) | _truth(right),
    "pow": _pow,
    "round": lambda *values: _rounded(_half_away_from_zero, *values),
    "smaller": lambda left, right: _larger(right, left),
    "subtract": lambda left, right: _number(left) - _number(right),
    "unaryMinus": lambda value: -_number(value),
    "unequal": lambda left, right: not _equal(left, right),
    "xor": lambda left, right: _truth(left) ^ _truth(right),
}
ONE, TWO, MANY = (1, 1), (2, 2), (1, ANY_NUMBER)
ARITY = {
    **dict.fromkeys(FUNCTIONS, TWO),
    **dict.fromkeys(("abs", "inv", "isInteger", "isNaN", "isZero", "not", "number", "unaryMinus"), ONE),
    **dict.fromkeys(("ceil", "fix", "floor", "round"), (1, 2)),
    **dict.fromkeys(("max", "min"), MANY),
    **dict.fromkeys(("add", "multiply"), (2, ANY_NUMBER)),
    "get": (2, ANY_NUMBER),
}
