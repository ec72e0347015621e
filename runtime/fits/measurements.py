"""What runs at different memory sizes have shown: whether a size holds the Actor, and with which headroom.

An Actor does not need its page cache. The peaks exclude the part that the kernel reclaims first, but include the part
in active use, which it reclaims only for lack of memory. So success with half of the memory counts as headroom too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from runtime.base.records import Measurement
from runtime.base.sizes import MBYTE

DISK_PER_MEMORY = 2
FULL = 0.95
"""From this part of the disk on, a failed run probably failed because of it: the next write may have been too large."""
HEADROOM = 0.2
"""The part of the highest peak that has to be free above it: the next input, garbage collection and a new base image
change the need by some percent, and a run over its limit is killed."""
MEMORY_EXIT_CODES = frozenset({134, 137})
"""Node exits with 134 when the heap of V8 is full, whose limit follows the memory of the run. 137 is SIGKILL, which the
kernel sends at the limit; it counts even if no counter shows why."""


class Verdict(StrEnum):
    """What a run shows about its size."""

    FITS = "fits"
    TIGHT = "tight"
    PROCESS_KILLED = "process killed"
    OUT_OF_MEMORY = "out of memory"
    DISK_FULL = "disk full"
    TIMED_OUT = "timed out"
    ABORTED = "aborted"
    FAILED = "failed"


FOR_LACK_OF_MEMORY = frozenset({Verdict.TIGHT, Verdict.PROCESS_KILLED, Verdict.OUT_OF_MEMORY, Verdict.DISK_FULL})
"""More memory helps against these, also against a full disk: a run has twice as much disk as memory."""


def is_over_memory(run: Measurement) -> bool:
    return bool(run.oom_kills) or run.is_peak_cut


def ending_of(run: Measurement) -> Verdict:
    """Return what the end of a run shows. FITS means only that it succeeded without a sign of too little memory."""
    if run.status == "SUCCEEDED":
        if run.oom_kills:
            return Verdict.PROCESS_KILLED
        return Verdict.TIGHT if run.is_peak_cut else Verdict.FITS
    if run.status == "ABORTED":
        return Verdict.ABORTED
    if is_over_memory(run) or (run.status == "FAILED" and run.exit_code in MEMORY_EXIT_CODES):
        return Verdict.OUT_OF_MEMORY
    if run.status == "TIMED-OUT":
        return Verdict.TIMED_OUT
    disk_bytes = DISK_PER_MEMORY * run.memory_mbytes * MBYTE
    return Verdict.DISK_FULL if (run.disk_peak_bytes or 0) >= FULL * disk_bytes else Verdict.FAILED


@dataclass(frozen=True, slots=True)
class Cell:
    """All runs of one input at one size, at least one.

    `is_enough_with_less` is true if runs of this input succeeded with half of the memory or less.
    """

    input: int
    memory_mbytes: int
    runs: tuple[Measurement, ...]
    is_enough_with_less: bool = False

    @property
    def verdict(self) -> Verdict:
        """The first miss of a run; TIGHT if all succeeded, but without the headroom."""
        endings = [ending_of(run) for run in self.runs]
        miss = next((ending for ending in endings if ending not in (Verdict.FITS, Verdict.TIGHT)), None)
        if miss is not None:
            return miss
        has_headroom = self.needed_mbytes <= self.memory_mbytes and Verdict.TIGHT not in endings
        return Verdict.FITS if has_headroom or self.is_enough_with_less else Verdict.TIGHT

    @property
    def may_be_tight_by_cache(self) -> bool:
        """Whether all runs succeeded, and what is not page cache would leave the headroom."""
        parts = [run.unreclaimable_bytes for run in self.runs]
        rest = highest(parts)
        if self.verdict is not Verdict.TIGHT or rest is None or None in parts:
            return False
        return rest * (1 + self.headroom) / MBYTE <= self.memory_mbytes

    @property
    def is_fitting(self) -> bool:
        return self.verdict is Verdict.FITS

    @property
    def is_peak_cut(self) -> bool:
        return any(is_over_memory(run) for run in self.runs)

    @property
    def is_peak_estimated(self) -> bool:
        return any(run.is_peak_estimated for run in self.runs)

    @property
    def peak_bytes(self) -> float | None:
        return highest(run.peak_bytes for run in self.runs)

    @property
    def headroom(self) -> float:
        """The part of the peak that has to be free above it: at least the difference between equal runs."""
        return max(HEADROOM, self.spread)

    @property
    def spread(self) -> float:
        """The difference between the peaks of these runs as a part of the highest one."""
        peaks = [run.peak_bytes for run in self.runs if run.peak_bytes]
        return (max(peaks) - min(peaks)) / max(peaks) if peaks else 0.0

    @property
    def needed_mbytes(self) -> float:
        """The memory that holds the peak with its headroom. The disk grows with the memory, so it counts too."""
        disk = highest(run.disk_peak_bytes for run in self.runs)
        memory = max(self.peak_bytes or 0.0, (disk or 0.0) / DISK_PER_MEMORY)
        return memory * (1 + self.headroom) / MBYTE

    @property
    def secs(self) -> float:
        """The median time. Undisturbed runs count alone, if there are any."""
        undisturbed = [run.secs for run in self.runs if not run.is_disturbed]
        return _median(undisturbed or [run.secs for run in self.runs])

    @property
    def is_disturbed(self) -> bool:
        """Whether the time of the cell is that of disturbed runs."""
        return all(run.is_disturbed for run in self.runs)

    @property
    def throttled_share(self) -> float | None:
        return highest(run.throttled_share for run in self.runs)

    @property
    def compute_units(self) -> float:
        return sum(run.compute_units for run in self.runs) / len(self.runs)

    @property
    def cost_usd(self) -> float:
        return sum(run.cost_usd for run in self.runs) / len(self.runs)

    def count(self, *, is_proof: bool) -> int:
        return sum(run.is_proof is is_proof for run in self.runs)


Cells = Mapping[tuple[int, int], Cell]
"""Cells by input and size."""


def cells_of(measured: Iterable[Measurement]) -> Cells:
    """Group runs by input and size, the smallest size first."""
    groups: dict[tuple[int, int], list[Measurement]] = {}
    for run in measured:
        groups.setdefault((run.input, run.memory_mbytes), []).append(run)
    enough: set[int] = set()
    cells = {}
    for key, runs in sorted(groups.items(), key=lambda group: group[0][::-1]):
        cell = cells[key] = Cell(*key, tuple(runs), key[0] in enough)
        if cell.verdict in (Verdict.FITS, Verdict.TIGHT):
            enough.add(cell.input)
    return cells


def highest(values: Iterable[float | None]) -> float | None:
    """Return the highest value that was measured, or None if none was."""
    return max((value for value in values if value is not None), default=None)


def _median(values: Sequence[float]) -> float:
    # The module `statistics` takes longer to import than the rest of this one.
    ordered, half = sorted(values), len(values) // 2
    return (ordered[half] + ordered[~half]) / 2
