"""What follows from the measurements of a fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from runtime.base.json_text import loads
from runtime.base.records import Fit
from runtime.fits.expression import Need, Suggestion, suggest
from runtime.fits.measurements import Cells, cells_of
from runtime.fits.recommendation import Note, Recommendation, advice_without_fit, notes, recommend
from runtime.fits.search import smallest_fit


@dataclass(frozen=True, slots=True, kw_only=True)
class FitResult:
    """The measurements and what follows from them.

    `suggestion` is an expression, or None with a single input or if no expression is better than a constant.
    `advice` is what to do if nothing can be recommended.
    """

    cells: Cells
    recommendation: Recommendation | None
    suggestion: Suggestion | None
    notes: tuple[Note, ...]
    advice: Note | None

    @property
    def is_proven(self) -> bool:
        return self.recommendation is not None and self.recommendation.is_proven


def result_of(fit: Fit, bodies: Sequence[str | None], host_cores: int) -> FitResult:
    """Return the result until now. `bodies` are the inputs as JSON; without them, no expression is derived."""
    cells = cells_of(fit.measured)
    recommendation = recommend(fit.plan, cells)
    return FitResult(
        cells=cells,
        recommendation=recommendation,
        suggestion=_suggestion(fit, bodies, cells) if recommendation and bodies else None,
        notes=tuple(notes(fit.plan, cells, host_cores)),
        advice=advice_without_fit(cells) if cells and recommendation is None and fit.is_complete else None,
    )


def wanted_runs(fit: Fit) -> set[str]:
    """Return the runs that somebody may want to inspect: the proofs, and those that a note or the advice names."""
    result = result_of(fit, (), host_cores=1)
    named = [*result.notes, *([result.advice] if result.advice else [])]
    proofs = result.recommendation.proofs if result.recommendation else ()
    return {note.run_id for note in named if note.run_id} | set(proofs)


def _suggestion(fit: Fit, bodies: Sequence[str | None], cells: Cells) -> Suggestion | None:
    sizes = [smallest_fit(fit.plan, cells, index) for index in range(fit.plan.inputs)]
    needs = [
        Need(None if body is None else loads(body.encode()), cells[index, size].needed_mbytes, size)
        for index, (size, body) in enumerate(zip(sizes, bodies, strict=True))
        if size is not None
    ]
    return suggest(needs) if len(needs) == fit.plan.inputs > 1 else None
