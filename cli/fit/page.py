"""Writes what `greenroom fit` found out as one web page that needs no other file, no network and no scripts."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

from cli.fit.measurements import Cell
from cli.fit.result import FitResult
from cli.fit.rows import EXPRESSION_HEADINGS, expression_row, headings, size_row
from cli.fit.text import facts
from cli.report.document import document, write_document
from cli.report.figures import UNICODE
from cli.terminal import print_message
from cli.terminal.sizes import MBYTE


def write_page(path: Path, result: FitResult) -> None:
    """Write the page completely or not at all. Raises CommandError."""
    write_document(path, fit_page(result))
    print_message(f"Wrote {path}")


def fit_page(result: FitResult) -> str:
    """Return the page as HTML."""
    name = escape(result.target.actor["name"])
    found = result.recommendation
    status = "SUCCEEDED" if result.is_proven else "FAILED"
    summary = "No recommendation" if found is None else f"{found.memory_mbytes} MB"
    sentences = [fact for fact in facts(result) if not fact.is_table_row]
    labeled = "".join(f"<dt>{escape(fact.label)}</dt><dd>{escape(fact.text)}</dd>" for fact in sentences)
    header = (
        f'<header><span class="status {status}">{summary}</span><h1>{name}</h1>'
        f"<code>{escape(result.target.build_number)}</code>"
        f'<span class="muted">strategy {result.plan.strategy}</span></header>'
    )
    facts_list = f'<dl class="card labeled">{labeled}</dl>'
    return document(f"{name} · memory", f"{header}{facts_list}{_sizes(result)}{_expression(result)}", OWN_STYLE)


OWN_STYLE = """
.labeled{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:4px 16px;margin:0 0 16px}
.labeled dt{color:var(--text2)}
.labeled dd{margin:0;overflow-wrap:anywhere}
.card{margin-bottom:16px;overflow-x:auto}
td .bar{min-width:120px}
"""


def _sizes(result: FitResult) -> str:
    rows = [[*map(escape, size_row(result, cell, UNICODE)), _bar(cell)] for cell in result.cells.values()]
    return _table("Sizes", [*headings(result), "Peak of the limit"], rows)


def _expression(result: FitResult) -> str:
    if result.suggestion is None:
        return ""
    rows = [
        [escape(cell) for cell in expression_row(f"#{index + 1}", one)]
        for index, one in enumerate(result.suggestion.predictions)
    ]
    return _table("Expression", EXPRESSION_HEADINGS, rows)


def _bar(cell: Cell) -> str:
    if cell.peak_bytes is None:
        return ""
    style = ' class="over"' if cell.is_peak_cut else ""
    share = min(100.0, 100 * cell.peak_bytes / (cell.memory_mbytes * MBYTE))
    return f'<div class="bar"><i{style} style="width:{share:.1f}%"></i></div>'


def _table(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table whose cells are HTML."""
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in heads)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return f'<section class="card"><h2>{title}</h2>{table}</section>'
