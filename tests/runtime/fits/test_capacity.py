"""How many runs are made at the same time, and which of them got less CPU time than they were granted."""

from __future__ import annotations

import pytest

from runtime.base.records import Trial
from runtime.fits.capacity import Capacity, Host, next_batch

TRIALS = [Trial(0, size) for size in (1024, 512, 2048, 256)]


@pytest.mark.parametrize(
    ("capacity", "parallel", "count"),
    [
        (Capacity(8192, 8, 8192), 1, 1),
        (Capacity(8192, 8, 8192), 9, 4),
        (Capacity(8192, 2, 8192), 9, 2),
        (Capacity(2000, 8, 8192), 9, 2),
        (Capacity(8192, 8, 2000), 9, 2),
        (Capacity(0, 0, 0), 9, 1),  # the server decides
    ],
)
def test_a_batch_fits_into_the_free_memory(capacity: Capacity, parallel: int, count: int) -> None:
    assert next_batch(TRIALS, capacity, parallel) == TRIALS[:count]


def test_a_fit_waits_for_the_memory_of_another_one() -> None:
    assert next_batch(TRIALS, Capacity(8192, 8, 1000), 4, must_start=False) == []
    assert next_batch(TRIALS, Capacity(8192, 8, 1600), 4, must_start=False) == TRIALS[:2]
    assert next_batch(TRIALS, Capacity(8192, 0, 8192), 4, must_start=False) == []


def test_the_possible_sizes_are_those_of_the_smaller_limit() -> None:
    assert Capacity(1000, 8, 4096).sizes == Capacity(4096, 8, 1000).sizes == (128, 256, 512)


@pytest.mark.parametrize(
    ("granted", "secs", "others_secs", "is_disturbed"),
    [
        (0.25, 100, 10, False),
        (0.25, 100, 150, False),  # of 200 s; the run may use 32
        (0.25, 100, 190, True),
        (2.0, 100, 5, False),
        (2.0, 100, 30, True),
        (0.25, 5, 4, False),  # the run may use one of two cores
        (0.25, 5, 7, True),
        (4.0, 10, 0.5, False),  # nobody gets more cores than the machine has
        (0.25, 0, 5, False),
    ],
)
def test_a_run_is_disturbed_if_others_used_its_share(
    granted: float, secs: float, others_secs: float, is_disturbed: bool
) -> None:
    host = Host()
    host.cores = 2
    assert host.disturbs(secs, granted, others_secs) is is_disturbed
