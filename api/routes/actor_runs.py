"""/v2/actor-runs"""

from __future__ import annotations

from dataclasses import replace

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.request import parsing
from api.request.access import caller_of, late_caller_of, limited_caller_of, maybe_caller
from api.request.bodies import read_object
from api.request.dependencies import orchestrator_of
from api.request.input_body import read_input
from api.request.params import Params
from api.response.envelopes import data_response, json_response, no_content
from api.response.presenters import own_run, present_run, runs_page, seen_run
from runtime.access import permissions
from runtime.base.errors import Invalid
from runtime.base.records import GeneralAccess, Run

router = APIRouter(prefix="/v2/actor-runs")

MAX_STATUS_MESSAGE = 10_000
GENERAL_ACCESS = sorted(set(GeneralAccess) - {GeneralAccess.ANYONE_WITH_NAME_CAN_READ})
"""A run has no name to be found by."""


@router.get("")
async def list_runs(request: Request) -> Response:
    return runs_page(request, None)


@router.get("/{run}")
async def get_run(request: Request, run: str) -> Response:
    """Knowing the id is enough; costs are shown to the owner."""
    runs = orchestrator_of(request).runs
    return _shown(request, await runs.wait(seen_run(request, runs.get(run)).id, Params(request).wait_secs()))


@router.put("/{run}")
async def update_run(request: Request, run: str) -> Response:
    """Status message and access; unknown keys are ignored, since the JavaScript SDK sends `level` along."""
    caller = late_caller_of(request)
    record, body, runs = own_run(request, run, caller), await read_object(request), orchestrator_of(request).runs
    access = parsing.field(body, "generalAccess", str)
    if access is not None and access not in GENERAL_ACCESS:
        raise Invalid("invalid-value", f"'generalAccess' must be one of {', '.join(GENERAL_ACCESS)}")
    message = _shortened(parsing.field(body, "statusMessage", str))
    is_terminal = parsing.field(body, "isStatusMessageTerminal", bool)
    if access is not None:
        permissions.check_not_ended(caller.run)
        permissions.check_full_permissions(caller.run)
    if "statusMessage" in body:
        _check_is_open(request, record, "cannot-set-is-status-message-terminal", "its status message stays as it is")
        record = await runs.set_status_message(run, message, is_terminal)
    if access is not None:
        record = await runs.change(run, lambda now: replace(now, general_access=GeneralAccess(access)))
    return _shown(request, record)


@router.delete("/{run}")
async def delete_run(request: Request, run: str) -> Response:
    await orchestrator_of(request).run_deletion.delete(own_run(request, run, caller_of(request)))
    return no_content()


@router.post("/{run}/abort")
async def abort_run(request: Request, run: str) -> Response:
    """Answers with the run as it then is. A run that has ended stays as it is."""
    record, gracefully = own_run(request, run, limited_caller_of(request)), Params(request).flag("gracefully") or False
    return _shown(request, await orchestrator_of(request).orders.abort(record, gracefully=gracefully))


@router.post("/{run}/reboot")
async def reboot_run(request: Request, run: str) -> Response:
    return _shown(
        request, await orchestrator_of(request).orders.reboot(own_run(request, run, limited_caller_of(request)))
    )


@router.post("/{run}/metamorph")
async def metamorph_run(request: Request, run: str) -> Response:
    """The body is the new Actor's input."""
    orchestrator, params, caller = orchestrator_of(request), Params(request), limited_caller_of(request)
    record = own_run(request, run, caller)
    target = params.text("targetActorId")
    if target is None:
        raise Invalid("parameter-required", "Query parameter 'targetActorId' is required")
    actor = orchestrator.actors.find(caller.user, target.replace("/", "~", 1))
    input = await read_input(request)
    return _shown(request, await orchestrator.metamorphs.order(record, actor, params.text("build"), input, caller.run))


@router.post("/{run}/charge")
async def charge_run(request: Request, run: str) -> Response:
    """Count events of a pay-per-event run. A repetition, told by its `idempotency-key`, is answered the same."""
    record, body = own_run(request, run, late_caller_of(request)), await read_object(request)
    _check_is_open(request, record, "job-finished", "it can't charge any more")
    event, count = parsing.field(body, "eventName", str), parsing.field(body, "count", int)
    if not event or count is None:
        raise Invalid("invalid-request", "A charge is an object with 'eventName' and 'count'")
    await orchestrator_of(request).billing.charge(record, event, count, request.headers.get("idempotency-key") or None)
    return json_response({}, 201)


@router.post("/{run}/resurrect")
async def resurrect_run(request: Request, run: str) -> Response:
    caller = caller_of(request)
    record, options = own_run(request, run, caller), parsing.start_options(Params(request), caller)
    return _shown(request, await orchestrator_of(request).resurrection.resurrect(record, options))


def _shortened(message: str | None) -> str | None:
    """A status message is for people: a very long one is cut rather than refused, since a refusal may end an Actor."""
    if message is None or len(message) <= MAX_STATUS_MESSAGE:
        return message
    return f"{message[: MAX_STATUS_MESSAGE - 1]}…"


def _check_is_open(request: Request, run: Run, slug: str, what: str) -> None:
    """Some requests may come just after the end: the Actor's last words race its exit."""
    if not permissions.accepts_last_requests(run, orchestrator_of(request).clock.now()):
        raise Invalid(slug, f"The run has ended: {what}")


def _shown(request: Request, run: Run) -> Response:
    return data_response(present_run(orchestrator_of(request), run, maybe_caller(request)))
