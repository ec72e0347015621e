"""The recommended memory with its reason and its bounds, and what limits its value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from runtime.base.memory_sizes import MAX_MEMORY_MBYTES, MIN_MEMORY_MBYTES
from runtime.base.records import FitPlan, Strategy
from runtime.base.sizes import MBYTE, megabytes
from runtime.fits.measurements import (
    FOR_LACK_OF_MEMORY,
    HEADROOM,
    Cell,
    Cells,
    Verdict,
    ending_of,
    highest,
)
from runtime.fits.search import TOLERANCE, is_proven, recommended_size, smallest_fit

MBYTES_PER_CORE = 4096
LARGER_INPUTS = 2
"""The largest memory is at least this many times the recommended one, so that larger inputs can get more."""
BURST_SECS = 10.0
"""A container starts with at least one core for this time, as on the platform."""
START_SECS = 2.0
"""A run's time includes the start of its container."""
MUCH_THROTTLED = 0.5
"""The part of the CPU periods from which on the lack of CPU time is worth a note."""
FAR_BELOW = 0.5
"""A run that failed with a peak below this part of its limit probably did not fail because of it."""
REASONS = {
    Strategy.SMALLEST: "the smallest size that holds the peak with its headroom",
    Strategy.CHEAPEST: "the lowest cost of the measured sizes",
    Strategy.FASTEST: "the shortest time of the measured sizes",
    Strategy.BALANCED: "the lowest product of time and cost of the measured sizes",
}
ADVICE_PER_MISS = {
    Verdict.FAILED: "The memory is not the reason.",
    Verdict.TIMED_OUT: "Set a longer timeout, or pass a smaller input.",
    Verdict.ABORTED: "The run was aborted.",
}
LESS_DATA = "Pass a smaller input, or let the Actor process its data in smaller parts."
MORE_SIZES = "Try larger sizes. If they are not possible, free memory on this machine, or raise the user's limit."


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence about the measurements, and the run that it names, which should not be deleted."""

    text: str
    run_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """Memory in megabytes: the recommended default, and the bounds for callers who choose the memory themselves.

    `peak_bytes` is the highest peak at this size, None if it was not measured. `headroom` is the part of it that has to
    be free above it. With `is_enough_with_less`, it is not, but runs with half of the memory succeeded. `proofs` are
    the ids of the fresh runs.
    """

    memory_mbytes: int
    min_memory_mbytes: int
    max_memory_mbytes: int
    is_proven: bool
    peak_bytes: float | None
    headroom: float
    is_enough_with_less: bool
    proofs: tuple[str, ...]
    reason: str


def recommend(plan: FitPlan, cells: Cells) -> Recommendation | None:
    """Return the recommendation, or None if no measured size fits every input."""
    size = recommended_size(plan, cells)
    if size is None:
        return None
    own = [cell for (_, each), cell in cells.items() if each == size]
    smallest = [smallest_fit(plan, cells, index) or size for index in range(plan.inputs)]
    return Recommendation(
        memory_mbytes=size,
        min_memory_mbytes=min(smallest),
        max_memory_mbytes=_largest_useful(cells, size),
        is_proven=is_proven(plan, cells, size),
        peak_bytes=highest(cell.peak_bytes for cell in own),
        headroom=max((cell.headroom for cell in own), default=HEADROOM),
        is_enough_with_less=any(cell.needed_mbytes > size for cell in own),
        proofs=tuple(run.run_id for cell in own for run in cell.runs if run.is_proof),
        reason=REASONS[plan.strategy],
    )


def notes(plan: FitPlan, cells: Cells, host_cores: int) -> Iterator[Note]:
    """Yield what limits the value of these measurements."""
    yield from _misses_apart_from_memory(cells)
    yield from _limits_of_measurements(plan, cells)
    yield from _lack_of_cpu(plan, cells)
    yield from _limits_of_times(cells, host_cores)


def advice_without_fit(cells: Cells) -> Note:
    """Return why no size fits and what to do, from the largest size at which a run missed."""
    last = max(cells.values(), key=lambda cell: (not cell.is_fitting, cell.memory_mbytes))
    run = _missed_run(last)
    what = f"The result of the largest size, {last.memory_mbytes} MB, is '{last.verdict}'."
    if last.verdict in FOR_LACK_OF_MEMORY:
        more = MORE_SIZES if last.memory_mbytes < MAX_MEMORY_MBYTES else LESS_DATA
        return Note(f"{what} {more} Details: `greenroom explain {run}`.", run)
    return Note(f"{what} {ADVICE_PER_MISS[last.verdict]} Details: `greenroom explain {run}`.", run)


def describe(found: Recommendation) -> str:
    """Return the headroom of the recommendation and its reason."""
    if found.peak_bytes is None:
        return "Its peak was not measured, so its headroom is unknown."
    if found.is_enough_with_less:
        return (
            f"Runs with half of the memory succeeded, so this size leaves the same amount free. The highest peak at"
            f" this size, {megabytes(found.peak_bytes)}, contains page cache that the Actor does not need."
        )
    needed = found.peak_bytes * (1 + found.headroom)
    why = "equal runs differ by that much" if found.headroom > HEADROOM else "inputs and runs vary"
    return (
        f"The highest peak at this size is {megabytes(found.peak_bytes)}. With a headroom of"
        f" {100 * found.headroom:.0f} %, because {why}, the Actor needs {megabytes(needed)}."
    )


def _largest_useful(cells: Cells, size: int) -> int:
    fitting = [cell for cell in cells.values() if cell.is_fitting and cell.memory_mbytes >= size]
    fastest = min(fitting, key=lambda cell: cell.secs * (1 + TOLERANCE * (cell.memory_mbytes > size)))
    return min(MAX_MEMORY_MBYTES, max(size * LARGER_INPUTS, fastest.memory_mbytes))


def _misses_apart_from_memory(cells: Cells) -> Iterator[Note]:
    fitting = {(cell.input, cell.memory_mbytes) for cell in cells.values() if cell.is_fitting}
    for cell in cells.values():
        run = _missed_run(cell)
        if cell.is_fitting or cell.verdict is Verdict.TIGHT:
            continue
        if any(index == cell.input and size < cell.memory_mbytes for index, size in fitting):
            yield Note(
                f"Run {run} did not fit at {cell.memory_mbytes} MB ({cell.verdict}), although less memory was enough"
                " for other runs. The Actor does not always succeed: repeat each size to get a more reliable result.",
                run,
            )
        elif fitting and cell.verdict is Verdict.FAILED and _is_far_below(cell):
            yield Note(
                f"Run {run} failed at {cell.memory_mbytes} MB with a peak of only {megabytes(cell.peak_bytes or 0)}"
                ", so its memory is probably not the reason. See `greenroom explain`.",
                run,
            )


def _limits_of_measurements(plan: FitPlan, cells: Cells) -> Iterator[Note]:
    if any(cell.peak_bytes is None for cell in cells.values()):
        yield Note("The peak of some runs was not measured, so only their status decides about them.")
    if any(cell.is_peak_estimated for cell in cells.values()):
        yield Note("A peak with ~ is the highest sample. This engine counts no peaks, so a shorter one may be missing.")
    smallest = plan.sizes[0]
    if recommended_size(plan, cells) == smallest > MIN_MEMORY_MBYTES:
        yield Note(f"No size below {smallest} MB was tried. Try smaller sizes to find out whether less is enough.")


def _lack_of_cpu(plan: FitPlan, cells: Cells) -> Iterator[Note]:
    """Yield what the CPU share of the recommended size means: it is small, and the burst at the start hides that."""
    size = recommended_size(plan, cells)
    own = [cell for (_, each), cell in cells.items() if each == size]
    if size is None or size >= MBYTES_PER_CORE:
        return
    share = f"{size / MBYTES_PER_CORE:g} cores"
    if all(cell.secs <= BURST_SECS + START_SECS for cell in own):
        yield Note(
            f"The runs at {size} MB ended within about {BURST_SECS:.0f} s, in which they have a whole core. Longer"
            f" runs get {share} after that: measure with an input as large as in production."
        )
    elif plan.strategy is Strategy.SMALLEST and _is_throttled(own):
        yield Note(
            f"With {size} MB, the Actor has {share} and often waits for CPU time. The strategies `balanced` and"
            " `fastest` compare the time and cost of larger sizes."
        )


def _is_throttled(cells: list[Cell]) -> bool:
    return any((cell.throttled_share or 0) >= MUCH_THROTTLED for cell in cells)


def _limits_of_times(cells: Cells, host_cores: int) -> Iterator[Note]:
    if any(cell.is_disturbed for cell in cells.values()):
        yield Note(
            "A time with ~ is too long: the machine was busy, so the runs may not have got their whole CPU share. For"
            " exact times, use an idle machine, and make one run at a time."
        )
    if max((cell.memory_mbytes for cell in cells.values()), default=0) > host_cores * MBYTES_PER_CORE:
        yield Note(
            f"This machine has {host_cores} cores, so Actors with more than {host_cores * MBYTES_PER_CORE} MB can be"
            " faster on the platform than here."
        )


def _is_far_below(cell: Cell) -> bool:
    return cell.peak_bytes is not None and cell.peak_bytes < FAR_BELOW * cell.memory_mbytes * MBYTE


def _missed_run(cell: Cell) -> str:
    return next((run.run_id for run in cell.runs if ending_of(run) is not Verdict.FITS), cell.runs[-1].run_id)
