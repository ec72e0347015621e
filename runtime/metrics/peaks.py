"""The highest memory of a run, and what limits the value of that number."""

from __future__ import annotations

from dataclasses import dataclass

from runtime.base.records import Run
from runtime.jobs.resource_limits import is_peak_cut
from runtime.metrics.totals import Totals


@dataclass(frozen=True, slots=True)
class Peak:
    """`size` in bytes; None if it was not measured.

    It `is_cut` if the limit may have cut it off. If it is not exact, it is the highest sample.
    """

    size: int | None
    is_cut: bool
    is_exact: bool


def peak_of(run: Run, totals: Totals) -> Peak:
    """Return the peak of a run with these totals."""
    is_cut = bool(totals.oom_kills) or is_peak_cut(run)
    return Peak(run.stats.mem_max_bytes, is_cut, is_exact=totals.is_peak_complete or is_cut)
