"""The bounds of a recommendation, and the notes about the measurements."""

from __future__ import annotations

from typing import Any

import pytest

from runtime.base.records import Strategy
from runtime.fits.measurements import cells_of
from runtime.fits.recommendation import advice_without_fit, describe, notes, recommend
from tests.runtime.fits.models import ActorModel, a_measurement, a_plan, measure


def notes_of(model: ActorModel, **plan: Any) -> str:
    wanted = a_plan(**plan)
    return " ".join(note.text for note in notes(wanted, cells_of(measure(wanted, model.run)), 2))


def test_the_bounds_are_the_smallest_need_and_room_for_larger_inputs() -> None:
    plan = a_plan(inputs=2)
    found = recommend(plan, cells_of(measure(plan, ActorModel((50.0, 300.0)).run)))
    assert found is not None
    assert (found.min_memory_mbytes, found.memory_mbytes, found.max_memory_mbytes) == (128, 512, 1024)
    assert found.is_proven and len(found.proofs) == 2
    assert "a headroom of 20 %, because inputs and runs vary, the Actor needs 360.0 MB" in describe(found)


def test_the_largest_useful_memory_is_the_fastest_one() -> None:
    plan = a_plan(strategy=Strategy.CHEAPEST, sweeps=True, sizes=(512, 1024, 2048, 4096))
    found = recommend(plan, cells_of(measure(plan, ActorModel(cpu_secs=10).run)))
    assert found is not None
    assert (found.memory_mbytes, found.max_memory_mbytes) == (512, 4096)


@pytest.mark.parametrize(
    ("model", "plan", "note"),
    [
        (ActorModel(is_measured=False), {}, "The peak of some runs was not measured"),
        (ActorModel(), {"sweeps": True, "sizes": (512, 1024)}, "No size below 512 MB was tried"),
        (ActorModel(), {"sweeps": True, "sizes": (512, 16_384)}, "This machine has 2 cores"),
        (ActorModel((50.0,), starves_below=2048), {}, "its memory is probably not the reason"),
        (ActorModel(idle_secs=2, cpu_secs=0), {}, "Longer runs get 0.125 cores"),
    ],
)
def test_what_limits_the_measurements_is_noted(model: ActorModel, plan: dict[str, Any], note: str) -> None:
    assert note in notes_of(model, **plan)


def test_a_steady_long_run_needs_no_note() -> None:
    assert notes_of(ActorModel(idle_secs=60)) == ""


def test_a_miss_above_a_size_that_fits_is_noted_with_its_run() -> None:
    failed = a_measurement(run_id="r9", memory_mbytes=1024, status="FAILED", exit_code=1)
    found = [*notes(a_plan(), cells_of([a_measurement(secs=60.0), failed]), 2)]
    assert [(note.run_id, "does not always succeed" in note.text) for note in found] == [("r9", True)]


def test_peaks_of_samples_are_noted() -> None:
    [note] = notes(a_plan(), cells_of([a_measurement(secs=60.0, is_peak_estimated=True)]), 2)
    assert "A peak with ~ is the highest sample" in note.text


def test_busy_machines_and_throttled_runs_are_noted() -> None:
    run = a_measurement(secs=60.0, is_disturbed=True, throttled_share=0.9)
    texts = [note.text for note in notes(a_plan(), cells_of([run]), 2)]
    assert ["often waits for CPU time" in texts[0], "the machine was busy" in texts[1]] == [True, True]


@pytest.mark.parametrize(
    ("run", "advice"),
    [
        ({"memory_mbytes": 1024, "oom_kills": 1}, "Try larger sizes"),
        ({"memory_mbytes": 32_768, "oom_kills": 1}, "Pass a smaller input"),
        ({"status": "FAILED", "exit_code": 1}, "The memory is not the reason"),
        ({"status": "TIMED-OUT"}, "Set a longer timeout"),
        ({"status": "ABORTED"}, "The run was aborted"),
    ],
)
def test_without_a_size_that_fits_there_is_advice(run: dict[str, Any], advice: str) -> None:
    found = advice_without_fit(cells_of([a_measurement(run_id="r7", **run)]))
    assert (found.run_id, advice in found.text, "greenroom explain r7" in found.text) == ("r7", True, True)
