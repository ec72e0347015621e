"""What a run, and several equal runs, show about their size."""

from __future__ import annotations

from typing import Any

import pytest

from runtime.base.sizes import MBYTE
from runtime.fits.measurements import Cell, Verdict, cells_of
from tests.runtime.fits.models import a_measurement


def a_cell(*runs: dict[str, Any]) -> Cell:
    [cell] = cells_of(a_measurement(**run) for run in runs).values()
    return cell


def peak(mbytes: float) -> dict[str, Any]:
    return {"peak_bytes": mbytes * MBYTE}


@pytest.mark.parametrize(
    ("run", "verdict"),
    [
        (peak(426), Verdict.FITS),
        (peak(427), Verdict.TIGHT),
        ({"peak_bytes": None}, Verdict.FITS),
        ({**peak(500), "is_peak_cut": True}, Verdict.TIGHT),  # the kernel reclaimed what it could
        ({"oom_kills": 1}, Verdict.PROCESS_KILLED),
        ({"oom_kills": None}, Verdict.FITS),
        ({"status": "FAILED", "exit_code": 137, "oom_kills": 1, "is_peak_cut": True}, Verdict.OUT_OF_MEMORY),
        ({"status": "FAILED", "exit_code": 137, "oom_kills": None}, Verdict.OUT_OF_MEMORY),
        ({"status": "FAILED", "exit_code": 134}, Verdict.OUT_OF_MEMORY),  # the heap of V8
        ({"status": "FAILED", "exit_code": 1, "oom_kills": 1}, Verdict.OUT_OF_MEMORY),  # a child process was killed
        ({"status": "FAILED", "exit_code": 1}, Verdict.FAILED),
        ({"status": "FAILED", "exit_code": 1, "disk_peak_bytes": 1000 * MBYTE}, Verdict.DISK_FULL),
        ({"status": "TIMED-OUT", "exit_code": 137}, Verdict.TIMED_OUT),
        ({"status": "TIMED-OUT", "oom_kills": 1}, Verdict.OUT_OF_MEMORY),
        ({"status": "ABORTED", "exit_code": 137}, Verdict.ABORTED),
        ({**peak(10), "disk_peak_bytes": 1000 * MBYTE}, Verdict.TIGHT),  # of 1024 MB
    ],
)
def test_the_verdict_of_a_run(run: dict[str, Any], verdict: Verdict) -> None:
    assert a_cell(run).verdict is verdict


def test_success_with_half_of_the_memory_is_headroom_too() -> None:
    half = a_measurement(memory_mbytes=256, is_peak_cut=True)
    for peak_mbytes, is_cut in ((500, False), (512, True)):
        whole = a_measurement(memory_mbytes=512, is_peak_cut=is_cut, **peak(peak_mbytes))
        verdicts = [cell.verdict for cell in cells_of([whole, half]).values()]
        assert verdicts == [Verdict.TIGHT, Verdict.FITS]
    killed = a_measurement(memory_mbytes=256, oom_kills=1)
    assert [cell.verdict for cell in cells_of([whole, killed]).values()] == [Verdict.PROCESS_KILLED, Verdict.TIGHT]


def test_one_miss_among_equal_runs_decides() -> None:
    assert a_cell({}, {"status": "FAILED", "exit_code": 1}, {}).verdict is Verdict.FAILED


def test_the_headroom_follows_the_spread_of_equal_runs() -> None:
    steady, varying = a_cell(peak(300), peak(290)), a_cell(peak(300), peak(180))
    assert (steady.headroom, steady.verdict) == (0.2, Verdict.FITS)
    assert (varying.headroom, round(varying.needed_mbytes)) == (0.4, 420)
    assert a_cell(peak(380), peak(200)).verdict is Verdict.TIGHT


def test_disturbed_runs_do_not_count_for_the_time_if_there_are_others() -> None:
    disturbed, exact = {"secs": 30.0, "is_disturbed": True}, {"secs": 10.0}
    assert (a_cell(disturbed, exact).secs, a_cell(disturbed, exact).is_disturbed) == (10.0, False)
    assert (a_cell(disturbed).secs, a_cell(disturbed).is_disturbed) == (30.0, True)
