from __future__ import annotations

from typing import Any

import pytest

from runtime.base.lifecycle import JobStatus
from runtime.containers import ContainerState, DiskEnforcement
from runtime.runs import messages
from tests.fakes.records import a_run, an_engine, options

MBYTE = 1024 * 1024


def ended(exit_code: int = 0, **fields: Any) -> ContainerState:
    return ContainerState(running=False, started_at=1, finished_at=2, exit_code=exit_code, **fields)


@pytest.mark.parametrize(
    ("exit_code", "oom_killed", "is_end"),
    [(137, True, True), (137, False, False), (0, True, False), (1, True, False), (0, False, False)],
)
def test_an_end_by_oom_has_the_engines_flag_and_the_exit_code_of_sigkill(
    exit_code: int, oom_killed: bool, is_end: bool
) -> None:
    assert messages.is_oom_end(ended(exit_code, oom_killed=oom_killed)) is is_end


@pytest.mark.parametrize(
    ("status", "state", "run", "message"),
    [
        (JobStatus.SUCCEEDED, ended(0), {}, "Actor finished with exit code 0."),
        (JobStatus.FAILED, ended(91), {}, "Actor finished with exit code 91."),
        (JobStatus.FAILED, ended(137), {}, "Actor finished with exit code 137."),
        (JobStatus.ABORTED, ended(0), {}, "Actor was aborted."),
        (JobStatus.ABORTED, None, {}, "Actor was aborted."),
        (
            JobStatus.TIMED_OUT,
            ended(143),
            {"options": options(timeout_secs=60)},
            "Actor timed out after 60 seconds. Set a longer timeout, or 0 for no timeout.",
        ),
        (JobStatus.FAILED, None, {}, messages.VANISHED),
        (JobStatus.FAILED, ended(137), {"stopped_because": "Too much."}, "Too much."),
        (
            JobStatus.FAILED,
            ended(137, oom_killed=True),
            {"options": options(memory_mbytes=256)},
            "Actor was killed because it exceeded its memory limit of 256 MB. "
            "Run it with more memory, for example 512 MB.",
        ),
        (
            JobStatus.FAILED,
            ended(137, oom_killed=True),
            {"options": options(memory_mbytes=32_768)},
            "Actor was killed because it exceeded its memory limit of 32768 MB. "
            "It already had the largest memory size.",
        ),
    ],
)
def test_the_message_at_the_end_names_the_cause(
    status: JobStatus, state: ContainerState | None, run: dict[str, Any], message: str
) -> None:
    assert messages.finished(a_run(**run), status, state) == message


HEAP_ERROR = "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory"


def test_the_limit_of_v8s_own_heap_is_told_from_the_runs_memory_limit() -> None:
    run = a_run(options=options(memory_mbytes=1024))
    message = messages.finished(run, JobStatus.FAILED, ended(134), ["<--- Last few GCs --->", HEAP_ERROR, "1: 0xe"])
    assert "V8's own limit, not the run's memory limit of 1024 MB" in message
    assert "--max-old-space-size" in message and "for example 2048 MB" in message


@pytest.mark.parametrize(
    ("state", "errors"),
    [
        (ended(1), [HEAP_ERROR]),
        (ended(137), [HEAP_ERROR]),
        (ended(134), []),
        (ended(134), ["Assertion failed"]),
        (ended(134), [f"A child said: {HEAP_ERROR}"]),
    ],
)
def test_v8s_words_alone_or_an_abort_alone_are_not_its_heap_limit(state: ContainerState, errors: list[str]) -> None:
    message = messages.finished(a_run(), JobStatus.FAILED, state, errors)
    assert message == f"Actor finished with exit code {state.exit_code}."


def test_a_full_disk_is_told_with_limit_amount_and_way_out() -> None:
    run = a_run(options=options(memory_mbytes=256, disk_mbytes=512))
    message = messages.disk_full(run, 600 * MBYTE)
    assert "disk limit of 512 MB" in message
    assert "600 MB" in message
    assert "512 MB" in message.rpartition("for example")[2]


def lines(burst_secs: float = 10, disk: DiskEnforcement = DiskEnforcement.HARD, **given: Any) -> list[str]:
    return list(messages.limits_lines(a_run(options=options(**given)), an_engine(disk=disk), burst_secs))


def test_rounded_memory_is_told_and_exact_memory_is_not() -> None:
    assert len(lines(memory_mbytes=512, asked_mbytes=512.0)) == 1
    told = lines(memory_mbytes=512, asked_mbytes=300)
    assert len(told) == 2
    assert "memory of 300 MB was rounded to 512 MB" in told[0]


@pytest.mark.parametrize(
    ("memory", "burst_secs", "words"),
    [
        (1024, 10, "0.25 CPU cores (1 for the first 10 s)"),
        (1024, 0, "0.25 CPU cores, "),
        (4096, 10, "1 CPU cores, "),
        (8192, 10, "2 CPU cores, "),
    ],
)
def test_the_burst_is_told_where_there_is_one(memory: int, burst_secs: float, words: str) -> None:
    assert words in lines(burst_secs, memory_mbytes=memory, asked_mbytes=memory)[-1]


def test_each_kind_of_disk_limit_has_words_of_its_own_and_none_claims_nothing() -> None:
    told = {disk: lines(disk=disk)[-1] for disk in DiskEnforcement}
    assert len(set(told.values())) == len(DiskEnforcement)
    assert "not enforced" in told[DiskEnforcement.NONE]


def test_our_own_failure_is_not_blamed_on_the_actor() -> None:
    assert "Greenroom could not continue this run" in messages.supervisor_failed(RuntimeError("odd"))
    assert "RuntimeError: odd" in messages.supervisor_failed(RuntimeError("odd"))
