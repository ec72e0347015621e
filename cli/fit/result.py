"""Everything that `greenroom fit` found out, and its JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from cli.fit.expression import Need, Suggestion, suggest
from cli.fit.measurements import Cell, Cells, Measurement, cells_of
from cli.fit.recommendation import Note, Recommendation, advice_without_fit, notes, recommend
from cli.fit.search import Plan, smallest_fit
from cli.fit.target import FitTarget
from runtime.base.json_text import JsonDict


@dataclass(frozen=True, slots=True, kw_only=True)
class FitResult:
    """The measurements and what follows from them.

    `suggestion` is an expression, or None with a single input or if no expression is better than a constant.
    `advice` is what to do if nothing can be recommended. `is_complete` is false after an interrupt, an error or a spent
    budget.
    """

    target: FitTarget
    plan: Plan
    measured: tuple[Measurement, ...]
    cells: Cells
    recommendation: Recommendation | None
    suggestion: Suggestion | None
    notes: tuple[Note, ...]
    advice: Note | None
    is_complete: bool

    @property
    def wanted_runs(self) -> set[str]:
        """The runs that somebody may want to inspect: the proofs, and those that a note names."""
        named = {note.run_id for note in (*self.notes, *([self.advice] if self.advice else [])) if note.run_id}
        return named | set(self.recommendation.proofs if self.recommendation else ())

    @property
    def is_proven(self) -> bool:
        return self.recommendation is not None and self.recommendation.is_proven


def result_of(
    target: FitTarget, plan: Plan, measured: list[Measurement], *, host_cores: int, is_complete: bool
) -> FitResult:
    cells = cells_of(measured)
    recommendation = recommend(plan, cells)
    return FitResult(
        target=target,
        plan=plan,
        measured=tuple(measured),
        cells=cells,
        recommendation=recommendation,
        suggestion=_suggestion(target, plan, cells) if recommendation else None,
        notes=tuple(notes(plan, cells, host_cores)),
        advice=advice_without_fit(cells) if cells and recommendation is None and is_complete else None,
        is_complete=is_complete,
    )


def _suggestion(target: FitTarget, plan: Plan, cells: Cells) -> Suggestion | None:
    sizes = [smallest_fit(plan, cells, index) for index in range(plan.inputs)]
    needs = [
        Need(target.inputs[index].value, cells[index, size].needed_mbytes, size)
        for index, size in enumerate(sizes)
        if size is not None
    ]
    return suggest(needs) if len(needs) == plan.inputs > 1 else None


def result_json(result: FitResult, remaining: list[str], written: str | None) -> JsonDict:
    """Return the object of --json. `remaining` are the ids of the runs that were not deleted."""
    return {
        "actor": {"id": result.target.actor["id"], "name": result.target.actor["name"]},
        "buildNumber": result.target.build_number,
        "strategy": str(result.plan.strategy),
        "isComplete": result.is_complete,
        "inputs": [each.label for each in result.target.inputs],
        "sizes": [_cell(cell) for cell in result.cells.values()],
        "runs": [_run(run, is_stored=run.run_id in remaining) for run in result.measured],
        "recommendation": _recommendation(result.recommendation),
        "expression": _expression(result.suggestion),
        "notes": [note.text for note in result.notes],
        "advice": result.advice and result.advice.text,
        "remainingRunIds": remaining,
        "writtenTo": written,
    }


def _cell(cell: Cell) -> JsonDict:
    return {
        "input": cell.input,
        "memoryMbytes": cell.memory_mbytes,
        "verdict": str(cell.verdict),
        "runs": len(cell.runs),
        "isProven": bool(cell.count(is_proof=True)) and cell.is_fitting,
        "secs": cell.secs,
        "isTimeDisturbed": cell.is_disturbed,
        "peakBytes": cell.peak_bytes,
        "isPeakLowerBound": cell.is_peak_cut,
        "isPeakEstimated": cell.is_peak_estimated,
        "neededMbytes": None if cell.peak_bytes is None else round(cell.needed_mbytes, 1),
        "headroom": round(cell.headroom, 3),
        "throttledShare": cell.throttled_share,
        "computeUnits": cell.compute_units,
        "costUsd": cell.cost_usd,
    }


def _run(run: Measurement, *, is_stored: bool) -> JsonDict:
    fields = {_camel_case(name): value for name, value in asdict(run).items()}
    return {**fields, "verdict": str(run.ending), "isStored": is_stored}


def _recommendation(found: Recommendation | None) -> JsonDict | None:
    return None if found is None else {_camel_case(name): value for name, value in asdict(found).items()}


def _expression(found: Suggestion | None) -> JsonDict | None:
    if found is None:
        return None
    return {
        "defaultMemoryMbytes": found.line.expression,
        "feature": found.line.feature,
        "predictions": [
            {
                **{_camel_case(name): value for name, value in asdict(each).items()},
                "isMiss": each.is_miss,
                "isUnseenMiss": each.is_unseen_miss,
            }
            for each in found.predictions
        ],
    }


def _camel_case(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
