"""Samples of a run in a compact form: consecutive samples of one container, column by column.

A block is JSON: in each column the first value, then the differences, compressed with zlib. Differences of counters are
small numbers, and constant columns are zeros, so a sample of about twenty values takes some 20 bytes. A binary format
would be a fifth smaller. But JSON is decoded by C code, has a form for unknown values, and needs no migration for a new
column: a reader treats a column that a block lacks as unknown.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

from runtime.base.clock import Millis

Values = list[int | None]
"""One value for each sample. None means that it was not measured."""

MEMORY_UNIT = 16_384
TRAFFIC_UNIT = 1024
UNITS: Mapping[str, int] = {
    "at": 1,
    **dict.fromkeys(("used", "peak", "anonymous", "kernel", "shared", "cache", "limit", "disk"), MEMORY_UNIT),
    **dict.fromkeys(("received", "sent"), TRAFFIC_UNIT),
    **dict.fromkeys(("cpu", "throttled", "granted"), 1),
    **dict.fromkeys(("periods", "throttled_periods", "processes", "threads", "oom_kills"), 1),
}
"""The columns, and the unit in which a block stores each.

Times are milliseconds, also CPU time. `granted` is in thousandths of a core, memory and traffic are in bytes. `peak`,
`cpu`, `received`, `sent`, `periods`, `throttled_periods`, `throttled` and `oom_kills` count from the container's start.
"""


@dataclass(frozen=True, slots=True)
class Point:
    """One sample: its values by column, and what the processes of each name use: bytes and milliseconds of CPU time."""

    values: Mapping[str, int | None]
    by_name: Mapping[str, tuple[int, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where the samples of a block are from.

    `container` is the time at which the container started. `counts` is how often the run has been continued, by reason.
    `source` is the reader of the details: `cgroup v1`, `cgroup v2` or `engine`; None if there are no details.
    """

    container: Millis
    counts: Mapping[str, int]
    source: str | None = None
    is_peak_complete: bool = False
    is_kernel_estimated: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """Samples as columns. All columns have the same length."""

    origin: Origin
    columns: Mapping[str, Values]
    memory_by_name: Mapping[str, Values]
    cpu_by_name: Mapping[str, Values]

    @property
    def length(self) -> int:
        return len(self.columns["at"])


def block_of(origin: Origin, point: Point) -> Block:
    """A block with one sample, in full units."""
    return Block(
        origin,
        {name: [point.values.get(name)] for name in UNITS},
        {name: [memory] for name, (memory, _) in point.by_name.items()},
        {name: [cpu] for name, (_, cpu) in point.by_name.items()},
    )


def encode(origin: Origin, points: Sequence[Point]) -> bytes:
    names = sorted({name for point in points for name in point.by_name})
    columns = {
        name: _differences(_scaled(point.values.get(name), unit) for point in points) for name, unit in UNITS.items()
    }
    document = {
        "container": origin.container,
        "counts": dict(origin.counts),
        "source": origin.source,
        "peak": origin.is_peak_complete,
        "kernel": origin.is_kernel_estimated,
        "columns": {name: values for name, values in columns.items() if any(value is not None for value in values)},
        "memory": {name: _differences(_of_name(point, name, 0, MEMORY_UNIT) for point in points) for name in names},
        "cpu": {name: _differences(_of_name(point, name, 1, 1) for point in points) for name in names},
    }
    return zlib.compress(json.dumps(document, separators=(",", ":")).encode(), 9)


def decode(content: bytes) -> Block:
    document = json.loads(zlib.decompress(content))
    length = len(document["columns"]["at"])
    unknown: Values = [None] * length
    origin = Origin(
        container=document["container"],
        counts=document["counts"],
        source=document["source"],
        is_peak_complete=document["peak"],
        is_kernel_estimated=document["kernel"],
    )
    return Block(
        origin,
        {
            name: _values(document["columns"][name], unit) if name in document["columns"] else unknown
            for name, unit in UNITS.items()
        },
        {name: _values(values, MEMORY_UNIT) for name, values in document["memory"].items()},
        {name: _values(values, 1) for name, values in document["cpu"].items()},
    )


def _of_name(point: Point, name: str, index: int, unit: int) -> int | None:
    use = point.by_name.get(name)
    return None if use is None else _scaled(use[index], unit)


def _scaled(value: int | None, unit: int) -> int | None:
    return None if value is None else round(value / unit)


def _differences(values: Iterable[int | None]) -> Values:
    """Return the first value, and the difference of each other one to the last known value."""
    differences: Values = []
    last = 0
    for value in values:
        differences.append(None if value is None else value - last)
        last = last if value is None else value
    return differences


def _values(differences: list[Any], unit: int) -> Values:
    if None not in differences:
        sums: Iterable[int] = accumulate(differences)
        return list(sums) if unit == 1 else [value * unit for value in sums]
    values: Values = []
    last = 0
    for difference in differences:
        last += difference or 0
        values.append(None if difference is None else last * unit)
    return values
