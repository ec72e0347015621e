"""/greenroom/logs/JOB: the lines of a log by their numbers, and the search in it."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from api.lazy_routes import Router
from api.request.dependencies import orchestrator_of
from api.request.params import Params
from api.request.path_records import find_visible_job
from api.request.security_schemes import user_token
from api.response.envelopes import JSON, LocalResponse
from api.response.local_controls import ErrorEnvelope
from api.response.log_models import LogLine, LogLines, LogMatches
from runtime.base.background import in_background
from runtime.base.errors import Invalid
from runtime.jobs.log_levels import Level
from runtime.jobs.log_lines import LineRange
from runtime.jobs.log_search import LogSearch

MAX_LINES = 2000
MAX_SEARCH_CHARS = 1000
LEVELS_PARAMETER = {
    "name": "levels",
    "in": "query",
    "description": "Only lines of these levels, separated by commas. A line that begins with a space has the level of"
    " the line before it.",
    "schema": {"type": "array", "items": {"type": "string", "enum": list(Level)}},
    "explode": False,
}

router = Router(
    default_response_class=LocalResponse,
    responses={"4XX": {"model": ErrorEnvelope, "description": "The request was rejected."}},
)


@router.get("/greenroom/logs/{job}/lines", response_model=LogLines, dependencies=[Depends(user_token)])
async def get_log_lines(
    request: Request,
    job: str,
    first: Annotated[
        int, Query(alias="from", description="The number of the first line. A negative one counts from the end.")
    ] = 0,
    count: Annotated[int, Query(ge=1, le=MAX_LINES, description="The most lines to return.")] = 500,
) -> Response:
    """Return lines of the log of a run or build, of a live one too. The text is that of the raw log.

    Anyone who may read the job may read its log.
    """
    logs, record = orchestrator_of(request).logs, find_visible_job(request, job)
    is_ended = record.status.is_terminal and logs.is_complete(job)  # before the lines: later ones are not missed
    found = await logs.lines.read(job, first, count)
    present = partial(_present, found, is_ended=is_ended, is_cut=logs.is_cut(job))
    return Response(await in_background(present), media_type=JSON)


@router.get(
    "/greenroom/logs/{job}/search",
    dependencies=[Depends(user_token)],
    openapi_extra={"parameters": [LEVELS_PARAMETER]},
)
async def search_log(
    request: Request,
    job: str,
    text: Annotated[
        str, Query(alias="q", max_length=MAX_SEARCH_CHARS, description="The text. Times and ANSI codes are left out.")
    ] = "",
    is_case_sensitive: Annotated[bool, Query(alias="caseSensitive")] = False,
    first: Annotated[int, Query(alias="from", ge=0, description="The first line whose number is returned.")] = 0,
) -> LogMatches:
    """Find the lines of a log that contain a text, have one of some levels, or both. All matches are counted."""
    find_visible_job(request, job)
    wanted = [Level(name) for name in Params(request).choices("levels", Level)]
    if not text and not wanted:
        raise Invalid("parameter-required", "Query parameter 'q' or 'levels' is required")
    search = LogSearch(text, is_case_sensitive=is_case_sensitive, levels=wanted, first=first)
    searched = await orchestrator_of(request).logs.lines.search(job, search)
    return LogMatches(total=search.total, numbers=tuple(search.numbers), scanned_bytes=searched)


def _present(found: LineRange, *, is_ended: bool, is_cut: bool) -> bytes:
    lines = LogLines(
        lines=tuple(LogLine.model_validate(line) for line in found.lines),
        total_lines=found.total_lines,
        total_bytes=found.total_bytes,
        is_ended=is_ended,
        truncated=is_cut,
    )
    return lines.model_dump_json(by_alias=True).encode()
