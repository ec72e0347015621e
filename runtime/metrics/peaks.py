"""The highest memory of a run, and what limits the value of that number."""

from __future__ import annotations

from dataclasses import dataclass

from runtime.base.records import Run
from runtime.jobs.resource_limits import MBYTE
from runtime.metrics.totals import Totals

CUT_SHARE = 0.99
"""From this part of the limit on, a peak may have been cut off: the kernel reclaims memory instead of granting more."""


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
    size = run.stats.mem_max_bytes
    is_cut = bool(totals.oom_kills) or (size is not None and size >= CUT_SHARE * run.options.memory_mbytes * MBYTE)
    return Peak(size, is_cut, is_exact=totals.is_peak_complete or is_cut)
