"""The eight statuses of a job (a run or a build), the allowed transitions, and the status after the process exits.

Source: the status table of "Running an Actor", which applies to runs and builds.
"""

from __future__ import annotations

from enum import StrEnum


class JobStatus(StrEnum):
    READY = "READY"  # -> RUNNING, or FAILED | ABORTING if it never starts
    RUNNING = "RUNNING"  # -> SUCCEEDED | FAILED | TIMING-OUT | ABORTING
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    TIMING_OUT = "TIMING-OUT"  # -> TIMED-OUT | ABORTING
    TIMED_OUT = "TIMED-OUT"
    ABORTING = "ABORTING"  # -> ABORTED
    ABORTED = "ABORTED"

    @property
    def is_terminal(self) -> bool:
        return self in TERMINAL


TERMINAL = frozenset({JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.TIMED_OUT, JobStatus.ABORTED})

MOVES: dict[JobStatus, frozenset[JobStatus]] = {
    JobStatus.READY: frozenset({JobStatus.RUNNING, JobStatus.FAILED, JobStatus.ABORTING}),
    JobStatus.RUNNING: frozenset(
        {JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.TIMING_OUT, JobStatus.ABORTING},
    ),
    JobStatus.TIMING_OUT: frozenset({JobStatus.TIMED_OUT, JobStatus.ABORTING}),
    JobStatus.ABORTING: frozenset({JobStatus.ABORTED}),
}


def may_move(now: JobStatus, to: JobStatus) -> bool:
    """Return whether the platform allows this transition."""
    return to in MOVES.get(now, frozenset())


def terminal_status(now: JobStatus, exit_code: int | None) -> JobStatus:
    """Return the terminal status of a job whose process ended while the job had the status `now`.

    An abort or timeout takes precedence over the exit code: an aborted Actor that exits with 0 is ABORTED.
    `exit_code` is None if the process never ran or disappeared.
    """
    if now is JobStatus.ABORTING:
        return JobStatus.ABORTED
    if now is JobStatus.TIMING_OUT:
        return JobStatus.TIMED_OUT
    return JobStatus.SUCCEEDED if exit_code == 0 else JobStatus.FAILED
