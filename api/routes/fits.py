"""/greenroom/fits: how much memory an Actor needs, found out by running it at several sizes."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import Depends, Query
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from api.lazy_routes import Router
from api.request.bodies import MAX_PAYLOAD_BYTES
from api.request.callers import FullCaller
from api.request.dependencies import orchestrator_of
from api.request.params import MAX_WAIT_SECS, PagingQuery, Params
from api.request.parsing.origins import parse_meta
from api.request.parsing.runs import parse_start_options
from api.request.security_schemes import user_token
from api.request.typed_bodies import body_of, documented_body
from api.response.envelopes import JSON, LocalResponse, no_content
from api.response.fit_models import (
    FitApplication,
    FitApplyOrder,
    FitDetails,
    FitInput,
    FitInputs,
    FitList,
    FitOrderBody,
)
from api.response.fits import present_fit, present_fit_summary
from api.response.local_controls import ErrorEnvelope
from api.response.platform_parameters import START_OPTIONS
from runtime.base.background import in_background
from runtime.base.json_text import dumps, loads
from runtime.base.records import Budget, Fit
from runtime.fits.fits import FitOrder
from runtime.inputs.inputs import input_of_body
from runtime.orchestrator import Orchestrator
from runtime.reports.document import POLICY
from runtime.reports.fit_page import fit_page
from runtime.runs.start_plan import StartRequest

MAX_ORDER_BYTES = 4 * MAX_PAYLOAD_BYTES
"""For several inputs, each of which has a limit of its own."""
REPORT_HEADERS = {
    "Content-Disposition": 'attachment; filename="fit.html"',
    "Content-Security-Policy": f"sandbox; {POLICY}",
    "X-Content-Type-Options": "nosniff",
}
"""The page contains texts of an Actor, so it must not act as a page of the API's origin."""
NOT_FOR_FITS = ("webhooks", "devFolder", "greenroomDebugPort")
RUN_OPTIONS = [each for each in START_OPTIONS if each.name not in NOT_FOR_FITS]

router = Router(
    default_response_class=LocalResponse,
    responses={"4XX": {"model": ErrorEnvelope, "description": "The request was rejected."}},
    dependencies=[Depends(user_token)],
)


async def _own_fit(request: Request, fit: str, caller: FullCaller) -> Fit:
    return orchestrator_of(request).fits.find(caller.user, fit)


OwnFit = Annotated[Fit, Depends(_own_fit)]


@router.post(
    "/greenroom/fits",
    status_code=201,
    response_model=FitDetails,
    openapi_extra={**documented_body(FitOrderBody), "parameters": [each.as_json() for each in RUN_OPTIONS]},
)
async def start_fit(
    request: Request,
    caller: FullCaller,
    order: Annotated[FitOrderBody, Depends(body_of(FitOrderBody, MAX_ORDER_BYTES))],
) -> Response:
    """Start a fit: run an Actor at several memory sizes, recommend one, and prove it with a fresh run.

    The query has options of the Run Actor endpoint, for all runs. Its `memory` is the size to begin with. The fit
    continues without its client, also after a restart of the server.
    """
    orchestrator = orchestrator_of(request)
    start = StartRequest(
        user=caller.user,
        actor=orchestrator.actors.find(caller.user, order.actor),
        input=None,
        options=parse_start_options(Params(request), caller),
        meta=parse_meta(request, caller),
        started_by=caller.run,
    )
    fit = await orchestrator.fits.start(
        FitOrder(
            start=start,
            inputs=tuple((each.label, input_of_body(dumps(each.body), JSON)) for each in order.inputs),
            sizes=order.sizes,
            repeat=order.repeat,
            strategy=order.strategy,
            parallel=order.parallel,
            budget=Budget(secs=order.budget_secs, usd=order.budget_usd),
        )
    )
    return await _fit_response(orchestrator, fit, 201)


