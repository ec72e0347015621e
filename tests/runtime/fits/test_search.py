"""The search over models of Actors: what it recommends, and how many runs it needs."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.base.memory_sizes import ALL_SIZES
from runtime.base.records import FitPlan, Measurement, Strategy
from runtime.fits.measurements import HEADROOM, Verdict, cells_of
from runtime.fits.search import is_proven, recommended_size
from tests.examples import examples
from tests.runtime.fits.models import ActorModel, a_plan, measure, sizes_of

NEEDS = st.floats(5, 40_000)


def recommended(plan: FitPlan, measured: list[Measurement]) -> int | None:
    return recommended_size(plan, cells_of(measured))


def smallest_that_holds(mbytes: float) -> int | None:
    return next((size for size in ALL_SIZES if size >= mbytes * (1 + HEADROOM)), None)


@settings(max_examples=examples(40))
@given(need=NEEDS, first=st.sampled_from(ALL_SIZES), repeat=st.integers(1, 3), batch=st.integers(1, 4))
def test_the_smallest_size_with_headroom_is_found_and_proven(need: float, first: int, repeat: int, batch: int) -> None:
    plan = a_plan(first=first, repeat=repeat)
    measured = measure(plan, ActorModel((need,)).run, batch)
    size = recommended(plan, measured)
    assert size == smallest_that_holds(need)
    assert size is None or is_proven(plan, cells_of(measured), size)
    assert len(set(sizes_of(measured))) <= len(ALL_SIZES)


@settings(max_examples=examples(60))
@given(
    model=st.builds(
        ActorModel,
        need_mbytes=st.lists(NEEDS, min_size=1, max_size=3).map(tuple),
        garbage_mbytes=st.floats(0, 4000),
        cache_mbytes=st.sampled_from((0.0, 1000.0)),
        noise=st.floats(0, 0.2),
        starves_below=st.sampled_from((0, 512, 4096)),
        flakiness=st.sampled_from((0.0, 0.3)),
        is_measured=st.booleans(),
    ),
    strategy=st.sampled_from(Strategy),
    repeat=st.integers(1, 3),
    sweeps=st.booleans(),
    batch=st.integers(1, 4),
)
def test_no_recommendation_is_a_size_at_which_a_run_missed(
    model: ActorModel, strategy: Strategy, repeat: int, sweeps: bool, batch: int
) -> None:
    plan = a_plan(inputs=len(model.need_mbytes), strategy=strategy, repeat=repeat, sweeps=sweeps)
    cells = cells_of(measure(plan, model.run, batch))
    size = recommended_size(plan, cells)
    if size is None:
        return
    assert is_proven(plan, cells, size)
    assert all(cells[index, size].verdict is Verdict.FITS for index in range(plan.inputs))
    assert size >= max(model.need_mbytes) * (1 - model.noise)


@settings(max_examples=examples(30))
@given(need=st.floats(20, 8000), garbage=st.floats(0, 4000), first=st.sampled_from(ALL_SIZES))
def test_garbage_does_not_count_as_need(need: float, garbage: float, first: int) -> None:
    """An Actor that collects its garbage late gets the smallest size that it succeeds at with headroom."""
    model, plan = ActorModel((need,), garbage_mbytes=garbage), a_plan(first=first)
    sweep = a_plan(sweeps=True)
    assert recommended(plan, measure(plan, model.run)) == recommended(sweep, measure(sweep, model.run))


@settings(max_examples=examples(40))
@given(need=st.floats(5, 12_000), cache=st.floats(0, 8000), first=st.sampled_from(ALL_SIZES))
def test_a_page_cache_does_not_count_as_need(need: float, cache: float, first: int) -> None:
    plan = a_plan(first=first)
    size, smallest = (
        recommended(plan, measure(plan, ActorModel((need,), cache_mbytes=cache).run)),
        smallest_that_holds(need),
    )
    assert size is not None and smallest is not None
    assert smallest <= size <= 2 * smallest


@pytest.mark.parametrize(
    ("model", "tried"),
    [
        (ActorModel((300.0,)), [1024, 512, 256, 512]),  # the last run is the proof
        (ActorModel((2500.0,)), [1024, 2048, 4096, 4096]),
        (ActorModel((10.0,)), [1024, 128, 128]),
        (ActorModel((230.0,)), [1024, 512, 256, 512]),  # 256 MB would leave too little headroom
        (ActorModel((100.0,), starves_below=4096), [1024, 32_768, 8192, 4096, 2048, 4096]),
        (ActorModel((20.0,), cache_mbytes=500.0), [1024, 512, 256, 128, 256]),
        (ActorModel((300.0,), cache_mbytes=500.0), [1024, 512, 256, 1024]),
        (ActorModel((1e6,)), [1024, 2048, 4096, 8192, 16_384, 32_768]),
        (ActorModel((10.0,), flakiness=1.0), [1024, 32_768]),
        (ActorModel((300.0,), is_measured=False), [1024, 256, 512, 512]),
    ],
)
def test_which_sizes_are_tried(model: ActorModel, tried: list[int]) -> None:
    assert sizes_of(measure(a_plan(), model.run))[: len(tried)] == tried


def test_a_miss_ends_the_repetitions_at_its_size() -> None:
    measured = measure(a_plan(repeat=3), ActorModel().run)
    assert sizes_of(measured) == [1024] * 3 + [512] * 3 + [256] + [512]


def test_a_sweep_runs_at_every_size() -> None:
    plan = a_plan(sizes=(256, 512, 2048), sweeps=True, repeat=2)
    measured = measure(plan, ActorModel().run)
    assert (sizes_of(measured), recommended(plan, measured)) == ([256, 512, 512, 2048, 2048, 512], 512)


@pytest.mark.parametrize(
    ("strategy", "model", "size"),
    [
        # It only waits: more memory costs more and saves no time.
        *((strategy, ActorModel(cpu_secs=0, idle_secs=10), 512) for strategy in Strategy),
        # It only computes: each size costs the same.
        (Strategy.CHEAPEST, ActorModel(cpu_secs=10), 512),
        (Strategy.FASTEST, ActorModel(cpu_secs=10), 32_768),
        (Strategy.BALANCED, ActorModel(cpu_secs=10), 32_768),
        # It computes for 8 s at 512 MB and waits for 2 s.
        (Strategy.CHEAPEST, ActorModel(cpu_secs=1, idle_secs=2), 512),
        (Strategy.BALANCED, ActorModel(cpu_secs=1, idle_secs=2), 2048),
        (Strategy.FASTEST, ActorModel(cpu_secs=1, idle_secs=3), 16_384),
    ],
)
def test_what_each_strategy_recommends(strategy: Strategy, model: ActorModel, size: int) -> None:
    plan = a_plan(strategy=strategy)
    assert recommended(plan, measure(plan, model.run)) == size


def test_a_failed_proof_excludes_its_size() -> None:
    model, plan = ActorModel((400.0,)), a_plan()

    def run(trial: Any, number: int) -> Measurement:
        needed = ActorModel((480.0,)) if trial.is_proof and trial.memory_mbytes == 512 else model
        return needed.run(trial, number)

    measured = measure(plan, run)
    assert [(one.memory_mbytes, one.is_proof) for one in measured][-2:] == [(512, True), (1024, True)]
    assert recommended(plan, measured) == 1024


def test_each_input_has_its_own_search_and_all_are_proven_at_the_same_size() -> None:
    plan = a_plan(inputs=2, first=512)
    measured = measure(plan, ActorModel((50.0, 700.0)).run)
    own = {index: [one.memory_mbytes for one in measured if one.input == index] for index in range(2)}
    assert own == {0: [512, 128, 1024], 1: [512, 1024, 1024]}
    assert recommended(plan, measured) == 1024
