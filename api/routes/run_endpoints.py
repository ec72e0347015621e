"""Starting runs, of Actors and of tasks: at once, or waiting for what comes of it."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from api.request import parsing
from api.request.access import limited_caller_of
from api.request.dependencies import orchestrator_of
from api.request.input_body import read_input
from api.request.params import Params
from api.response.dataset_items import items_response
from api.response.envelopes import data_response
from api.response.presenters import present_run
from api.response.stored_records import record_response
from runtime.base.errors import Invalid, NotFound, RunTooSlow
from runtime.base.lifecycle import JobStatus
from runtime.base.records import Actor, Run, Task
from runtime.runs.start_plan import StartRequest

SYNC_WAIT_SECS = 300


async def run_started(request: Request, what: Actor | Task) -> Response:
    """The run when it has ended, or as it is after the time that the caller wants to wait."""
    orchestrator, secs = orchestrator_of(request), Params(request).wait_secs()
    run = await _start(request, what)
    if secs > 0:
        run = await orchestrator.runs.wait(run.id, secs)
    location = f"{orchestrator.addresses.public_base}/v2/actors/{run.actor_id}/runs/{run.id}"
    return data_response(present_run(orchestrator, run, limited_caller_of(request)), 201, {"Location": location})


async def output_of_run(request: Request, what: Actor | Task) -> Response:
    """Start a run, wait for it, answer with a record of its key-value store; nothing where it has not that record."""
    run = await _run_to_success(request, what)
    key = Params(request).text("outputRecordKey") or "OUTPUT"
    try:
        return record_response(request, run.default_key_value_store_id, key, status=201)
    except NotFound:
        return Response(status_code=201)


async def items_of_run(request: Request, what: Actor | Task) -> Response:
    """Start a run, wait for it, answer with the items of its dataset, as the query asks for them."""
    run = await _run_to_success(request, what)
    dataset = orchestrator_of(request).datasets.find(run.user_id, run.default_dataset_id)
    return await items_response(request, dataset, status=201)


async def _run_to_success(request: Request, what: Actor | Task) -> Run:
    """Raises RunTooSlow when the run goes on after five minutes, Invalid when it did not succeed."""
    run = await orchestrator_of(request).runs.wait((await _start(request, what)).id, SYNC_WAIT_SECS)
    if not run.status.is_terminal:
        raise RunTooSlow(
            "run-timeout-exceeded", f"Actor run exceeded the timeout of {SYNC_WAIT_SECS} seconds for this API endpoint"
        )
    if run.status is not JobStatus.SUCCEEDED:
        raise Invalid("run-failed", f"Actor run did not succeed (run ID: {run.id}, status: {run.status}).")
    return run


async def _start(request: Request, what: Actor | Task) -> Run:
    starting, caller = orchestrator_of(request).starting, limited_caller_of(request)
    options = parsing.start_options(Params(request), caller)
    input = await read_input(request) if request.method == "POST" else None
    meta = parsing.meta(request, caller)
    if isinstance(what, Task):
        return await starting.start_task(caller.user, what, input, options, meta, started_by=caller.run)
    return await starting.start(
        StartRequest(user=caller.user, actor=what, input=input, options=options, meta=meta, started_by=caller.run)
    )
