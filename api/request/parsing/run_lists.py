"""Parsers of the query of a list of runs for people, and its cursors."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import Any

from api.request.params import Params
from api.request.parsing.runs import parse_time
from runtime.base.errors import Invalid
from runtime.base.lifecycle import TERMINAL, JobStatus
from runtime.base.records import Actor, ListPosition, Origin, RunFilter, RunListQuery, RunSort, Task

LIVE = "LIVE"
"""Stands for all statuses that are not terminal."""
LIVE_STATUSES = tuple(status for status in JobStatus if status not in TERMINAL)
MAX_WORDS = 10
MAX_TEXT = 200


def _parameter(name: str, description: str, **schema: Any) -> dict[str, Any]:
    return {"name": name, "in": "query", "description": description, "schema": schema or {"type": "string"}}


FILTER_PARAMETERS = [
    _parameter(
        "q",
        f"Only runs that match each of these words, at most {MAX_WORDS}: in the name or title of the Actor, in the"
        " status message, or as the beginning of the id.",
    ),
    _parameter("status", "Only runs with one of these statuses, comma-separated. LIVE stands for all that are live."),
    _parameter("actor", "Only runs of this Actor: its id or `username~name`."),
    _parameter("task", "Only runs of this task: its id or `username~name`."),
    _parameter("origin", "Only runs that were started in this way.", type="string", enum=list(Origin)),
    _parameter("startedAfter", "Only runs that started at this time or later.", type="string", format="date-time"),
    _parameter("startedBefore", "Only runs that started at this time or earlier.", type="string", format="date-time"),
    _parameter("idPrefix", "Only runs whose ids begin with this text."),
    _parameter(
        "sort",
        "The field that orders the runs, after a `-` in descending order. Runs with the same value are in the order of"
        " their creation. Default: `-startedAt`.",
        type="string",
        enum=[f"{sign}{sort}" for sort in RunSort for sign in ("", "-")],
    ),
]
PAGE_PARAMETERS = [
    _parameter("limit", "The most runs of a page.", type="integer", minimum=1, maximum=1000, default=50),
    _parameter("cursor", "A `nextCursor` or `previousCursor`, for another page of the same list."),
]


def parse_run_list(params: Params, actor: Actor | None, task: Task | None) -> RunListQuery:
    """Raises Invalid."""
    sort = params.choice("sort", [f"{sign}{sort}" for sort in RunSort for sign in ("", "-")]) or f"-{RunSort.STARTED}"
    return RunListQuery(
        filter=RunFilter(
            statuses=_statuses(params.choices("status", (*JobStatus, LIVE))),
            origin=params.choice("origin", Origin),
            started_after=parse_time(params, "startedAfter"),
            started_before=parse_time(params, "startedBefore"),
            id_prefix=params.text("idPrefix"),
        ),
        words=_words(params),
        actor_id=None if actor is None else actor.id,
        task_id=None if task is None else task.id,
        sort=RunSort(sort.removeprefix("-")),
        desc=sort.startswith("-"),
    )


def parse_cursor(params: Params, query: RunListQuery) -> ListPosition | None:
    """The place of a cursor, which `cursor_of` made for a list in the same order. Raises Invalid."""
    given = params.text("cursor")
    if given is None:
        return None
    try:
        sort, desc, *place = json.loads(base64.urlsafe_b64decode(given))
        key, number, moment, is_before = place
    except (ValueError, TypeError, RecursionError):
        raise _invalid_cursor() from None
    if sort != query.sort or desc is not query.desc:
        raise Invalid("invalid-parameter", "Query parameter 'cursor' belongs to a list with another 'sort'.")
    if not isinstance(is_before, bool) or not all(map(_is_integer, (number, moment))):
        raise _invalid_cursor()
    if not (_is_integer(key) or isinstance(key, str)):
        raise _invalid_cursor()
    return ListPosition(key=key, number=number, moment=moment, is_before=is_before)


def cursor_of(query: RunListQuery, position: ListPosition | None) -> str | None:
    if position is None:
        return None
    place = [query.sort, query.desc, position.key, position.number, position.moment, position.is_before]
    return base64.urlsafe_b64encode(json.dumps(place, separators=(",", ":")).encode()).decode()


def _statuses(given: Sequence[str]) -> tuple[str, ...]:
    live = LIVE_STATUSES if LIVE in given else ()
    return tuple(dict.fromkeys((*(status for status in given if status != LIVE), *live)))


def _words(params: Params) -> tuple[str, ...]:
    text = params.text("q") or ""
    words = tuple(text.split())
    if len(text) > MAX_TEXT or len(words) > MAX_WORDS:
        raise Invalid(
            "invalid-parameter", f"Query parameter 'q' must have at most {MAX_WORDS} words and {MAX_TEXT} characters."
        )
    return words


def _is_integer(value: object) -> bool:
    """Whether SQLite can store the number."""
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63


def _invalid_cursor() -> Invalid:
    return Invalid("invalid-parameter", "Query parameter 'cursor' is not a valid cursor. Request the first page again.")
