from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.base.lifecycle import TERMINAL, JobStatus, may_move, terminal_status

S = JobStatus

ALLOWED = {
    (S.READY, S.RUNNING),
    (S.READY, S.FAILED),
    (S.READY, S.ABORTING),
    (S.RUNNING, S.SUCCEEDED),
    (S.RUNNING, S.FAILED),
    (S.RUNNING, S.TIMING_OUT),
    (S.RUNNING, S.ABORTING),
    (S.TIMING_OUT, S.TIMED_OUT),
    (S.TIMING_OUT, S.ABORTING),
    (S.ABORTING, S.ABORTED),
}


@pytest.mark.parametrize("to", list(S))
@pytest.mark.parametrize("now", list(S))
def test_only_the_transitions_of_the_platforms_status_table_are_allowed(now: S, to: S) -> None:
    assert may_move(now, to) == ((now, to) in ALLOWED)


def test_the_statuses_have_the_platforms_spelling() -> None:
    assert {str(status) for status in S} == {
        "READY",
        "RUNNING",
        "SUCCEEDED",
        "FAILED",
        "TIMING-OUT",
        "TIMED-OUT",
        "ABORTING",
        "ABORTED",
    }


@pytest.mark.parametrize("status", list(S))
def test_a_status_without_transitions_is_terminal(status: S) -> None:
    assert status.is_terminal == (not any(may_move(status, to) for to in S))


@pytest.mark.parametrize(
    ("now", "exit_code", "expected"),
    [
        (S.READY, None, S.FAILED),
        (S.RUNNING, 0, S.SUCCEEDED),
        (S.RUNNING, 1, S.FAILED),
        (S.RUNNING, 137, S.FAILED),
        (S.RUNNING, None, S.FAILED),
        (S.TIMING_OUT, 0, S.TIMED_OUT),
        (S.TIMING_OUT, 143, S.TIMED_OUT),
        (S.TIMING_OUT, None, S.TIMED_OUT),
        (S.ABORTING, 0, S.ABORTED),
        (S.ABORTING, 137, S.ABORTED),
        (S.ABORTING, None, S.ABORTED),
    ],
)
def test_an_abort_or_timeout_takes_precedence_over_the_exit_code(now: S, exit_code: int | None, expected: S) -> None:
    assert terminal_status(now, exit_code) is expected


@given(st.sampled_from(sorted(set(S) - TERMINAL)), st.none() | st.integers(0, 255))
def test_a_live_job_may_always_move_to_its_terminal_status(now: S, exit_code: int | None) -> None:
    # A job that is READY has no process, so it has no exit code either.
    end = terminal_status(now, None if now is S.READY else exit_code)
    assert end.is_terminal
    assert may_move(now, end)
