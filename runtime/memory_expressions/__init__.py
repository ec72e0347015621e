"""Expressions that say how much memory a run gets: `defaultMemoryMbytes` of an actor.json, where it is a text.

The language is the part of math.js that the platform evaluates: arithmetic, comparisons, conditions, a few functions,
variables, and the run's `input` and `runOptions`. Nothing in it repeats, so that its cost is bounded by its length.
Left out, and refused as an error would be: functions and objects of one's own, arithmetic with arrays, units.

Source: "Dynamic Actor memory" in the platform's documentation; npm `@apify/actor-memory-expression` judges the tests.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from runtime.jobs.limits import MAX_MEMORY_MBYTES, MIN_MEMORY_MBYTES
from runtime.memory_expressions.evaluation import evaluate, get
from runtime.memory_expressions.nodes import Node
from runtime.memory_expressions.parser import RUN_OPTIONS, parsed
from runtime.memory_expressions.values import ExpressionError, Scope, Value, as_float

MAX_LENGTH = 1000
__all__ = ["RUN_OPTIONS", "ExpressionError", "compiled", "memory_of", "nearest_power_of_two"]


def memory_of(expression: str, input: Mapping[str, Value], run_options: Mapping[str, Value]) -> int:
    """The memory in MB: the power of two next to the value, within the platform's bounds. Raises ExpressionError."""
    scope: Scope = {"input": input, "runOptions": run_options, "get": get}
    try:
        value = evaluate(compiled(expression), scope)
    except RecursionError as problem:
        raise ExpressionError("it is nested too deeply") from problem
    return nearest_power_of_two(value)


def compiled(expression: str) -> Node:
    """Raises ExpressionError."""
    if len(expression) > MAX_LENGTH:
        raise ExpressionError(f"it is longer than {MAX_LENGTH} characters")
    try:
        return parsed(expression)
    except RecursionError as problem:
        raise ExpressionError("it is nested too deeply") from problem


def nearest_power_of_two(value: Value) -> int:
    """Within the platform's bounds. Raises ExpressionError for what is no positive number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(as_float(value)):
        raise ExpressionError("its value is no number")
    if value <= 0:
        raise ExpressionError(f"its value must be greater than 0, not {value:g}")
    nearest = math.floor(math.log2(value) + 0.5)
    bounded = min(max(nearest, int(math.log2(MIN_MEMORY_MBYTES))), int(math.log2(MAX_MEMORY_MBYTES)))
    return int(2**bounded)
