"""The lines of a report in the terminal: a label, a small curve and the numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from runtime.base.json_text import JsonDict
from runtime.base.sizes import MBYTE
from runtime.reports.figures import NOT_MEASURED, FigureFormat, counted_unit, dollars, share_of

MOST_PROGRAMS = 5
"""The programs with the most memory; the web page and the JSON have all of them."""
STORAGE_UNITS = ("DATASET", "KEY_VALUE_STORE", "REQUEST_QUEUE")
ENFORCEMENT = {
    "hard": "writes over the limit fail",
    "polled": "checked periodically",
    "none": "the limit is not enforced",
}
RESTARTS = {
    "migrations": "migration",
    "reboots": "reboot",
    "metamorphs": "metamorph",
    "restartsOnError": "restart on error",
    "resurrections": "resurrection",
}


@dataclass(frozen=True, slots=True)
class SmallCurve:
    """The values of a small curve, and the value that fills its height."""

    values: Sequence[float | None]
    highest: float


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the output. `style` is that of the label. Text that `spans` begins in the column of the curves."""

    label: str
    text: str
    curve: SmallCurve | None = None
    style: str = "dim"
    spans: bool = False


def report_rows(report: JsonDict, metrics: JsonDict, figures: FigureFormat) -> Iterator[Row]:
    """Yield all rows of the report."""
    yield from _resource_rows(report, metrics, figures)
    yield from _process_rows(report, metrics, figures)
    yield Row("Storage", _operations(report), spans=True)
    yield Row("Items", figures.count(report["items"]), spans=True)
    yield from _charge_rows(report, figures)
    yield cost_row(report, figures)
    if restarts := _restarts(report):
        yield Row("Restarts", restarts, spans=True)


def resource_rows(report: JsonDict, metrics: JsonDict, figures: FigureFormat) -> Iterator[Row]:
    """Yield the rows of memory, CPU, network and disk, without details."""
    return (row for row in _resource_rows(report, metrics, figures) if row.label)


def cost_row(report: JsonDict, figures: FigureFormat) -> Row:
    cost = report["cost"]
    units = figures.text(cost["computeUnits"], lambda value: f"{value:.4f}")
    usage = f"{units} compute units; platform usage {figures.usd(cost['usageUsd'])}"
    payer = "" if cost["usagePayer"] == "user" else ", which the developer of the Actor pays"
    return Row("Cost", f"{figures.usd(cost['totalUsd'])} for the user; {usage}{payer}", spans=True)


def _resource_rows(report: JsonDict, metrics: JsonDict, figures: FigureFormat) -> Iterator[Row]:
    memory, cpu, network, disk = report["memory"], report["cpu"], report["network"], report["disk"]
    yield Row("Memory", _memory(memory, figures), _curve(metrics, "memoryBytes", memory["limitBytes"]))
    if memory["atPeak"]:
        yield Row("", _parts(memory, figures))
    yield Row("CPU", _cpu(cpu, figures), _curve(metrics, "cpuShare", 1.0))
    if cpu["throttledShare"]["value"] is not None:
        share, secs = figures.percent(cpu["throttledShare"]), figures.secs(cpu["throttledSecs"])
        text = f"throttled in {share} of its CPU periods, {secs} in total"
        yield Row("", text, _curve(metrics, "throttledShare", 1.0))
    received, sent = network["receivedBytes"], network["sentBytes"]
    traffic = f"{figures.size(received)} in, {figures.size(sent)} out"
    yield Row("Network", NOT_MEASURED if received["value"] is None else traffic, _curve(metrics, "receivedPerSec"))
    yield Row("Disk", _disk(disk, figures), _curve(metrics, "diskBytes"))


