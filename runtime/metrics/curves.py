"""The curves of a run, for drawing: what it used at each moment, as rates where the counters add up.

A long series is made coarser: consecutive samples become one point with their mean, and with their minimum and maximum,
so that short peaks remain visible. Samples of different containers are never combined.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from runtime.base.clock import Millis
from runtime.metrics.blocks import Block, Origin, Point, Values, block_of

Numbers = list[float | None]

SILENCE_MILLIS = 8_000
SILENCE_FACTOR = 7
"""A time without a sample is a gap, in which no server measured the run, if it is longer than SILENCE_MILLIS, and so
many times as long as the time between the two samples before. Old runs get fewer samples, but not so many fewer."""
SHORTEST_WINDOW_MILLIS = 250
"""The shortest time over which a rate is meaningful: CPU quotas are granted in periods of 100 ms."""
OOM_KILL = "oom-kill"

LEVELS: Mapping[str, str] = {
    "anonymous_bytes": "anonymous",
    "kernel_bytes": "kernel",
    "shared_bytes": "shared",
    "cache_bytes": "cache",
    "limit_bytes": "limit",
    "disk_bytes": "disk",
    "processes": "processes",
    "threads": "threads",
}
"""The curves that show a column as it is."""


@dataclass(slots=True)
class Curve:
    """A value for each point. `low` and `high` are its extremes if a point combines several samples, else None."""

    values: Numbers = field(default_factory=list)
    low: Numbers | None = None
    high: Numbers | None = None


@dataclass(frozen=True, slots=True)
class RunEvent:
    """Something that happened to the run: how it was continued in a new container, or an out-of-memory kill."""

    at: Millis
    kind: str


@dataclass(slots=True)
class Curves:
    """The curves of a run. All have one value for each time in `at`.

    `cpu_cores` and `granted_cores` are numbers of cores, `cpu_share` is the used part of the grant. `throttled_share`
    is the part of the CPU periods in which the kernel stopped the run. Traffic is in bytes per second. `gaps` are times
    in which nothing was measured.
    """

    at: list[Millis] = field(default_factory=list)
    curves: dict[str, Curve] = field(default_factory=dict)
    memory_by_name: dict[str, Curve] = field(default_factory=dict)
    cpu_by_name: dict[str, Curve] = field(default_factory=dict)
    samples_per_point: int = 1
    sources: set[str] = field(default_factory=set)
    events: list[RunEvent] = field(default_factory=list)
    gaps: list[tuple[Millis, Millis]] = field(default_factory=list)


@dataclass(slots=True)
class _Samples:
    """Samples that are not points yet: their times, and columns by the group and the name of their curve."""

    at: list[Millis] = field(default_factory=list)
    columns: dict[tuple[str, str], Numbers] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """One point of all curves."""

    at: Millis
    values: Mapping[str, float | None]
    memory_by_name: Mapping[str, float | None]
    cpu_by_name: Mapping[str, float | None]


def curve_point(origin: Origin, point: Point, last: Point | None) -> CurvePoint:
    """The point of the curves for a sample. `last` is the sample before it of the same container."""
    numbers = _numbers(block_of(origin, point), None if last is None else block_of(origin, last))
    groups: dict[str, dict[str, float | None]] = {"": {}, "memory": {}, "cpu": {}}
    for (group, name), values in numbers.items():
        groups[group][name] = values[0]
    return CurvePoint(point.values["at"] or 0, groups[""], groups["memory"], groups["cpu"])


class CurveBuilder:
    """Adds blocks one by one, in order, so that a long series can be read in slices. Call `finish` last."""

    def __init__(self, samples: int, most_points: int) -> None:
        self._size = max(1, -(-samples // most_points))
        self._curves = Curves(samples_per_point=self._size)
        self._waiting = _Samples()
        self._last: Block | None = None
        self._last_pause: Millis = 0

    def add(self, block: Block) -> None:
        if self._last is not None and self._last.origin.container != block.origin.container:
            self._combine(len(self._waiting.at))
        self._curves.sources |= {block.origin.source} if block.origin.source else set()
        self._add_events(block)
        self._add_gaps(block)
        self._append(block)
        self._combine(len(self._waiting.at) // self._size * self._size)
        self._last = block

    def finish(self) -> Curves:
        self._combine(len(self._waiting.at))
        return self._curves

    def _before(self, block: Block) -> Block | None:
        """Return the last block, if it is of the same container: then the counters continue."""
        last = self._last
        return last if last is not None and last.origin.container == block.origin.container else None

    def _append(self, block: Block) -> None:
        before, count = self._before(block), len(self._waiting.at)
        self._waiting.at += [at or 0 for at in block.columns["at"]]
        added = _numbers(block, before)
        for key in {*self._waiting.columns, *added}:
            column = self._waiting.columns.setdefault(key, [None] * count)
            column += added.get(key, [None] * block.length)

    def _combine(self, count: int) -> None:
        """Make points of the first `count` samples that wait."""
        if not count:
            return
        at, points = self._waiting.at, len(self._curves.at)
        self._curves.at += [at[min(start + self._size, count) - 1] for start in range(0, count, self._size)]
        groups = {
            "": self._curves.curves,
            "memory": self._curves.memory_by_name,
            "cpu": self._curves.cpu_by_name,
        }
        for (group, name), column in self._waiting.columns.items():
            curve = groups[group].setdefault(name, self._new_curve(points))
            _extend(curve, column[:count], self._size)
        for group, curves in groups.items():
            for name in curves.keys() - {name for each, name in self._waiting.columns if each == group}:
                _extend(curves[name], [None] * count, self._size)
        columns = {key: column[count:] for key, column in self._waiting.columns.items()} if at[count:] else {}
        self._waiting = _Samples(at[count:], columns)

    def _new_curve(self, points: int) -> Curve:
        unknown: Numbers = [None] * points
        if self._size == 1:
            return Curve(unknown)
        return Curve(unknown, list(unknown), list(unknown))

    def _add_events(self, block: Block) -> None:
        first = block.columns["at"][0] or 0
        if self._last is not None and self._last.origin.container != block.origin.container:
            before = self._last.origin.counts
            kinds = [kind for kind, count in block.origin.counts.items() if count > before.get(kind, 0)]
            self._curves.events += [RunEvent(first, kind) for kind in kinds]
        earlier = self._before(block)
        kills = 0 if earlier is None else earlier.columns["oom_kills"][-1] or 0
        for at, count in zip(block.columns["at"], block.columns["oom_kills"], strict=True):
            if count is not None and count > kills:
                self._curves.events.append(RunEvent(at or 0, OOM_KILL))
                kills = count

    def _add_gaps(self, block: Block) -> None:
        last = [] if self._last is None else self._last.columns["at"][-1:]
        times = [at or 0 for at in (*last, *block.columns["at"])]
        for before, at in pairwise(times):
            if at - before > max(SILENCE_MILLIS, SILENCE_FACTOR * self._last_pause):
                self._curves.gaps.append((before, at))
            else:
                self._last_pause = at - before


def _numbers(block: Block, before: Block | None) -> dict[tuple[str, str], Numbers]:
    """Return what the samples of a block mean, by the group and the name of the curve."""
    millis = _passed(block, before)
    levels: dict[tuple[str, str], Numbers] = {("", name): [*block.columns[key]] for name, key in LEVELS.items()}
    used, periods, throttled = (
        _increases(block.columns[name], _column(before, name)) for name in ("cpu", "periods", "throttled_periods")
    )
    cores, granted = _ratios(used, millis), _granted(block, before)
    return {
        **levels,
        ("", "memory_bytes"): _with_peaks(block, before),
        ("", "cpu_cores"): cores,
        ("", "granted_cores"): granted,
        ("", "cpu_share"): [
            one / all if one is not None and all else None for one, all in zip(cores, granted, strict=True)
        ],
        ("", "throttled_share"): _shares(throttled, periods),
        **{("", f"{name}_per_sec"): _per_sec(block, before, name, millis) for name in ("received", "sent")},
        **{("memory", name): [*values] for name, values in block.memory_by_name.items()},
        **{
            ("cpu", name): _ratios(_increases(values, before.cpu_by_name.get(name) if before else None), millis)
            for name, values in block.cpu_by_name.items()
        },
    }


def _granted(block: Block, before: Block | None) -> Numbers:
    """Return the most cores that were granted since the sample before, in which the burst may have ended."""
    column = block.columns["granted"]
    first = before.columns["granted"][-1] if before else column[0]
    return [None if now is None else max(last or 0, now) / 1000 for last, now in pairwise([first, *column])]


def _with_peaks(block: Block, before: Block | None) -> Numbers:
    """Return the highest use of memory since the sample before, if the kernel counted a new peak in that time."""
    last = _column(before, "peak")
    highest = last[-1] if last else 0
    levels: Numbers = []
    for used, peak in zip(block.columns["used"], block.columns["peak"], strict=True):
        is_new = used is not None and peak is not None and peak > max(used, highest or 0)
        levels.append(peak if is_new else used)
        highest = peak
    return levels


def _passed(block: Block, before: Block | None) -> list[Millis]:
    """Return the time before each sample since the one before; for the first one, since the container's start."""
    start = block.origin.container if before is None else before.columns["at"][-1] or 0
    return [(after or 0) - (at or 0) for at, after in pairwise([start, *block.columns["at"]])]


