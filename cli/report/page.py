"""Writes a report as one web page that needs no other file, no network and no scripts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

from cli.report.page_charts import charts, time_axis, value_table
from cli.report.rows import ENFORCEMENT, RESTARTS, source_text
from cli.report.writing import write_document
from runtime.base.json_text import JsonDict
from runtime.base.sizes import MBYTE
from runtime.reports.document import document
from runtime.reports.figures import UNICODE, dollars, duration, share_of, unit_name

UNKNOWN = "–"

Cells = Sequence[str]


def write_page(path: Path, report: JsonDict, metrics: JsonDict) -> None:
    """Write the page completely or not at all. Raises CommandError."""
    write_document(path, page(report, metrics))


def page(report: JsonDict, metrics: JsonDict) -> str:
    """Return the page as HTML."""
    name = escape(report["actorName"] or "deleted Actor")
    axis = time_axis(metrics)
    drawn = "".join(f'<div class="card">{chart}</div>' for chart in charts(report, metrics, axis))
    curves = (
        f'<section class="charts" aria-label="Curves">{drawn}</section>{value_table(metrics, axis)}' if drawn else ""
    )
    tables = f'<section class="tables" aria-label="Numbers">{"".join(_tables(report))}</section>'
    return document(
        f"{name} · run {report['runId']}",
        f"{_header(report, name)}{_facts(report)}{curves}{tables}{_footer(report)}",
    )


def _header(report: JsonDict, name: str) -> str:
    times = f"{_time(report['startedAt'])} to {_time(report['finishedAt'])}"
    code = "" if report["exitCode"] is None else f" · exit code {report['exitCode']}"
    message = f"<p>{escape(report['statusMessage'])}</p>" if report["statusMessage"] else "<p></p>"
    status = escape(report["status"])
    return (
        f'<header><span class="status {status}">{status.capitalize().replace("-", " ")}</span><h1>{name}</h1>'
        f"<code>{escape(report['buildNumber'])}</code>"
        f'<span class="muted">{times} · {duration(report["durationSecs"])}{code} · <code>{report["runId"]}</code>'
        "</span>"
        f"</header>{message}"
    )


def _facts(report: JsonDict) -> str:
    memory, cpu, disk, network = report["memory"], report["cpu"], report["disk"], report["network"]
    restarts = [(report["restarts"][key], name) for key, name in RESTARTS.items() if report["restarts"][key]]
    facts = [
        _memory_fact(memory),
        _fact("CPU of the grant", UNICODE.percent(cpu["shareOfGrant"]), _throttled(cpu), cpu["shareOfGrant"]),
        _fact("Items", UNICODE.count(report["items"]), "measured"),
        _fact(
            "Network",
            f"{UNICODE.size(network['receivedBytes'])} in",
            f"{UNICODE.size(network['sentBytes'])} out, measured" if network["sentBytes"]["value"] is not None else "",
            network["receivedBytes"],
        ),
        _fact(
            "Disk peak",
            UNICODE.size(disk["peakBytes"]),
            f"of {disk['limitBytes'] // MBYTE} MB, {ENFORCEMENT.get(disk['enforcement'], disk['enforcement'])}",
            disk["peakBytes"],
        ),
        _fact(
            "Cost, estimated",
            dollars(report["cost"]["totalUsd"]["value"]),
            f"{report['cost']['computeUnits']['value']:.4f} compute units",
        ),
        _fact("Restarts", str(sum(count for count, _ in restarts)), ", ".join(f"{n} {name}" for n, name in restarts)),
    ]
    return f'<dl class="card facts">{"".join(facts)}</dl>'


def _memory_fact(memory: JsonDict) -> str:
    peak, limit = memory["peakBytes"], memory["limitBytes"]
    if peak["value"] is None:
        return _fact("Memory peak", UNKNOWN, f"limit {limit // MBYTE} MB", peak)
    style = ' class="over"' if peak["isLowerBound"] else ""
    sign = UNICODE.at_least if peak["isLowerBound"] else ""
    bar = f'<div class="bar"><i{style} style="width:{min(100, 100 * peak["value"] / limit):.1f}%"></i></div>'
    return (
        f"<div><dt>Memory peak</dt><dd{style}>{sign}{peak['value'] / MBYTE:.0f} MB</dd>"
        f"<dd>{bar}of {limit // MBYTE} MB{share_of(peak, limit)}, {peak['basis']}</dd></div>"
    )


def _throttled(cpu: JsonDict) -> str:
    share = cpu["throttledShare"]
    return "" if share["value"] is None else f"throttled in {UNICODE.percent(share)} of its periods"


def _fact(label: str, value: str, note: str, figure: JsonDict | None = None) -> str:
    shown = UNKNOWN if figure is not None and figure["value"] is None else escape(value)
    return f"<div><dt>{label}</dt><dd>{shown}</dd><dd>{escape(note)}</dd></div>"


def _tables(report: JsonDict) -> Iterable[str]:
    memory, cpu, parts = report["memory"], report["cpu"], report["memory"]["atPeak"]
    at_peak = [
        ("anonymous memory in the highest sample", UNICODE.megabytes, "anonymousBytes"),
        ("kernel memory in it", UNICODE.megabytes, "kernelBytes"),
        ("shared memory in it", UNICODE.megabytes, "sharedBytes"),
        ("page cache, not included", UNICODE.megabytes, "cacheBytes"),
    ]
    yield _figures(
        "Memory",
        [
            ("peak", UNICODE.megabytes, memory["peakBytes"]),
            ("95 % of the time below", UNICODE.megabytes, memory["p95Bytes"]),
            ("average", UNICODE.megabytes, memory["averageBytes"]),
            *([(name, write, parts[key]) for name, write, key in at_peak] if parts else []),
            ("highest page cache", UNICODE.megabytes, memory["cachePeakBytes"]),
            ("processes killed at the limit", UNICODE.count, memory["oomKills"]),
        ],
    )
    yield _figures(
        f"CPU and processes; grant {cpu['grantedCores']:g} cores",
        [
            ("used CPU time", UNICODE.secs, cpu["usedSecs"]),
            ("share of the granted time", UNICODE.percent, cpu["shareOfGrant"]),
            ("most cores at a time", UNICODE.cores, cpu["peakCores"]),
            ("throttled, sum over cores", UNICODE.secs, cpu["throttledSecs"]),
            ("periods with throttling", UNICODE.percent, cpu["throttledShare"]),
            ("most processes at a time", UNICODE.count, report["processPeak"]),
            ("most threads at a time", UNICODE.count, report["threadPeak"]),
        ],
    )
    if report["processes"]:
        yield _table(
            "Programs, estimated",
            ("program", "most memory", "CPU time"),
            [
                (each["name"], UNICODE.megabytes(each["memoryPeakBytes"]), UNICODE.secs(each["cpuSecs"]))
                for each in report["processes"]
            ],
        )
    yield _cost_table(report)


def _cost_table(report: JsonDict) -> str:
    cost = report["cost"]
    rows = [
        (
            unit_name(each["unit"]),
            f"{each['quantity']['value']:,.6g}",
            f"{each['usdPerUnit']:.6g}",
            UNICODE.usd(each["usd"]),
        )
        for each in report["usage"]
        if each["quantity"]["value"]
    ]
    payer = "the user pays it" if cost["usagePayer"] == "user" else "the developer pays it"
    rows.append((f"platform usage; {payer}", "", "", UNICODE.usd(cost["usageUsd"])))
    rows += [
        (f"event {each['name']}", UNICODE.count(each["count"]), f"{each['priceUsd']:.6g}", UNICODE.usd(each["usd"]))
        for each in report["events"]
    ]
    if cost["eventsUsd"]["value"] is not None:
        rows.append(("charged events", "", "", UNICODE.usd(cost["eventsUsd"])))
    rows.append(("total for the user", "", "", UNICODE.usd(cost["totalUsd"])))
    return _table("Storage operations, events and cost", ("what", "quantity", "price, USD", "cost"), rows)


def _figures(title: str, rows: Sequence[tuple[str, object, JsonDict]]) -> str:
    cells = [
        (name, UNKNOWN if figure["value"] is None else write(figure), figure["basis"] or "not measured")  # type: ignore[operator]  # each row has its format
        for name, write, figure in rows
    ]
    return _table(title, ("what", "value", "basis"), cells)


def _table(title: str, heads: Cells, rows: Iterable[Cells]) -> str:
    head = "".join(f'<th scope="col">{escape(each)}</th>' for each in heads)
    body = "".join(
        f'<tr><th scope="row">{escape(first)}</th>{"".join(f"<td>{escape(each)}</td>" for each in rest)}</tr>'
        for first, *rest in rows
    )
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return f'<div class="card"><h2>{escape(title)}</h2>{table}</div>'


def _footer(report: JsonDict) -> str:
    return (
        f"<footer>Measured: {escape(source_text(report))}. ~ marks an estimate, ≥ a number that a limit has cut off,"
        f" and {UNKNOWN} a number that was not measured. Costs are estimates at the prices of the server's plan."
        " Written by Greenroom.</footer>"
    )


def _time(stamp: str | None) -> str:
    return "now" if stamp is None else f"{stamp[:10]} {stamp[11:19]}" + (" UTC" if stamp.endswith("Z") else "")
