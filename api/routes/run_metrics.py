"""/greenroom/runs/RUN/metrics and report: what a run used over time, and in total."""

from __future__ import annotations

from functools import partial

from fastapi import Depends
from starlette.requests import Request
from starlette.responses import Response

from api.lazy_routes import Router
from api.request.callers import FullCaller
from api.request.dependencies import orchestrator_of
from api.request.params import Params
from api.request.path_records import find_own_run
from api.request.security_schemes import user_token
from api.response.envelopes import JSON
from api.response.local_controls import ErrorEnvelope
from api.response.metrics_models import RunMetrics, RunReport
from api.response.run_metrics import present_metrics, present_report
from runtime.base.background import in_background
from runtime.base.errors import Invalid
from runtime.base.records import Run
from runtime.history.timeline import marked_events
from runtime.metrics.curves import Curves
from runtime.metrics.reading import read_curves, read_totals

DEFAULT_POINTS = 1000
MAX_POINTS = 2000
"""More than a screen is wide. The response for more would take longer than a slice of background work."""
MAX_POINTS_PARAMETER = {
    "name": "maxPoints",
    "in": "query",
    "description": "The most points of each curve. A longer series is made coarser, and each point then has the lowest"
    " and the highest of its samples too.",
    "schema": {"type": "integer", "minimum": 1, "maximum": MAX_POINTS, "default": DEFAULT_POINTS},
}

router = Router(responses={"4XX": {"model": ErrorEnvelope, "description": "The request was rejected."}})


@router.get(
    "/greenroom/runs/{run}/metrics",
    response_model=RunMetrics,
    dependencies=[Depends(user_token)],
    openapi_extra={"parameters": [MAX_POINTS_PARAMETER]},
)
async def get_run_metrics(request: Request, caller: FullCaller, run: str) -> Response:
    """Show what a run used over time: memory, CPU, network, disk and processes. For a live run, until now."""
    record = find_own_run(request, run, caller)
    most_points = _most_points(request)
    orchestrator = orchestrator_of(request)
    blocks = orchestrator.history.metrics.blocks(record.id)
    curves = await read_curves(blocks, most_points)
    if entries := orchestrator.history.timeline.of_run(record.id):  # a run of an earlier version has none
        curves.events = marked_events(entries)
    samples = sum(block.samples for block in blocks)
    return Response(await in_background(partial(_serialize, record, curves, samples)), media_type=JSON)


@router.get("/greenroom/runs/{run}/report", response_model=RunReport, dependencies=[Depends(user_token)])
async def get_run_report(request: Request, caller: FullCaller, run: str) -> Response:
    """Show what a run used in total, its storage operations, charged events and cost. For a live run, until now."""
    orchestrator, record = orchestrator_of(request), find_own_run(request, run, caller)
    totals = await read_totals(orchestrator.history.metrics.blocks(record.id))
    report = present_report(orchestrator, find_own_run(request, run, caller), totals)
    return Response(report.model_dump_json(by_alias=True), media_type=JSON)


def _most_points(request: Request) -> int:
    most = Params(request).integer("maxPoints", minimum=1) or DEFAULT_POINTS
    if most > MAX_POINTS:
        raise Invalid("invalid-parameter", f"Query parameter 'maxPoints' must be at most {MAX_POINTS}, not {most}")
    return most


def _serialize(run: Run, curves: Curves, samples: int) -> bytes:
    return present_metrics(run, curves, samples).model_dump_json(by_alias=True).encode()
