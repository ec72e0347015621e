"""/greenroom/runs: lists of runs for people, with filters, search, cursors and exports."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Mapping
from typing import Any

from fastapi import Depends
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from api.lazy_routes import Router
from api.request.callers import FullCaller
from api.request.dependencies import orchestrator_of
from api.request.params import MAX_PAGE, Params
from api.request.parsing.run_lists import (
    FILTER_PARAMETERS,
    LIVE,
    LIVE_STATUSES,
    PAGE_PARAMETERS,
    cursor_of,
    parse_cursor,
    parse_run_list,
)
from api.request.security_schemes import user_token
from api.response.envelopes import JSON, json_response
from api.response.local_controls import ErrorEnvelope
from api.response.presenters import present_runs_in_turns
from api.response.run_list_models import RunSummaries, RunSummary
from runtime.base.json_text import JsonDict, dumps
from runtime.base.lifecycle import JobStatus
from runtime.base.records import ListPosition, RunListQuery, User
from runtime.orchestrator import Orchestrator

DEFAULT_PAGE = 50
EXPORT_PAGE = 250
CSV_COLUMNS = tuple(field.alias or name for name, field in RunSummary.model_fields.items())
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet evaluates a cell that begins with one of these. Any Actor can set its status message."""

router = Router(responses={"4XX": {"model": ErrorEnvelope, "description": "The request was rejected."}})


@router.get(
    "/greenroom/runs",
    response_model=RunSummaries,
    dependencies=[Depends(user_token)],
    openapi_extra={"parameters": [*FILTER_PARAMETERS, *PAGE_PARAMETERS]},
)
async def list_run_summaries(request: Request, caller: FullCaller) -> Response:
    """List runs with the names of their Actors and their latest measurements, by default the newest first.

    A page begins at the run where the page before ended, so new and deleted runs neither repeat nor skip others. In an
    order by a value that still changes, a run that moves past the end of a page is an exception.
    """
    orchestrator, params = orchestrator_of(request), Params(request)
    query = _parse_query(request, caller.user)
    limit = min(params.integer("limit") or DEFAULT_PAGE, MAX_PAGE)
    at, now = parse_cursor(params, query), orchestrator.clock.now()
    page = await orchestrator.runs.search(caller.user, query, limit, at, now)
    counted = query.filter.statuses or tuple(JobStatus)
    return json_response(
        {
            "items": await present_runs_in_turns(orchestrator, page.runs),
            "total": sum(page.counts.get(status, 0) for status in counted),
            "nextCursor": cursor_of(query, page.next),
            "previousCursor": cursor_of(query, page.previous),
            "counts": _counts(page.counts),
        }
    )


@router.get("/greenroom/runs.csv", dependencies=[Depends(user_token)], openapi_extra={"parameters": FILTER_PARAMETERS})
async def export_runs_as_csv(request: Request, caller: FullCaller) -> Response:
    """Export all runs of a list as a table. An apostrophe precedes texts that a spreadsheet would evaluate."""
    query = _parse_query(request, caller.user)
    pages = _all_pages(orchestrator_of(request), caller.user, query)
    return _download(_csv(pages), "runs.csv", "text/csv; charset=utf-8")


@router.get("/greenroom/runs.json", dependencies=[Depends(user_token)], openapi_extra={"parameters": FILTER_PARAMETERS})
async def export_runs_as_json(request: Request, caller: FullCaller) -> Response:
    """Export all runs of a list as an array."""
    query = _parse_query(request, caller.user)
    pages = _all_pages(orchestrator_of(request), caller.user, query)
    return _download(_json_array(pages), "runs.json", JSON)


def _parse_query(request: Request, user: User) -> RunListQuery:
    params = Params(request)
    orchestrator, actor, task = orchestrator_of(request), params.text("actor"), params.text("task")
    return parse_run_list(
        params,
        orchestrator.actors.find(user, actor) if actor else None,
        orchestrator.tasks.find(user, task) if task else None,
    )


def _counts(by_status: Mapping[str, int]) -> dict[str, int]:
    live = sum(by_status.get(status, 0) for status in LIVE_STATUSES)
    return {"ALL": sum(by_status.values()), LIVE: live, **{each: by_status.get(each, 0) for each in JobStatus}}


async def _all_pages(orchestrator: Orchestrator, user: User, query: RunListQuery) -> AsyncIterator[list[JsonDict]]:
    at: ListPosition | None = None
    while True:
        page = await orchestrator.runs.search(user, query, EXPORT_PAGE, at, orchestrator.clock.now())
        yield await present_runs_in_turns(orchestrator, page.runs)
        at = page.next
        if at is None:
            return


def _download(content: AsyncIterator[bytes], name: str, media_type: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}
    return StreamingResponse(content, media_type=media_type, headers=headers)


async def _csv(pages: AsyncIterator[list[JsonDict]]) -> AsyncIterator[bytes]:
    """With a byte order mark, without which a spreadsheet program takes the text for another encoding."""
    yield "\ufeff".encode() + _csv_rows([CSV_COLUMNS])
    async for page in pages:
        yield _csv_rows([[_cell(run[column]) for column in CSV_COLUMNS] for run in page])


def _csv_rows(rows: Any) -> bytes:
    written = io.StringIO()
    csv.writer(written, lineterminator="\n").writerows(rows)
    return written.getvalue().encode("utf-8", "replace")


def _cell(value: Any) -> Any:
    """An unknown value has no text."""
    if isinstance(value, str) and value.startswith(FORMULA_STARTS):
        return f"'{value}"
    return str(value).lower() if isinstance(value, bool) else value


async def _json_array(pages: AsyncIterator[list[JsonDict]]) -> AsyncIterator[bytes]:
    separator = b"[\n"
    async for page in pages:
        for run in page:
            yield separator + dumps(run)
            separator = b",\n"
    yield b"\n]\n" if separator != b"[\n" else b"[]\n"
