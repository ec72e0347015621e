"""The result of a fit as one web page that needs no other file, no network and no scripts."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from runtime.base.json_text import JsonDict
from runtime.base.sizes import MBYTE
from runtime.reports.document import document
from runtime.reports.figures import UNICODE
from runtime.reports.fit_facts import facts
from runtime.reports.fit_rows import headings, size_row


def fit_page(fit: JsonDict) -> str:
    """Return the page as HTML, for a fit as `GET /greenroom/fits/{fit}` returns it."""
    name, found = escape(fit["actor"]["name"]), fit["recommendation"]
    status = "SUCCEEDED" if found and found["isProven"] else "FAILED"
    summary = f"{found['memoryMbytes']} MB" if found else "No recommendation"
    found_out = [*facts(fit)]
    sentences = [fact for fact in found_out if not fact.table]
    labeled = "".join(f"<dt>{escape(fact.label)}</dt><dd>{escape(fact.text)}</dd>" for fact in sentences)
    expressions = "".join(_expression(fact.table) for fact in found_out if fact.table)
    header = (
        f'<header><span class="status {status}">{summary}</span><h1>{name}</h1>'
        f"<code>{escape(fit['buildNumber'])}</code>"
        f'<span class="muted">strategy {fit["strategy"]}</span></header>'
    )
    facts_list = f'<dl class="card labeled">{labeled}</dl>'
    return document(f"{name} · memory", f"{header}{facts_list}{_sizes(fit)}{expressions}", OWN_STYLE)


OWN_STYLE = """
.labeled{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:4px 16px;margin:0 0 16px}
.labeled dt{color:var(--text2)}
.labeled dd{margin:0;overflow-wrap:anywhere}
.card{margin-bottom:16px;overflow-x:auto}
td .bar{min-width:120px}
"""


def _sizes(fit: JsonDict) -> str:
    rows = [[*map(escape, size_row(fit, size, UNICODE)), _bar(size)] for size in fit["sizes"]]
    return _table("Sizes", [*headings(fit), "Peak of the limit"], rows)


def _expression(table: Sequence[Sequence[str]]) -> str:
    heads, *rows = table
    return _table("Expression", heads, [[*map(escape, row)] for row in rows])


def _bar(size: JsonDict) -> str:
    if size["peakBytes"] is None:
        return ""
    style = ' class="over"' if size["isPeakLowerBound"] else ""
    share = min(100.0, 100 * size["peakBytes"] / (size["memoryMbytes"] * MBYTE))
    return f'<div class="bar"><i{style} style="width:{share:.1f}%"></i></div>'


def _table(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table whose cells are HTML."""
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in heads)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return f'<section class="card"><h2>{title}</h2>{table}</section>'
