"""Runs and builds as answers: records, their usage and their numbers put together."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from api import reading, wire
from api.access import Caller, caller_of
from api.params import Params
from api.parts import parts_of
from api.responses import page_response
from runtime import usage
from runtime.builds import number_int
from runtime.errors import record_not_found
from runtime.orchestrator import Orchestrator
from runtime.records import Actor, Run


def own_run(request: Request, id: str) -> Run:
    """The caller's run. Raises NotFound, also for another user's."""
    run = parts_of(request).runs.get(id)
    if run.user_id != caller_of(request).user.id:
        raise record_not_found("Run", id)
    return run


def run_shown(orchestrator: Orchestrator, run: Run, caller: Caller | None) -> dict[str, Any]:
    """A run; what it cost is shown to its owner only."""
    is_owner = caller is not None and caller.user.id == run.user_id
    used = _usage(orchestrator, run) if is_owner else None
    return wire.run(run, _build_number_int(run), used, orchestrator.clock.now())


def runs_page(request: Request, actor: Actor | None) -> Response:
    """The caller's runs, or those of one Actor, as the query narrows them."""
    orchestrator, params = parts_of(request), Params(request)
    paging, now = params.paging(), orchestrator.clock.now()
    page = orchestrator.runs.page(
        caller_of(request).user,
        actor,
        reading.run_filter(params),
        descending=paging.desc,
        offset=paging.offset,
        limit=paging.limit,
    )
    items = [wire.run_in_list(run, _build_number_int(run), _usage(orchestrator, run), now) for run in page.items]
    return page_response(items, page.total, paging)


def builds_page(request: Request, actor: Actor | None) -> Response:
    """The caller's builds, or those of one Actor."""
    orchestrator, paging = parts_of(request), Params(request).paging()
    page = orchestrator.builds.page(
        caller_of(request).user, actor, descending=paging.desc, offset=paging.offset, limit=paging.limit
    )
    now = orchestrator.clock.now()
    return page_response([wire.build_in_list(build, now) for build in page.items], page.total, paging)


def _usage(orchestrator: Orchestrator, run: Run) -> usage.Usage:
    return usage.of_run(
        run,
        orchestrator.datasets.get(run.default_dataset_id),
        orchestrator.key_value_stores.get(run.default_key_value_store_id),
        orchestrator.request_queues.get(run.default_request_queue_id),
        orchestrator.clock.now(),
    )


def _build_number_int(run: Run) -> int:
    version, _, number = run.build_number.rpartition(".")
    return number_int(version, int(number))
