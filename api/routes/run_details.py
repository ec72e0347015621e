"""/greenroom/runs/RUN/timeline, api-calls and environment: what happened in a run."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from api.lazy_routes import Router
from api.request.callers import FullCaller
from api.request.dependencies import orchestrator_of
from api.request.params import PagingQuery
from api.request.path_records import find_own_run
from api.request.security_schemes import user_token
from api.response import serializers
from api.response.envelopes import JSON, LocalResponse
from api.response.local_controls import ErrorEnvelope
from api.response.pages import find_page
from api.response.run_detail_models import ApiCalls, RunEnvironment, RunWebServer, Timeline, WebhookDispatches
from api.response.run_details import present_calls, present_environment, present_timeline
from runtime.base.background import in_background

router = Router(
    default_response_class=LocalResponse,
    responses={"4XX": {"model": ErrorEnvelope, "description": "The request was rejected."}},
)


@router.get("/greenroom/runs/{run}/timeline", dependencies=[Depends(user_token)])
async def get_timeline(request: Request, caller: FullCaller, run: str) -> Timeline:
    """Show what happened to a run: orders, status changes, containers, out-of-memory kills, system events."""
    record = find_own_run(request, run, caller)
    return present_timeline(orchestrator_of(request).history.timeline.of_run(record.id))


@router.get("/greenroom/runs/{run}/api-calls", response_model=ApiCalls, dependencies=[Depends(user_token)])
async def get_api_calls(
    request: Request,
    caller: FullCaller,
    run: str,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    offset: Annotated[int, Query(ge=0)] = 0,
    text: Annotated[
        str,
        Query(alias="q", max_length=500, description="Only calls whose method, path, query or status contain this."),
    ] = "",
) -> Response:
    """List the requests that a run sent to the API with its token, newest first, and count all of them."""
    record = find_own_run(request, run, caller)
    history = await orchestrator_of(request).history.api_calls.of_run(record.id)
    present = partial(present_calls, history, text, offset, limit)
    return Response(await in_background(present), media_type=JSON)


@router.get("/greenroom/runs/{run}/environment", dependencies=[Depends(user_token)])
async def get_environment(request: Request, caller: FullCaller, run: str) -> RunEnvironment:
    """Show the environment variables that the run's last container got, without the values of secrets."""
    record, orchestrator = find_own_run(request, run, caller), orchestrator_of(request)
    environments = orchestrator.history.environments
    recorded = environments.of_run(record.id)
    return present_environment(None if recorded is None else await environments.with_image(recorded))


@router.get(
    "/greenroom/runs/{run}/webhook-dispatches", response_model=WebhookDispatches, dependencies=[Depends(user_token)]
)
async def list_dispatches_of_run(request: Request, caller: FullCaller, run: str, paging: PagingQuery) -> Response:
    """List the webhook dispatches for events of a run, each with its calls. The paging is that of the platform."""
    record = find_own_run(request, run, caller)
    find = partial(orchestrator_of(request).dispatches.page_of_run, record)
    return find_page(paging, find, serializers.webhook_dispatch)


@router.get("/greenroom/runs/{run}/web-server", dependencies=[Depends(user_token)])
async def get_web_server(request: Request, caller: FullCaller, run: str) -> RunWebServer:
    """Show where the web server of a run is reached, whether it answers, and where the Actor listens otherwise."""
    record = find_own_run(request, run, caller)
    return RunWebServer(
        url=record.container_url,
        port=record.web_server_port,
        is_live=not record.status.is_terminal,
        is_ready=record.is_container_server_ready,
        listening=record.listening,
    )
