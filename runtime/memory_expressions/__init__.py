"""Memory expressions: a `defaultMemoryMbytes` in actor.json that is a string and computes the memory of a run.

The language is the part of math.js that the platform evaluates: arithmetic, comparisons, conditions, a few functions,
variables, and the run's `input` and `runOptions`. It has no loops, so the length of an expression limits its cost.
User-defined functions, object literals, arithmetic with arrays, and units are not supported and raise an error.

Source: "Dynamic Actor memory" in the platform's documentation. The tests compare the results with those of the npm
package `@apify/actor-memory-expression`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from runtime.jobs.resource_limits import MAX_MEMORY_MBYTES, MIN_MEMORY_MBYTES
from runtime.memory_expressions.values import ExpressionError, Scope, Value, as_float

if TYPE_CHECKING:
    from runtime.memory_expressions.nodes import Node

MAX_LENGTH = 1000
__all__ = ["ExpressionError", "memory_of", "nearest_power_of_two", "parse_expression"]


def memory_of(expression: str, input: Mapping[str, Value], run_options: Mapping[str, Value]) -> int:
    """Return the memory in MB: the value, rounded to a power of two within the platform's limits.

    Raises ExpressionError.
    """
    # Imported here and below, because few Actors have an expression.
    from runtime.memory_expressions.evaluation import evaluate, get

    scope: Scope = {"input": input, "runOptions": run_options, "get": get}
    try:
        value = evaluate(parse_expression(expression), scope)
    except RecursionError as problem:
        raise ExpressionError("it is nested too deeply") from problem
    return nearest_power_of_two(value)


def parse_expression(expression: str) -> Node:
    """Raises ExpressionError."""
    from runtime.memory_expressions.parser import parse

    if len(expression) > MAX_LENGTH:
        raise ExpressionError(f"it is longer than {MAX_LENGTH} characters")
    try:
        return parse(expression)
    except RecursionError as problem:
        raise ExpressionError("it is nested too deeply") from problem


def nearest_power_of_two(value: Value) -> int:
    """Round the value to a power of two within the platform's limits. Raises ExpressionError unless it is positive."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(as_float(value)):
        raise ExpressionError("its value is not a number")
    if value <= 0:
        raise ExpressionError(f"its value must be greater than 0, not {value:g}")
    nearest = math.floor(math.log2(value) + 0.5)
    bounded = min(max(nearest, int(math.log2(MIN_MEMORY_MBYTES))), int(math.log2(MAX_MEMORY_MBYTES)))
    return int(2**bounded)