def _process_rows(report: JsonDict, metrics: JsonDict, figures: FigureFormat) -> Iterator[Row]:
    processes, threads = report["processPeak"], report["threadPeak"]
    counts = [
        f"{figures.count(figure)} {one if figure['value'] == 1 else several}"
        for figure, one, several in ((processes, "process", "processes"), (threads, "thread", "threads"))
        if figure["value"] is not None
    ]
    text = f"at most {', '.join(counts)}" if counts else NOT_MEASURED
    yield Row("Processes", text, _curve(metrics, "processes"))
    by_name = {
        each["name"]: each["memoryBytes"]["high"] or each["memoryBytes"]["values"] for each in metrics["processes"]
    }
    for each in report["processes"][:MOST_PROGRAMS]:
        used = (
            f"{each['name']}: {figures.megabytes(each['memoryPeakBytes'])}, {figures.secs(each['cpuSecs'])} of CPU time"
        )
        values = by_name.get(each["name"])
        yield Row("", used, SmallCurve(values, report["memory"]["limitBytes"]) if values else None)


def _charge_rows(report: JsonDict, figures: FigureFormat) -> Iterator[Row]:
    label = "Charged"
    for event in report["events"]:
        sum_usd = f"{figures.count(event['count'])} x {dollars(event['priceUsd'])} = {figures.usd(event['usd'])}"
        yield Row(label, f"{event['name']}: {sum_usd}", spans=True)
        label = ""


def _memory(memory: JsonDict, figures: FigureFormat) -> str:
    limit, peak = memory["limitBytes"], memory["peakBytes"]
    if peak["value"] is None:
        return f"{NOT_MEASURED}; limit {limit // MBYTE} MB"
    p95 = memory["p95Bytes"]
    rest = "" if p95["value"] is None else f", 95 % of the time below {figures.megabytes(p95)}"
    return f"peak {figures.megabytes(peak)} of {limit // MBYTE} MB{share_of(peak, limit)}{rest}"


def _parts(memory: JsonDict, figures: FigureFormat) -> str:
    parts = memory["atPeak"]
    shared = parts["sharedBytes"]
    used = [
        f"{figures.megabytes(parts['anonymousBytes'])} anonymous",
        f"{figures.megabytes(parts['kernelBytes'])} kernel",
        *([f"{figures.megabytes(shared)} shared"] if shared["value"] else []),
    ]
    return f"highest sample: {', '.join(used)}; page cache, not included: {figures.megabytes(parts['cacheBytes'])}"


def _cpu(cpu: JsonDict, figures: FigureFormat) -> str:
    granted = f"grant: {cpu['grantedCores']:g} {'core' if cpu['grantedCores'] == 1 else 'cores'}"
    if cpu["usedSecs"]["value"] is None:
        return f"{NOT_MEASURED}; {granted}"
    share = figures.percent(cpu["shareOfGrant"])
    return f"{share} of the granted time, {figures.secs(cpu['usedSecs'])} in total; {granted}"


def _disk(disk: JsonDict, figures: FigureFormat) -> str:
    peak, limit = disk["peakBytes"], f"{disk['limitBytes'] // MBYTE} MB"
    used = f"{NOT_MEASURED}; limit {limit}" if peak["value"] is None else f"peak {figures.size(peak)} of {limit}"
    return f"{used}; {ENFORCEMENT.get(disk['enforcement'], disk['enforcement'])}"


def _operations(report: JsonDict) -> str:
    used = [each for each in report["usage"] if each["unit"].startswith(STORAGE_UNITS) and each["quantity"]["value"]]
    return ", ".join(counted_unit(each["quantity"]["value"], each["unit"]) for each in used) or "no operations"


def _restarts(report: JsonDict) -> str:
    counts = [(report["restarts"][key], name) for key, name in RESTARTS.items()]
    return ", ".join(f"{count} {name}{'' if count == 1 else 's'}" for count, name in counts if count)


def _curve(metrics: JsonDict, name: str, highest: float | None = None) -> SmallCurve | None:
    """Return the curve of the highest values; None if nothing was measured. By default, its own peak fills it."""
    curve = metrics["curves"] and metrics["curves"][name]
    values = (curve["high"] or curve["values"]) if curve else []
    known = [value for value in values if value is not None]
    return SmallCurve(values, highest or max(known)) if known else None


def source_text(report: JsonDict) -> str:
    """Return who measured the run, and how often."""
    sources = {"engine": "the statistics of the engine"}
    names = " and ".join(sources.get(each, each) for each in report["sources"])
    return f"{report['samples']:,} samples from {names}" if names else f"{report['samples']:,} samples"