@router.get("/greenroom/fits")
async def list_fits(
    request: Request,
    caller: FullCaller,
    paging: PagingQuery,
    actor: Annotated[str, Query(description="Only fits of this Actor: its id or `username~name`.")] = "",
) -> FitList:
    """List fits, newest first."""
    orchestrator = orchestrator_of(request)
    of = orchestrator.actors.find(caller.user, actor) if actor else None
    page = orchestrator.fits.page(caller.user, of, replace(paging, desc=True))
    return FitList(
        items=await in_background(lambda: tuple(map(present_fit_summary, page.items))),
        total=page.total,
        possible_sizes=orchestrator.fits.possible_sizes(caller.user),
    )


@router.get("/greenroom/fits/{fit}", response_model=FitDetails)
async def get_fit(
    request: Request,
    fit: OwnFit,
    after: Annotated[
        int, Query(description="Return as soon as the fit has changed more often than this, or has ended.")
    ] = 0,
    wait_secs: Annotated[
        float, Query(alias="waitSecs", ge=0, le=MAX_WAIT_SECS, description="Wait at most this long for that.")
    ] = 0,
) -> Response:
    """Show a fit: its table, its live runs and its recommendation, as far as it has come."""
    orchestrator = orchestrator_of(request)
    return await _fit_response(orchestrator, await orchestrator.fits.wait(fit, after, wait_secs))


@router.get("/greenroom/fits/{fit}/inputs")
async def get_fit_inputs(request: Request, fit: OwnFit) -> FitInputs:
    """Return the inputs of a fit, to start another one with them."""
    bodies = await orchestrator_of(request).fits.inputs(fit)
    parsed = await in_background(lambda: [None if body is None else loads(body.encode()) for body in bodies])
    return FitInputs(
        items=tuple(FitInput(label=label, body=body) for label, body in zip(fit.labels, parsed, strict=True))
    )


@router.get(
    "/greenroom/fits/{fit}/report",
    response_class=Response,  # a response with a media type would also document errors with it
    responses={200: {"content": {"text/html": {"schema": {"type": "string"}}}}},
)
async def get_fit_report(request: Request, fit: OwnFit) -> Response:
    """Return the result of a fit as one web page that loads nothing else, as `greenroom fit --html` writes it."""
    details = await present_fit(orchestrator_of(request), fit)
    page = await in_background(lambda: fit_page(details.model_dump(by_alias=True, mode="json")))
    return HTMLResponse(page, headers=REPORT_HEADERS)


@router.post("/greenroom/fits/{fit}/stop", response_model=FitDetails)
async def stop_fit(request: Request, fit: OwnFit) -> Response:
    """Stop a fit: its live runs are aborted. What was measured remains."""
    orchestrator = orchestrator_of(request)
    return await _fit_response(orchestrator, await orchestrator.fits.stop(fit))


@router.post("/greenroom/fits/{fit}/apply", openapi_extra=documented_body(FitApplyOrder))
async def apply_fit(
    request: Request,
    caller: FullCaller,
    fit: OwnFit,
    order: Annotated[FitApplyOrder, Depends(body_of(FitApplyOrder))],
) -> FitApplication:
    """Set the Actor's default memory to the recommended one, and change the actor.json in its source.

    A file in a local folder is changed only for the server's operator; others get the change to make by hand.
    """
    applied = await orchestrator_of(request).fits.apply(
        caller.user, fit, only_preview=order.only_preview, may_write_folder=caller.is_operator
    )
    return FitApplication.model_validate(applied)


@router.delete("/greenroom/fits/{fit}", status_code=204)
async def delete_fit(request: Request, fit: OwnFit) -> Response:
    """Delete a fit that has ended. Its remaining runs stay."""
    await orchestrator_of(request).fits.delete(fit)
    return no_content()


async def _fit_response(orchestrator: Orchestrator, fit: Fit, status: int = 200) -> Response:
    """A fit as JSON. FastAPI would serialize hundreds of runs on the event loop."""
    details = await present_fit(orchestrator, fit)
    content = await in_background(lambda: dumps(details.model_dump(by_alias=True, mode="json")))
    return Response(content, status, media_type=JSON)
