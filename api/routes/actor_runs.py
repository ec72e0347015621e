"""/v2/actor-runs"""

from __future__ import annotations

from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response

from api.lazy_routes import Router
from api.request.bodies import read_object
from api.request.callers import AuthenticatedCaller, Caller, FullCaller, LiveCaller, OptionalCaller
from api.request.dependencies import orchestrator_of
from api.request.input_body import read_input
from api.request.params import PagingQuery, Params
from api.request.parsing.fields import field
from api.request.parsing.runs import RunFilterQuery, parse_start_options
from api.request.path_records import check_visible, find_own_run, find_run_to_abort
from api.response.envelopes import data_response, json_response, no_content
from api.response.pages import runs_page
from api.response.presenters import present_run
from runtime.access import permissions
from runtime.base.errors import Invalid
from runtime.base.general_access import GeneralAccess
from runtime.base.records import Aborter, Run

router = Router(prefix="/v2/actor-runs")

MAX_STATUS_MESSAGE = 10_000
GENERAL_ACCESS = sorted(set(GeneralAccess) - {GeneralAccess.ANYONE_WITH_NAME_CAN_READ})
"""A run has no name."""


@router.get("")
async def list_runs(request: Request, caller: FullCaller, run_filter: RunFilterQuery, paging: PagingQuery) -> Response:
    return runs_page(orchestrator_of(request), caller.user, None, run_filter, paging)


@router.get("/{run}")
async def get_run(request: Request, caller: OptionalCaller, run: str) -> Response:
    """Anyone who knows the id may read the run, unless it is restricted. Only its owner gets its costs."""
    runs = orchestrator_of(request).runs
    check_visible(request, runs.get(run))
    return _run_response(request, await runs.wait(run, Params(request).wait_secs()), caller)


@router.put("/{run}")
async def update_run(request: Request, caller: AuthenticatedCaller, run: str) -> Response:
    """Change the status message or the general access, also after the run's end.

    Other keys are ignored: the JavaScript SDK sends `level`.
    """
    record, body, runs = find_own_run(request, run, caller), await read_object(request), orchestrator_of(request).runs
    access = field(body, "generalAccess", str)
    if access is not None and access not in GENERAL_ACCESS:
        raise Invalid("invalid-value", f"'generalAccess' must be one of {', '.join(GENERAL_ACCESS)}")
    message = _truncate(field(body, "statusMessage", str))
    is_terminal = field(body, "isStatusMessageTerminal", bool)
    if access is not None:
        permissions.check_not_ended(caller.run)
        permissions.check_full_permissions(caller.run)
    if "statusMessage" in body:
        by_actor = caller.run is not None and caller.run.id == record.id
        record = await runs.set_status_message(run, message, is_terminal, by_actor=by_actor)
    if access is not None:
        record = await runs.change(run, lambda now: replace(now, general_access=GeneralAccess(access)))
    return _run_response(request, record, caller)


@router.delete("/{run}")
async def delete_run(request: Request, caller: FullCaller, run: str) -> Response:
    await orchestrator_of(request).run_deletion.delete(find_own_run(request, run, caller))
    return no_content()


@router.post("/{run}/abort")
async def abort_run(request: Request, caller: LiveCaller, run: str) -> Response:
    """Abort the run, and return its new state. A run that has ended does not change."""
    record, gracefully = find_run_to_abort(request, run, caller), Params(request).flag("gracefully") or False
    aborted = await orchestrator_of(request).orders.abort(record, gracefully=gracefully, by=caller.run or Aborter.USER)
    return _run_response(request, aborted, caller)


@router.post("/{run}/reboot")
async def reboot_run(request: Request, caller: LiveCaller, run: str) -> Response:
    rebooted = await orchestrator_of(request).orders.reboot(
        find_own_run(request, run, caller), by=caller.run or Aborter.USER
    )
    return _run_response(request, rebooted, caller)


@router.post("/{run}/metamorph")
async def metamorph_run(request: Request, caller: LiveCaller, run: str) -> Response:
    """Turn the run into a run of another Actor. The body is the new input."""
    orchestrator, params, record = orchestrator_of(request), Params(request), find_own_run(request, run, caller)
    target = params.text("targetActorId")
    if target is None:
        raise Invalid("parameter-required", "Query parameter 'targetActorId' is required")
    actor = orchestrator.actors.find(caller.user, target.replace("/", "~", 1))
    input = await read_input(request)
    changed = await orchestrator.metamorphs.order(record, actor, params.text("build"), input, caller.run)
    return _run_response(request, changed, caller)


@router.post("/{run}/charge")
async def charge_run(request: Request, caller: AuthenticatedCaller, run: str) -> Response:
    """Count events of a pay-per-event run. A repeated `idempotency-key` gets the same response and counts nothing."""
    record, body = find_own_run(request, run, caller), await read_object(request)
    if not permissions.accepts_last_requests(record, orchestrator_of(request).clock.now()):
        raise Invalid("job-finished", "The run has ended: it can no longer charge")
    event, count = field(body, "eventName", str), field(body, "count", int)
    if not event or count is None:
        raise Invalid("invalid-request", "A charge is an object with 'eventName' and 'count'")
    key = request.headers.get("idempotency-key") or None
    await orchestrator_of(request).billing.charge(record, event, count, key)
    return json_response({}, 201)


@router.post("/{run}/resurrect")
async def resurrect_run(request: Request, caller: FullCaller, run: str) -> Response:
    record, options = find_own_run(request, run, caller), parse_start_options(Params(request), caller)
    resurrected = await orchestrator_of(request).resurrection.resurrect(record, options, by=caller.run or Aborter.USER)
    return _run_response(request, resurrected, caller)


def _truncate(message: str | None) -> str | None:
    """A status message is for people. A very long one is truncated, because an error could end the Actor."""
    if message is None or len(message) <= MAX_STATUS_MESSAGE:
        return message
    return f"{message[: MAX_STATUS_MESSAGE - 1]}…"


def _run_response(request: Request, run: Run, caller: Caller | None) -> Response:
    return data_response(present_run(orchestrator_of(request), run, caller))
