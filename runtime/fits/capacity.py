"""How many runs fit at the same time: the limits of the user and of this machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import psutil

from runtime.base.memory_sizes import ALL_SIZES
from runtime.base.records import Trial
from runtime.base.sizes import MBYTE
from runtime.fits.recommendation import BURST_SECS

TOLERANCE_CORES = 0.1
HOST_SHARE = 0.8
"""The part of the free memory of this machine that runs may use: an Actor may use up all of its own."""


@dataclass(frozen=True, slots=True)
class Capacity:
    """What is left for new runs: megabytes and number of the user's limit, and megabytes of this machine."""

    user_mbytes: int
    jobs: int
    host_mbytes: int

    @property
    def sizes(self) -> tuple[int, ...]:
        """The sizes that a single run can have."""
        return tuple(size for size in ALL_SIZES if size <= min(self.user_mbytes, self.host_mbytes))


def next_batch(trials: Sequence[Trial], capacity: Capacity, parallel: int, *, must_start: bool = True) -> list[Trial]:
    """Return the first trials that can run at the same time.

    With `must_start`, it is at least one, even if the capacity is too small for it. Then the server decides. Otherwise
    it can be none.
    """
    batch: list[Trial] = []
    free = min(capacity.user_mbytes, capacity.host_mbytes)
    for trial in trials[: max(1 if must_start else 0, min(parallel, capacity.jobs))]:
        free -= trial.memory_mbytes
        if free < 0 and (batch or not must_start):
            break
        batch.append(trial)
    return batch


class Host:
    """The processors and the memory of this machine."""

    def __init__(self) -> None:
        self.cores = psutil.cpu_count() or 1

    def free_mbytes(self) -> int:
        """Return the megabytes that new runs may use."""
        return int(HOST_SHARE * psutil.virtual_memory().available / MBYTE)

    def busy_secs(self) -> float:
        """Return the seconds in which the processors have worked, as a sum over all of them."""
        times = psutil.cpu_times()
        return float(times.user + times.system + times.nice + getattr(times, "irq", 0) + getattr(times, "softirq", 0))

    def disturbs(self, secs: float, granted_cores: float, others_secs: float) -> bool:
        """Return whether others, with `others_secs` of CPU time during a run, prevented it from getting its share."""
        if secs <= 0:
            return False
        burst = min(secs, BURST_SECS)
        wanted = min(self.cores, (burst * max(1.0, granted_cores) + (secs - burst) * granted_cores) / secs)
        return others_secs / secs > self.cores - wanted + TOLERANCE_CORES
