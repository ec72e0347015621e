"""Actors as formulas: what a run at a size would measure, without a container."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from runtime.base.memory_sizes import ALL_SIZES
from runtime.base.records import FitPlan, Measurement, Trial
from runtime.base.sizes import MBYTE
from runtime.fits.measurements import cells_of
from runtime.fits.search import next_trials

USD_PER_UNIT = 0.2
MOST_RUNS = 500
"""No search needs as many."""


def a_measurement(**fields: Any) -> Measurement:
    given = {
        "run_id": "r1",
        "input": 0,
        "memory_mbytes": 512,
        "is_proof": False,
        "status": "SUCCEEDED",
        "exit_code": 0,
        "message": None,
        "secs": 10.0,
        "peak_bytes": 300.0 * MBYTE,
        "unreclaimable_bytes": None,
        "is_peak_cut": False,
        "is_peak_estimated": False,
        "oom_kills": 0,
        "disk_peak_bytes": 0,
        "throttled_share": 0.0,
        "compute_units": 0.001,
        "cost_usd": 0.0002,
        "is_disturbed": False,
    }
    return Measurement(**{**given, **fields})


@dataclass(frozen=True)
class ActorModel:
    """An Actor that needs `need_mbytes` for each input, and works for `cpu_secs` and waits for `idle_secs`.

    With more memory, it also leaves up to `garbage_mbytes` uncollected, and `cache_mbytes` of files in the page cache.
    Peaks vary by the share `noise`. Below `starves_below` megabytes it fails for another reason. Every run fails with
    the probability `flakiness`.
    """

    need_mbytes: tuple[float, ...] = (300.0,)
    garbage_mbytes: float = 0.0
    cache_mbytes: float = 0.0
    cpu_secs: float = 1.0
    idle_secs: float = 0.0
    noise: float = 0.0
    starves_below: int = 0
    flakiness: float = 0.0
    is_measured: bool = True

    def run(self, trial: Trial, number: int) -> Measurement:
        chance = random.Random(f"{trial} {number}")
        size, need = trial.memory_mbytes, self.need_mbytes[trial.input]
        wanted = (need + min(self.garbage_mbytes, max(0.0, size - need) / 2)) * (1 - self.noise * chance.random())
        is_over = wanted >= size
        fails = is_over or size < self.starves_below or chance.random() < self.flakiness
        secs = self.idle_secs + self.cpu_secs / (size / 4096)
        units = size / 1024 * secs / 3600
        return a_measurement(
            run_id=f"r{number}",
            input=trial.input,
            memory_mbytes=size,
            is_proof=trial.is_proof,
            status="FAILED" if fails else "SUCCEEDED",
            exit_code=137 if is_over else int(fails),
            secs=secs,
            peak_bytes=min(wanted + self.cache_mbytes, size) * MBYTE if self.is_measured else None,
            unreclaimable_bytes=min(wanted, size) * MBYTE if self.is_measured else None,
            is_peak_cut=wanted + self.cache_mbytes >= size and self.is_measured,
            oom_kills=int(is_over) if self.is_measured else None,
            compute_units=units,
            cost_usd=units * USD_PER_UNIT,
        )


def a_plan(**fields: Any) -> FitPlan:
    return FitPlan(**{"sizes": ALL_SIZES, "inputs": 1, "first": 1024, **fields})


def measure(plan: FitPlan, run: Callable[[Trial, int], Measurement], batch: int = 1) -> list[Measurement]:
    """Run the whole search, `batch` runs at a time."""
    measured: list[Measurement] = []
    while trials := next_trials(plan, cells_of(measured)):
        measured += [run(trial, len(measured) + index) for index, trial in enumerate(trials[:batch])]
        assert len(measured) < MOST_RUNS
    return measured


def sizes_of(measured: list[Measurement]) -> list[int]:
    return [run.memory_mbytes for run in measured]
