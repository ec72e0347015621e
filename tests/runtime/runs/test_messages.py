from __future__ import annotations

from typing import Any

import pytest

from runtime.base.lifecycle import JobStatus
from runtime.containers import ContainerState, DiskEnforcement
from runtime.runs import messages
from tests.fakes.records import a_run, an_engine, options

MBYTE = 1024 * 1024


def exited(exit_code: int = 0, **fields: Any) -> ContainerState:
    return ContainerState(running=False, started_at=1, finished_at=2, exit_code=exit_code, **fields)


@pytest.mark.parametrize(
    ("exit_code", "oom_killed", "is_end"),
    [(137, True, True), (137, False, False), (0, True, False), (1, True, False), (0, False, False)],
)
def test_an_oom_end_needs_both_the_engines_flag_and_the_exit_code_of_sigkill(
    exit_code: int, oom_killed: bool, is_end: bool
) -> None:
    assert messages.is_oom_end(exited(exit_code, oom_killed=oom_killed)) is is_end


@pytest.mark.parametrize(
    ("status", "state", "run", "message"),
    [
        (JobStatus.SUCCEEDED, exited(0), {}, "Actor finished with exit code 0."),
        (JobStatus.FAILED, exited(91), {}, "Actor finished with exit code 91."),
        (JobStatus.FAILED, exited(137), {}, "Actor finished with exit code 137."),
        (JobStatus.ABORTED, exited(0), {}, "Actor was aborted."),
        (JobStatus.ABORTED, None, {}, "Actor was aborted."),
        (
            JobStatus.TIMED_OUT,
            exited(143),
            {"options": options(timeout_secs=60)},
            "Actor timed out after 60 seconds. Set a longer timeout, or 0 for no timeout.",
        ),
        (JobStatus.FAILED, None, {}, messages.VANISHED),
        (JobStatus.FAILED, exited(137), {"stopped_because": "Too much."}, "Too much."),
        (
            JobStatus.FAILED,
            exited(137, oom_killed=True),
            {"options": options(memory_mbytes=256)},
            "Actor was killed because it exceeded its memory limit of 256 MB. "
            "Run it with more memory, for example 512 MB.",
        ),
        (
            JobStatus.FAILED,
            exited(137, oom_killed=True),
            {"options": options(memory_mbytes=32_768)},
            "Actor was killed because it exceeded its memory limit of 32768 MB. "
            "It already had the largest memory size.",
        ),
    ],
)
def test_the_message_at_the_end_names_the_cause(
    status: JobStatus, state: ContainerState | None, run: dict[str, Any], message: str
) -> None:
    exit_code = None if state is None else state.exit_code
    assert (messages.explanation(a_run(**run), status, state) or messages.plain(status, exit_code)) == message


@pytest.mark.parametrize(
    ("status", "state"),
    [(JobStatus.SUCCEEDED, exited(0)), (JobStatus.FAILED, exited(91)), (JobStatus.ABORTED, exited(0))],
)
def test_an_exit_code_or_an_abort_explains_itself(status: JobStatus, state: ContainerState) -> None:
    assert messages.explanation(a_run(), status, state) is None


HEAP_ERROR = "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory"


def test_the_message_distinguishes_the_heap_limit_of_v8_from_the_memory_limit() -> None:
    run = a_run(options=options(memory_mbytes=1024))
    message = messages.explanation(run, JobStatus.FAILED, exited(134), ["<--- Last few GCs --->", HEAP_ERROR, "1: 0xe"])
    assert message is not None and "V8's own limit, not the run's memory limit of 1024 MB" in message
    assert "--max-old-space-size" in message and "for example 2048 MB" in message


@pytest.mark.parametrize(
    ("state", "errors"),
    [
        (exited(1), [HEAP_ERROR]),
        (exited(137), [HEAP_ERROR]),
        (exited(134), []),
        (exited(134), ["Assertion failed"]),
        (exited(134), [f"A child printed: {HEAP_ERROR}"]),
    ],
)
def test_neither_the_error_text_of_v8_nor_its_exit_code_alone_means_the_heap_limit(
    state: ContainerState, errors: list[str]
) -> None:
    assert messages.explanation(a_run(), JobStatus.FAILED, state, errors) is None


def test_the_message_about_a_full_disk_has_the_limit_the_usage_and_the_next_step() -> None:
    run = a_run(options=options(memory_mbytes=256, disk_mbytes=512))
    message = messages.disk_full(run, 600 * MBYTE)
    assert "disk limit of 512 MB" in message
    assert "600 MB" in message
    assert "512 MB" in message.rpartition("for example")[2]


def lines(burst_secs: float = 10, disk: DiskEnforcement = DiskEnforcement.HARD, **fields: Any) -> list[str]:
    return list(messages.limits_lines(a_run(options=options(**fields)), an_engine(disk=disk), burst_secs))


def test_the_log_mentions_the_requested_memory_only_if_it_was_rounded() -> None:
    assert len(lines(memory_mbytes=512, requested_mbytes=512.0)) == 1
    rounded = lines(memory_mbytes=512, requested_mbytes=300)
    assert len(rounded) == 2
    assert "memory of 300 MB was rounded to 512 MB" in rounded[0]


@pytest.mark.parametrize(
    ("memory", "burst_secs", "text"),
    [
        (1024, 10, "0.25 CPU cores (1 for the first 10 s)"),
        (1024, 0, "0.25 CPU cores, "),
        (4096, 10, "1 CPU cores, "),
        (8192, 10, "2 CPU cores, "),
    ],
)
def test_the_log_mentions_the_burst_only_if_there_is_one(memory: int, burst_secs: float, text: str) -> None:
    assert text in lines(burst_secs, memory_mbytes=memory, requested_mbytes=memory)[-1]


def test_the_log_describes_how_the_disk_limit_is_enforced() -> None:
    last_lines = {disk: lines(disk=disk)[-1] for disk in DiskEnforcement}
    assert len(set(last_lines.values())) == len(DiskEnforcement)
    assert "not enforced" in last_lines[DiskEnforcement.NONE]


def test_the_message_about_an_internal_error_names_greenroom() -> None:
    assert "Greenroom could not continue this run" in messages.supervisor_failed(RuntimeError("odd"))
    assert "RuntimeError: odd" in messages.supervisor_failed(RuntimeError("odd"))
