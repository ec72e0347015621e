"""How many runs fit at the same time: the limits of the user and of this machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import psutil

from cli.fit.options import ALL_SIZES
from cli.fit.recommendation import BURST_SECS
from cli.fit.search import Trial
from cli.terminal.sizes import MBYTE
from runtime.base.json_text import JsonDict

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


def capacity_of(limits: JsonDict) -> Capacity:
    """Return the capacity from the user's limits, as the API returns them."""
    most, used = limits["limits"], limits["current"]
    return Capacity(
        user_mbytes=int(1024 * (most["maxActorMemoryGbytes"] - used["actorMemoryGbytes"])),
        jobs=most["maxConcurrentActorJobs"] - used["activeActorJobCount"],
        host_mbytes=int(HOST_SHARE * psutil.virtual_memory().available / MBYTE),
    )


def next_batch(trials: Sequence[Trial], capacity: Capacity, parallel: int) -> list[Trial]:
    """Return the first trials that can run at the same time: at least one, even if the capacity is too small for it."""
    batch: list[Trial] = []
    free = min(capacity.user_mbytes, capacity.host_mbytes)
    for trial in trials[: max(1, min(parallel, capacity.jobs))]:
        free -= trial.memory_mbytes
        if batch and free < 0:
            break
        batch.append(trial)
    return batch


class HostLoad:
    """The CPU time that this machine has spent, to find out whether a run got its share."""

    def __init__(self) -> None:
        self.cores = psutil.cpu_count() or 1

    def busy_secs(self) -> float:
        """Return the seconds in which the processors have worked, as a sum over all of them."""
        times = psutil.cpu_times()
        return float(times.user + times.system + times.nice + getattr(times, "irq", 0) + getattr(times, "softirq", 0))

    def disturbs(self, report: JsonDict, others_secs: float) -> bool:
        """Return whether others, with `others_secs` of CPU time during the run, prevented it from getting its share."""
        secs = report["durationSecs"]
        if secs <= 0:
            return False
        granted = report["cpu"]["grantedCores"]
        burst = min(secs, BURST_SECS)
        wanted = min(self.cores, (burst * max(1.0, granted) + (secs - burst) * granted) / secs)
        return bool(others_secs / secs > self.cores - wanted + TOLERANCE_CORES)