def _column(block: Block | None, name: str) -> Values | None:
    return None if block is None else block.columns[name]


def _increases(values: Values, before: Values | None) -> Values:
    first = before[-1] if before else 0
    return [None if now is None or last is None else max(0, now - last) for last, now in pairwise([first, *values])]


def _per_sec(block: Block, before: Block | None, name: str, millis: Sequence[Millis]) -> Numbers:
    increases = _increases(block.columns[name], _column(before, name))
    return [None if ratio is None else ratio * 1000 for ratio in _ratios(increases, millis)]


def _ratios(increases: Values, millis: Sequence[Millis]) -> Numbers:
    return [
        None if increase is None or passed < SHORTEST_WINDOW_MILLIS else increase / passed
        for increase, passed in zip(increases, millis, strict=True)
    ]


def _shares(parts: Values, wholes: Values) -> Numbers:
    """Return the parts of the wholes. A time without CPU periods, in which the run did nothing, has the share 0."""
    return [
        None if part is None or whole is None else min(1.0, part / whole) if whole else 0.0
        for part, whole in zip(parts, wholes, strict=True)
    ]


def _extend(curve: Curve, column: Numbers, size: int) -> None:
    if size == 1 or curve.low is None or curve.high is None:
        curve.values += column
        return
    for chunk in _chunks(column, size):
        curve.values.append(sum(chunk) / len(chunk) if chunk else None)
        curve.low.append(min(chunk, default=None))
        curve.high.append(max(chunk, default=None))


def _chunks(column: Numbers, size: int) -> Iterator[list[float]]:
    for start in range(0, len(column), size):
        yield [value for value in column[start : start + size] if value is not None]
