"""Which runs to make next, from the results of those before: sizes to try, then the proof of the recommendation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from runtime.base.records import FitPlan, Strategy, Trial
from runtime.fits.measurements import FOR_LACK_OF_MEMORY, Cell, Cells, Verdict

TOLERANCE = 0.05
"""Sizes whose time or cost differ less than this are equal, because two equal runs differ by about as much."""


def next_trials(plan: FitPlan, cells: Cells) -> list[Trial]:
    """Return the runs that can be made now, in order; none if everything is known."""
    return _searching(plan, cells) or _comparing(plan, cells) or _proving(plan, cells)


def recommended_size(plan: FitPlan, cells: Cells) -> int | None:
    """Return the size that the strategy selects, or None if no size fits every input.

    It is never a size at which a run missed, and never one below a size that an input needs.
    """
    fitting = _fitting_sizes(plan, cells)
    if not fitting or plan.strategy is Strategy.SMALLEST:
        return fitting[0] if fitting else None
    compared = {size: score(plan, cells, size) for size in fitting if _is_complete(plan, cells, size)}
    if not compared:
        return fitting[0]
    limit = min(compared.values()) * (1 + TOLERANCE)
    return next(size for size, value in compared.items() if value <= limit)


def is_proven(plan: FitPlan, cells: Cells, size: int) -> bool:
    """Return whether a fresh run of every input has shown that the size fits."""
    return not _unproven(plan, cells, size)


def score(plan: FitPlan, cells: Cells, size: int) -> float:
    """Return what the strategy minimizes: seconds, dollars, or their product, as a sum over all inputs."""
    own = [cells[index, size] for index in range(plan.inputs)]
    secs, usd = sum(cell.secs for cell in own), sum(cell.cost_usd for cell in own)
    match plan.strategy:
        case Strategy.FASTEST:
            return secs
        case Strategy.CHEAPEST:
            return usd
        case Strategy.BALANCED:
            return secs * usd
        case Strategy.SMALLEST:
            return size


def smallest_fit(plan: FitPlan, cells: Cells, input_index: int) -> int | None:
    """Return the smallest size that fits an input, as far as it was measured."""
    return next((size for size in plan.sizes if _verdict(cells, input_index, size) is Verdict.FITS), None)


def _searching(plan: FitPlan, cells: Cells) -> list[Trial]:
    if plan.sweeps:
        return [trial for size in plan.sizes for trial in _missing_at(plan, cells, size)]
    return [trial for index in range(plan.inputs) for trial in _bisecting(plan, cells, index)]


def _bisecting(plan: FitPlan, cells: Cells, input_index: int) -> list[Trial]:
    own = {size: cell for (index, size), cell in cells.items() if index == input_index}
    # A proof alone decides nothing that the search has not begun to measure.
    begun = (size for size, cell in own.items() if cell.count(is_proof=False))
    unfinished = [trial for size in begun for trial in _missing_runs(plan, cells, input_index, size)]
    if unfinished:
        return unfinished
    size = next_size(plan.sizes, list(own.values()), plan.first)
    return [] if size is None else _missing_runs(plan, cells, input_index, size)


def next_size(sizes: Sequence[int], tried: Sequence[Cell], first: int) -> int | None:
    """Return the size to try next for one input, or None if the smallest size that fits is known, or none fits.

    Below a size that fits, the next one is that which would hold its peak with headroom. Even if that is the size
    itself, the size below is tried: a runtime with garbage collection uses less if it gets less.
    """
    if not tried:
        return max((size for size in sizes if size <= first), default=sizes[0])
    if (below := _below_a_cache(sizes, tried)) is not None:
        return below
    fitting = min((cell for cell in tried if cell.verdict is Verdict.FITS), key=_size, default=None)
    misses = [cell for cell in tried if cell.verdict is not Verdict.FITS]
    if fitting is None:
        return _larger(sizes, max(misses, key=_size))
    floor = max((cell.memory_mbytes for cell in misses if cell.memory_mbytes < fitting.memory_mbytes), default=0)
    between = [size for size in sizes if floor < size < fitting.memory_mbytes]
    if not between or fitting.peak_bytes is None:
        return between[len(between) // 2] if between else None
    held = next((size for size in between if size >= fitting.needed_mbytes), between[-1])
    is_memory_enough = fitting.needed_mbytes <= floor
    return between[len(between) // 2] if is_memory_enough else held


def _below_a_cache(sizes: Sequence[int], tried: Sequence[Cell]) -> int | None:
    """Return the size below the smallest one tried, if that is tight because of a page cache.

    If the Actor succeeds with less, it did not need the cache.
    """
    smallest = min(tried, key=_size)
    smaller = [size for size in sizes if size < smallest.memory_mbytes]
    return smaller[-1] if smaller and smallest.may_be_tight_by_cache else None


def _larger(sizes: Sequence[int], miss: Cell) -> int | None:
    """Return the size to try after the largest one that missed.

    If its memory was not the reason, the largest size shows whether any helps.
    """
    larger = [size for size in sizes if size > miss.memory_mbytes]
    if not larger:
        return None
    if miss.verdict not in FOR_LACK_OF_MEMORY:
        return larger[-1]
    return next((size for size in larger if size >= miss.needed_mbytes), larger[-1])


def _comparing(plan: FitPlan, cells: Cells) -> list[Trial]:
    """Return runs at larger sizes, until more memory no longer improves what the strategy minimizes."""
    if plan.strategy is Strategy.SMALLEST or plan.sweeps:
        return []
    best: float | None = None
    for size in _fitting_sizes(plan, cells):
        if missing := _missing_at(plan, cells, size):
            return missing
        value = score(plan, cells, size)
        if best is not None and value > best * (1 - TOLERANCE):
            return []
        best = value
    return []


def _proving(plan: FitPlan, cells: Cells) -> list[Trial]:
    size = recommended_size(plan, cells)
    return [] if size is None else [Trial(index, size, True) for index in _unproven(plan, cells, size)]


def _unproven(plan: FitPlan, cells: Cells, size: int) -> list[int]:
    proven = {index for (index, each), cell in cells.items() if each == size and cell.count(is_proof=True)}
    return [index for index in range(plan.inputs) if index not in proven]


def _missing_at(plan: FitPlan, cells: Cells, size: int) -> list[Trial]:
    return [trial for index in range(plan.inputs) for trial in _missing_runs(plan, cells, index, size)]


def _missing_runs(plan: FitPlan, cells: Cells, input_index: int, size: int) -> list[Trial]:
    """Return the runs that are left to make at a size. A miss decides about it, so none follows."""
    cell = cells.get((input_index, size))
    if cell is not None and cell.verdict is not Verdict.FITS:
        return []
    made = 0 if cell is None else cell.count(is_proof=False)
    return [Trial(input_index, size)] * (plan.repeat - made)


def _fitting_sizes(plan: FitPlan, cells: Cells) -> list[int]:
    """Return the sizes from the largest need of an input on, without those at which a run missed."""
    smallest = [smallest_fit(plan, cells, index) for index in range(plan.inputs)]
    needs = [size for size in smallest if size is not None]
    if len(needs) < plan.inputs:
        return []
    return [size for size in plan.sizes if size >= max(needs) and all(_is_free_of_misses(plan, cells, size))]


def _is_free_of_misses(plan: FitPlan, cells: Cells, size: int) -> Iterator[bool]:
    return (_verdict(cells, index, size) in (Verdict.FITS, None) for index in range(plan.inputs))


def _is_complete(plan: FitPlan, cells: Cells, size: int) -> bool:
    return all((index, size) in cells for index in range(plan.inputs))


def _verdict(cells: Cells, input_index: int, size: int) -> Verdict | None:
    cell = cells.get((input_index, size))
    return None if cell is None else cell.verdict


def _size(cell: Cell) -> int:
    return cell.memory_mbytes
