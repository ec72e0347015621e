"""Suggests a memory expression for `defaultMemoryMbytes` from the needs of several inputs.

The expression is a line over one number of the input: a field, or the length of an array. The line lies above the need
of every measured input. The platform rounds the value to the nearest power of two, so the line is raised by the square
root of two, which makes the rounded value at least the need.

Source: "Dynamic Actor memory" in the platform's documentation.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from runtime.base.memory_sizes import MAX_MEMORY_MBYTES, MIN_MEMORY_MBYTES

NAME = re.compile(r"[A-Za-z_$][\w$]*", re.ASCII)
MAX_DEPTH = 4
ROUNDING = math.sqrt(2)
LARGEST_NUMBER = 1e15
"""A larger one, such as Number.MAX_VALUE for "no limit", measures nothing, and its square may be infinite."""
MAX_FEATURES = 200
"""Numbers of one input that are tried. Each costs time that grows with the square of the inputs."""
LEAST_FOR_CHECK = 3
"""With fewer inputs, a line through all but one of them cannot predict that one."""


@dataclass(frozen=True, slots=True)
class Line:
    """`base + factor * feature` megabytes. `default` is the value of an input without the feature."""

    feature: str
    base: int
    factor: float
    default: float

    @property
    def expression(self) -> str:
        value = f"get(input, '{self.feature}', {self.default:g})"
        return f"{self.base} + {self.factor:g} * {value}"

    def mbytes(self, value: float) -> int:
        """Return the memory for a value of the feature, as the platform rounds it."""
        return nearest_size(self.base + self.factor * value)


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the expression gives an input that needs `needed_mbytes`. `unseen_mbytes` is what a line that was fitted to
    the other inputs alone gives it, or None without enough inputs."""

    value: float
    needed_mbytes: int
    given_mbytes: int
    unseen_mbytes: int | None

    @property
    def is_miss(self) -> bool:
        return self.given_mbytes < self.needed_mbytes

    @property
    def is_unseen_miss(self) -> bool:
        return self.unseen_mbytes is not None and self.unseen_mbytes < self.needed_mbytes


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A line, with what it gives each input, in their order."""

    line: Line
    predictions: tuple[Prediction, ...]


@dataclass(frozen=True, slots=True)
class Need:
    """What one input needs: the peak with headroom, and the size that was measured to be enough, in megabytes."""

    input: Any
    mbytes: float
    size: int


def suggest(needs: Sequence[Need]) -> Suggestion | None:
    """Return the line that gives all inputs together the least memory, or None if none is better than a constant."""
    constant = max((need.size for need in needs), default=0) * len(needs)
    suggestions = [
        Suggestion(line, _predictions(line, values, needs))
        for feature, values in _features([need.input for need in needs])
        if (line := _line(feature, values, needs)) is not None
    ]
    total = {id(each): sum(one.given_mbytes for one in each.predictions) for each in suggestions}
    safe = [each for each in suggestions if not any(one.is_miss for one in each.predictions)]
    best = min(safe, key=lambda each: (total[id(each)], each.line.feature), default=None)
    return best if best is not None and total[id(best)] < constant else None


def nearest_size(mbytes: float) -> int:
    """Return the nearest power of two within the platform's limits."""
    exponent = math.floor(math.log2(max(mbytes, 1)) + 0.5)
    return int(min(max(2**exponent, MIN_MEMORY_MBYTES), MAX_MEMORY_MBYTES))


def _line(feature: str, values: Sequence[float], needs: Sequence[Need]) -> Line | None:
    """Return the line of the least squares, raised above all needs; None if the need does not grow with the feature."""
    middle, level = sum(values) / len(values), sum(need.mbytes for need in needs) / len(needs)
    variance = sum((value - middle) ** 2 for value in values)
    if not variance:
        return None
    slope = sum((v - middle) * (need.mbytes - level) for v, need in zip(values, needs, strict=True)) / variance
    factor = _rounded_up(slope * ROUNDING)
    if factor <= 0:
        return None
    base = max(_least_value(need) - factor * value for value, need in zip(values, needs, strict=True))
    # A negative base would give inputs that are smaller than all measured ones almost nothing.
    return Line(feature, max(0, math.ceil(base)), factor, max(values))


def _least_value(need: Need) -> float:
    """Return the value from which on the platform grants enough: above the need, and rounded to its size."""
    return max(need.mbytes * ROUNDING, need.size / ROUNDING)


def _predictions(line: Line, values: Sequence[float], needs: Sequence[Need]) -> tuple[Prediction, ...]:
    return tuple(
        Prediction(value, need.size, line.mbytes(value), _unseen(line.feature, index, values, needs))
        for index, (value, need) in enumerate(zip(values, needs, strict=True))
    )


def _unseen(feature: str, index: int, values: Sequence[float], needs: Sequence[Need]) -> int | None:
    if len(needs) < LEAST_FOR_CHECK:
        return None
    others = [position for position in range(len(needs)) if position != index]
    line = _line(feature, [values[each] for each in others], [needs[each] for each in others])
    return None if line is None else line.mbytes(values[index])


def _features(inputs: Sequence[Any]) -> Iterator[tuple[str, list[float]]]:
    """Yield the numbers that every input has, with their values."""
    found = [dict(islice(_numbers(each), MAX_FEATURES)) for each in inputs]
    for feature in found[0] if found else ():
        if all(feature in each for each in found):
            yield feature, [each[feature] for each in found]


def _numbers(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, float]]:
    """Yield the numbers in a value and the lengths of its arrays, by their paths."""
    if isinstance(value, list) and path:
        yield ".".join((*path, "length")), float(len(value))
    elif isinstance(value, int | float) and not isinstance(value, bool) and path:
        if abs(value) < LARGEST_NUMBER:  # also false for NaN
            yield ".".join(path), float(value)
    elif isinstance(value, Mapping) and len(path) < MAX_DEPTH:
        for key, each in value.items():
            if NAME.fullmatch(key):
                yield from _numbers(each, (*path, key))


def _rounded_up(value: float) -> float:
    """Return the value with three significant digits, not below it."""
    if value <= 0:
        return value
    unit = 10.0 ** (math.floor(math.log10(value)) - 2)
    return float(f"{math.ceil(value / unit) * unit:.3g}")
