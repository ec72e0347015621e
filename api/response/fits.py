"""Fits with what follows from their measurements."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import asdict, fields
from functools import partial
from typing import Any

from api.response.fit_models import (
    FitActor,
    FitDetails,
    FitError,
    FitExpression,
    FitHead,
    FitLiveRun,
    FitPrediction,
    FitRecommendation,
    FitRun,
    FitSize,
    FitSummary,
)
from api.response.serializers.jobs import iso_or_none
from runtime.base.background import in_background
from runtime.base.clock import iso
from runtime.base.errors import NotFound
from runtime.base.records import Fit, LiveTrial, Measurement, Run
from runtime.fits.expression import Suggestion
from runtime.fits.measurements import Cell, Verdict, cells_of, ending_of
from runtime.fits.recommendation import Recommendation, describe, recommend
from runtime.fits.result import FitResult
from runtime.orchestrator import Orchestrator

MEASURED = tuple(each.name for each in fields(Measurement))


async def present_fit(orchestrator: Orchestrator, fit: Fit) -> FitDetails:
    """A fit with the numbers of its live runs at this moment. There may be hundreds of runs, so a thread does it."""
    stored, result = await orchestrator.fits.stored_runs(fit), await orchestrator.fits.result(fit)
    return await in_background(partial(fit_details, fit, result, stored, present_live_runs(orchestrator, fit)))


def present_live_runs(orchestrator: Orchestrator, fit: Fit) -> tuple[FitLiveRun, ...]:
    """The live runs of a fit with their numbers at this moment."""
    return tuple(_live_run(each, _run(orchestrator, each.run_id)) for each in fit.live)


def present_fit_summary(fit: Fit) -> FitSummary:
    found = recommend(fit.plan, cells_of(fit.measured))
    return FitSummary(
        **_head(fit),
        runs=len(fit.measured),
        live_runs=len(fit.live),
        memory_mbytes=None if found is None else found.memory_mbytes,
        is_proven=found is not None and found.is_proven,
    )


def fit_details(fit: Fit, result: FitResult, stored: Collection[str], live: tuple[FitLiveRun, ...]) -> FitDetails:
    """A fit with its result and its live runs. `stored` are the ids of those of its runs that still exist."""
    return FitDetails(
        **_head(fit),
        changes=fit.changes,
        wanted_sizes=fit.plan.sizes,
        sweeps=fit.plan.sweeps,
        repeat=fit.plan.repeat,
        parallel=fit.parallel,
        budget_secs=fit.budget.secs,
        budget_usd=fit.budget.usd,
        is_budget_spent=fit.is_budget_spent,
        error=None if fit.problem is None else FitError(type=fit.problem.slug, message=fit.problem.message),
        inputs=fit.labels,
        sizes=tuple(map(_size, result.cells.values())),
        live=live,
        runs=tuple(_measured_run(each, is_stored=each.run_id in stored) for each in fit.measured),
        recommendation=_recommendation(result.recommendation),
        expression=_expression(result.suggestion),
        notes=tuple(note.text for note in result.notes),
        advice=None if result.advice is None else result.advice.text,
    )


def _head(fit: Fit) -> dict[str, Any]:
    head = FitHead(
        id=fit.id,
        status=fit.status,
        actor=FitActor(id=fit.actor_id, name=fit.actor_name),
        build_number=fit.build_number,
        created_at=iso(fit.created_at),
        finished_at=iso_or_none(fit.finished_at),
        strategy=fit.plan.strategy,
        is_complete=fit.is_complete,
    )
    return dict(head)


def _run(orchestrator: Orchestrator, run_id: str) -> Run | None:
    try:
        return orchestrator.runs.get(run_id)
    except NotFound:
        return None


def _size(cell: Cell) -> FitSize:
    return FitSize(
        input=cell.input,
        memory_mbytes=cell.memory_mbytes,
        verdict=cell.verdict,
        runs=len(cell.runs),
        misses=sum(ending_of(run) is not Verdict.FITS for run in cell.runs),
        is_proven=bool(cell.count(is_proof=True)) and cell.is_fitting,
        secs=cell.secs,
        is_time_disturbed=cell.is_disturbed,
        peak_bytes=cell.peak_bytes,
        is_peak_lower_bound=cell.is_peak_cut,
        is_peak_estimated=cell.is_peak_estimated,
        needed_mbytes=None if cell.peak_bytes is None else round(cell.needed_mbytes, 1),
        headroom=round(cell.headroom, 3),
        throttled_share=cell.throttled_share,
        compute_units=cell.compute_units,
        cost_usd=cell.cost_usd,
    )


def _live_run(live: LiveTrial, run: Run | None) -> FitLiveRun:
    return FitLiveRun(
        run_id=live.run_id,
        is_started=live.is_started,
        input=live.trial.input,
        memory_mbytes=live.trial.memory_mbytes,
        is_proof=live.trial.is_proof,
        started_at=None if run is None else iso(run.started_at),
        peak_bytes=None if run is None else run.stats.mem_max_bytes,
    )


def _measured_run(run: Measurement, *, is_stored: bool) -> FitRun:
    measured = {name: getattr(run, name) for name in MEASURED}
    return FitRun(**measured, verdict=ending_of(run), is_stored=is_stored)


def _recommendation(found: Recommendation | None) -> FitRecommendation | None:
    return None if found is None else FitRecommendation(**asdict(found), explanation=describe(found))


def _expression(found: Suggestion | None) -> FitExpression | None:
    if found is None:
        return None
    return FitExpression(
        default_memory_mbytes=found.line.expression,
        feature=found.line.feature,
        predictions=tuple(_predictions(found)),
    )


def _predictions(found: Suggestion) -> Iterator[FitPrediction]:
    for each in found.predictions:
        yield FitPrediction(**asdict(each), is_miss=each.is_miss, is_unseen_miss=each.is_unseen_miss)
