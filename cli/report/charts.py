"""Charts of a report as SVG without scripts: they stretch with the page, and their labels are text of the page."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 1000, 100
"""The coordinates of a plot. The page stretches it; lines do not become thicker."""
TIME_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400)
MOST_TIME_TICKS = 6
VALUE_TICKS = 4
LABEL_SHARE = 0.3
"""The part of the width that a marker's label may need."""
TURNED_SHARE = 0.6
"""The labels of markers beyond this part of the width are on their left side."""

Values = Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a chart. `style` is its CSS class. With `is_filled`, the area below it is colored.

    `low` and `high` are drawn as a band, if each point combines several samples.
    """

    name: str
    style: str
    values: Values
    low: Values | None = None
    high: Values | None = None
    is_filled: bool = False


@dataclass(frozen=True, slots=True)
class Marker:
    """A moment, in milliseconds since 1970. An `is_alarm` is drawn in the color of failures."""

    at: int
    label: str
    is_alarm: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """`highest` is the value at the top of the plot, `limit` an optional line with its name.

    `summary` describes the chart to readers who cannot see it.
    """

    title: str
    lines: Sequence[Line]
    highest: float
    summary: str
    limit: tuple[str, float] | None = None


@dataclass(frozen=True, slots=True)
class TimeAxis:
    """The times of the points, from `begin` to `end`, all in milliseconds since 1970.

    `starts` are when containers began. Lines do not connect the points before with those after.
    """

    at: Sequence[int]
    begin: int
    end: int
    markers: Sequence[Marker] = ()
    gaps: Sequence[Sequence[int]] = ()
    starts: Sequence[int] = ()

    def share(self, at: float) -> float:
        return min(1.0, max(0.0, (at - self.begin) / max(1, self.end - self.begin)))

    def ticks(self) -> Iterator[tuple[float, str]]:
        """Yield positions and times since the beginning, at round numbers."""
        secs = max(1, (self.end - self.begin) / 1000)
        step = next((each for each in TIME_STEPS if secs / each <= MOST_TIME_TICKS), TIME_STEPS[-1])
        for second in range(0, int(secs) + 1, step):
            yield second * 1000 / max(1, self.end - self.begin), clock_time(second)


def draw(chart: Chart, axis: TimeAxis) -> str:
    """Return a chart as a figure with its legend, plot and axes."""
    legend = "".join(
        f'<span class="key {line.style}"><svg viewBox="0 0 18 6" aria-hidden="true"><path d="M0 3H18"/></svg>'
        f"{escape(line.name)}</span>"
        for line in chart.lines
    )
    if chart.limit:
        legend += (
            '<span class="key limit"><svg viewBox="0 0 18 6" aria-hidden="true"><path d="M0 3H18"/></svg>'
            f"{escape(chart.limit[0])}</span>"
        )
    caption = f'<figcaption><b>{escape(chart.title)}</b><span class="legend">{legend}</span></figcaption>'
    return (
        f'<figure class="chart">{caption}'
        f'<div class="plot"><div class="values">{_value_ticks(chart)}</div>'
        f'<div class="area">{_markers(axis)}<svg role="img" aria-label="{escape(chart.summary)}"'
        f' viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none">{_plot(chart, axis)}</svg></div>'
        f'<div class="times">{_time_ticks(axis)}</div></div></figure>'
    )


def clock_time(secs: float) -> str:
    """Return a time since the start: `2:05`, or `1:02:05` with hours."""
    minutes, second = divmod(round(secs), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minutes}:{second:02}"


def round_up(value: float) -> float:
    """Return the next number that divides well into VALUE_TICKS parts. The value is greater than 0."""
    part = value / VALUE_TICKS
    magnitude = 10.0 ** math.floor(math.log10(part))
    return next(factor for factor in (1, 2, 2.5, 5, 10) if factor * magnitude >= part) * magnitude * VALUE_TICKS


def _value_ticks(chart: Chart) -> str:
    ticks = [(share / VALUE_TICKS, chart.highest * share / VALUE_TICKS) for share in range(VALUE_TICKS + 1)]
    return "".join(f'<span style="bottom:{100 * at:.2f}%">{value:.10g}</span>' for at, value in ticks)


def _time_ticks(axis: TimeAxis) -> str:
    return "".join(f'<span style="left:{100 * at:.2f}%">{label}</span>' for at, label in axis.ticks())


def _markers(axis: TimeAxis) -> str:
    """Return the markers. One that is close to the last label has none, because it would cover it."""
    drawn, labeled = "", -LABEL_SHARE
    for marker in axis.markers:
        share = axis.share(marker.at)
        label = f"<b>{escape(marker.label)}</b>" if share - labeled >= LABEL_SHARE else ""
        labeled = share if label else labeled
        styles = f"marker{' alarm' if marker.is_alarm else ''}{' turned' if share > TURNED_SHARE else ''}"
        drawn += f'<span class="{styles}" style="left:{100 * share:.2f}%" title="{escape(marker.label)}">{label}</span>'
    return drawn


def _plot(chart: Chart, axis: TimeAxis) -> str:
    grid = "".join(
        f'<path class="grid" d="M0 {HEIGHT * share / VALUE_TICKS:g}H{WIDTH}"/>' for share in range(VALUE_TICKS)
    )
    gaps = "".join(
        f'<rect class="gap" x="{WIDTH * axis.share(begin):.1f}" y="0" height="{HEIGHT}"'
        f' width="{WIDTH * (axis.share(end) - axis.share(begin)):.1f}"/>'
        for begin, end in axis.gaps
    )
    lines = "".join(_line(line, chart.highest, axis) for line in chart.lines)
    limit = "" if chart.limit is None else f'<path class="limit" d="M0 {_y(chart.limit[1], chart.highest)}H{WIDTH}"/>'
    return grid + gaps + lines + limit


def _line(line: Line, highest: float, axis: TimeAxis) -> str:
    drawn = ""
    for points in _segments(line.values, axis):
        path = "L".join(f"{x:.1f} {_y(value, highest)}" for x, value in points)
        first, last = points[0][0], points[-1][0]
        if line.is_filled:
            drawn += f'<path class="{line.style} fill" d="M{first:.1f} {HEIGHT}L{path}L{last:.1f} {HEIGHT}Z"/>'
        # A line of length zero is drawn as a dot, because its ends are round.
        drawn += f'<path class="{line.style}" d="M{path}{"h0" if len(points) == 1 else ""}"/>'
    return _band(line, highest, axis) + drawn


def _band(line: Line, highest: float, axis: TimeAxis) -> str:
    if line.low is None or line.high is None:
        return ""
    drawn = ""
    for low, high in zip(_segments(line.low, axis), _segments(line.high, axis), strict=True):
        edge = [*high, *reversed(low)]
        path = "L".join(f"{x:.1f} {_y(value, highest)}" for x, value in edge)
        drawn += f'<path class="{line.style} band" d="M{path}Z"/>'
    return drawn


def _segments(values: Values, axis: TimeAxis) -> Iterator[list[tuple[float, float]]]:
    """Yield consecutive known points. A gap in the measurements interrupts the line."""
    breaks = [*axis.starts, *(end for _, end in axis.gaps)]
    segment: list[tuple[float, float]] = []
    before = axis.begin
    for at, value in zip(axis.at, values, strict=True):
        if segment and (value is None or any(before < each <= at for each in breaks)):
            yield segment
            segment = []
        if value is not None:
            segment.append((WIDTH * axis.share(at), value))
        before = at
    if segment:
        yield segment


def _y(value: float, highest: float) -> str:
    return f"{HEIGHT - HEIGHT * min(value, highest) / (highest or 1):.2f}"
