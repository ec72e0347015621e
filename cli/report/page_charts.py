"""The charts of a report's web page, and the table with the same numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from cli.report.charts import Chart, Line, Marker, TimeAxis, clock_time, draw, round_up
from runtime.base.json_text import JsonDict
from runtime.base.sizes import MBYTE

MOST_TABLE_ROWS = 60
MOST_NAMES = 4
"""The most programs in the chart; they are distinguished by color and dashes."""
OOM_KILL = "oom-kill"
STARTS = {
    "migration": "Migrated",
    "reboot": "Rebooted",
    "metamorph": "Metamorph",
    "restart-on-error": "Restarted",
    "resurrection": "Resurrected",
}
EVENTS = {**STARTS, "abort": "Aborted", OOM_KILL: "Out of memory"}
KB = 1024

Values = Sequence[float | None]


def time_axis(metrics: JsonDict) -> TimeAxis:
    at = metrics["at"]
    markers = [
        Marker(each["at"], EVENTS.get(each["kind"], each["kind"]), each["kind"] == OOM_KILL)
        for each in metrics["events"]
    ]
    starts = [each["at"] for each in metrics["events"] if each["kind"] in STARTS]
    begin = min([metrics["startedAt"], *at[:1]])
    return TimeAxis(at, begin, max([begin + 1000, *at[-1:]]), markers, metrics["gaps"], starts)


def charts(report: JsonDict, metrics: JsonDict, axis: TimeAxis) -> Iterator[str]:
    """Yield the charts for which there are measurements."""
    curves = metrics["curves"]
    if not curves:
        return
    yield draw(_memory(report, curves), axis)
    yield draw(_cpu(report, curves), axis)
    if _known(curves["receivedPerSec"]["values"]):
        yield draw(_network(curves), axis)
    if metrics["processes"]:
        yield draw(_programs(metrics["processes"]), axis)
    if _known(curves["processes"]["values"]):
        yield draw(_processes(curves), axis)


def value_table(metrics: JsonDict, axis: TimeAxis) -> str:
    """Return the numbers of the curves as a table that can be opened."""
    curves = metrics["curves"]
    if not curves:
        return ""
    columns = [
        ("memory, MB", curves["memoryBytes"]["values"], MBYTE, 1),
        ("page cache, MB", curves["cacheBytes"]["values"], MBYTE, 1),
        ("CPU, % of the grant", curves["cpuShare"]["values"], 0.01, 0),
        ("throttled, %", curves["throttledShare"]["values"], 0.01, 0),
        ("in, kB/s", curves["receivedPerSec"]["values"], KB, 1),
        ("out, kB/s", curves["sentPerSec"]["values"], KB, 1),
        ("processes", curves["processes"]["values"], 1, 0),
    ]
    step = -(-len(axis.at) // MOST_TABLE_ROWS)
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name, *_ in columns)
    body = "".join(
        f'<tr><th scope="row">{clock_time((axis.at[index] - axis.begin) / 1000)}</th>'
        + "".join(f"<td>{_cell(values[index], unit, decimals)}</td>" for _, values, unit, decimals in columns)
        + "</tr>"
        for index in range(0, len(axis.at), step)
    )
    return (
        '<details class="card"><summary>Show as table</summary><div class="scroll"><table><thead><tr>'
        f'<th scope="col">time</th>{head}</tr></thead><tbody>{body}</tbody></table></div></details>'
    )


def _memory(report: JsonDict, curves: JsonDict) -> Chart:
    limit = max(value for value in curves["limitBytes"]["values"] if value is not None) / MBYTE
    used = _line("Process", "memory", curves["memoryBytes"], MBYTE, is_filled=True)
    with_cache = [
        None if one is None or cache is None else (one + cache) / MBYTE
        for one, cache in zip(curves["memoryBytes"]["values"], curves["cacheBytes"]["values"], strict=True)
    ]
    lines = [used, *([Line("with page cache, reclaimable", "cache", with_cache)] if _known(with_cache) else [])]
    peak = report["memory"]["peakBytes"]["value"]
    return Chart(
        title="Memory, MB",
        lines=lines,
        highest=limit,
        limit=(f"Limit {limit:.0f}", limit),
        summary=f"Memory over time. Peak {0 if peak is None else peak / MBYTE:.0f} of {limit:.0f} MB.",
    )


def _cpu(report: JsonDict, curves: JsonDict) -> Chart:
    used = _line("Used", "cpu", curves["cpuShare"], 0.01)
    throttled = _line("Throttled", "throttled", curves["throttledShare"], 0.01, is_filled=True)
    lines = [used] if not _known(throttled.values) else [throttled, used]
    return Chart(
        title=f"CPU, % of the grant of {report['cpu']['grantedCores']:g} cores",
        lines=lines,
        highest=100.0,
        limit=("Grant", 100.0),
        summary="CPU time in percent of what was granted, and the part of the periods with throttling.",
    )


def _network(curves: JsonDict) -> Chart:
    received = _line("In", "in", curves["receivedPerSec"], KB)
    sent = _line("Out", "out", curves["sentPerSec"], KB)
    highest = round_up(max(1.0, _highest(received.values, received.high, sent.values, sent.high)))
    return Chart(
        title="Network, kB/s",
        lines=[received, sent],
        highest=highest,
        summary="Network traffic over time.",
    )


def _programs(processes: Sequence[JsonDict]) -> Chart:
    most = sorted(processes, key=lambda each: -_highest(each["memoryBytes"]["high"] or each["memoryBytes"]["values"]))
    lines = [
        _line(each["name"], f"name{index}", each["memoryBytes"], MBYTE)
        for index, each in enumerate(most[:MOST_NAMES], start=1)
    ]
    return Chart(
        title="Memory of programs, MB, estimated",
        lines=lines,
        highest=round_up(max(1.0, _highest(*(line.values for line in lines), *(line.high for line in lines)))),
        summary="The memory of the programs of the run over time.",
    )


def _processes(curves: JsonDict) -> Chart:
    lines = [_line("Processes", "memory", curves["processes"]), _line("Threads", "out", curves["threads"])]
    known = [line for line in lines if _known(line.values)]
    return Chart(
        title="Processes and threads",
        lines=known,
        highest=round_up(max(4.0, _highest(*(line.values for line in known), *(line.high for line in known)))),
        summary="The number of processes and threads over time.",
    )


def _line(name: str, style: str, curve: JsonDict, unit: float = 1, *, is_filled: bool = False) -> Line:
    low, high = (None if curve[key] is None else _scaled(curve[key], unit) for key in ("low", "high"))
    return Line(name, style, _scaled(curve["values"], unit), low, high, is_filled)


def _scaled(values: Values, unit: float) -> list[float | None]:
    return [None if value is None else value / unit for value in values]


def _highest(*columns: Values | None) -> float:
    return max((value for values in columns if values for value in values if value is not None), default=0.0)


def _known(values: Values) -> bool:
    return any(value is not None for value in values)


def _cell(value: float | None, unit: float, decimals: int) -> str:
    return "–" if value is None else f"{value / unit:.{decimals}f}"
