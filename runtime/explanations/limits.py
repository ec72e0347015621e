"""Causes that are limits of the run other than memory: time, cost and disk."""

from __future__ import annotations

import re
from collections.abc import Iterator

from runtime.base.lifecycle import JobStatus
from runtime.base.records import Run
from runtime.explanations.case import Case, log_evidence
from runtime.explanations.findings import Certainty, Evidence, Finding
from runtime.jobs.resource_limits import MBYTE
from runtime.jobs.stats import OVERLOADED
from runtime.runs import messages

NO_SPACE = re.compile(r"No space left on device|\bENOSPC\b|\bEDQUOT\b|Disk quota exceeded")
FILE_TOO_LARGE = re.compile(r"File too large|\bEFBIG\b|File size limit exceeded")
SHARED_MEMORY = re.compile(r"/dev/shm|[Ss]hared memory")
SHARED_MEMORY_FULL = (
    re.compile(f"(?:{SHARED_MEMORY.pattern}).*(?:{NO_SPACE.pattern})"),
    re.compile(f"(?:{NO_SPACE.pattern}).*(?:{SHARED_MEMORY.pattern})"),
)
QUIET_SHARE = 0.5
"""An Actor that logged nothing in this share of its time has probably waited for something."""
BUSY = 0.9
"""The share of the granted CPU above which a run is limited by its CPU."""
SIGBUS_EXIT_CODE = 135


def deadline(case: Case) -> Finding | None:
    """The run was stopped at its timeout."""
    if case.run.status not in (JobStatus.TIMING_OUT, JobStatus.TIMED_OUT):
        return None
    secs = case.run.options.timeout_secs
    stopping = "is being stopped" if case.is_live else "was stopped"
    return Finding(
        certainty=Certainty.CERTAIN,
        sentence=f"The run {stopping} because its timeout of {secs} seconds had passed.",
        evidence=(Evidence("status", case.run.status), case.exit_evidence()),
        advice="Set a longer timeout, or 0 for no timeout.",
        command=case.rerun("--timeout", str(2 * secs)),
    )


def little_cpu(case: Case) -> Finding | None:
    """The run that timed out used nearly all of its CPU share, so more memory would make it faster."""
    average, granted = case.run.stats.cpu_avg_usage, case.average_cpus
    if case.run.status is not JobStatus.TIMED_OUT or average is None or granted is None:
        return None
    if average < BUSY * granted * 100:
        return None
    return Finding(
        certainty=Certainty.CIRCUMSTANCE,
        sentence="The Actor used its whole CPU share, which grows with the memory.",
        evidence=case.cpu_evidence(),
        advice="Run it with more memory.",
        command=case.rerun_with_more_memory(),
    )


def silent_before_deadline(case: Case) -> Finding | None:
    """The run that timed out had logged nothing for a long time, and used little CPU."""
    run, last_at = case.run, case.output.last_at
    if run.status is not JobStatus.TIMED_OUT or last_at is None or run.finished_at is None:
        return None
    quiet = run.finished_at - last_at
    if quiet < QUIET_SHARE * run.options.timeout_secs * 1000:
        return None
    return Finding(
        certainty=Certainty.CIRCUMSTANCE,
        sentence=f"The Actor had logged nothing for {quiet / 1000:.0f} seconds when it was stopped. "
        "It may have waited for something.",
        evidence=(log_evidence(case.output.lines[-1]), Evidence("log", f"{quiet / 1000:.0f} s before the end")),
        command=case.show_log(),
    )


def max_cost(case: Case) -> Finding | None:
    """The run reached the maximum cost that its caller set."""
    run = case.run
    if not _is_at_max_cost(run) or run.status is JobStatus.FAILED:
        return None
    return Finding(
        certainty=Certainty.CIRCUMSTANCE if run.status is JobStatus.SUCCEEDED else Certainty.CERTAIN,
        sentence=f"The run reached its maximum cost of ${run.options.max_total_charge_usd:g}.",
        evidence=(Evidence("charged events", _charges(case) or "none"), Evidence("status", run.status)),
        advice="Resurrect the run with a higher maximum, or charge less.",
        command=case.resurrect(),
    )


def disk_limit(case: Case) -> Finding | None:
    """The run reached its disk limit: Greenroom stopped it, or a write failed."""
    run, written, failed_write = case.run, tuple(_disk_evidence(case)), _failed_write(case)
    if case.has_failed and run.stopped_because is not None and not _is_at_max_cost(run):
        certainty, evidence = Certainty.CERTAIN, (Evidence("Greenroom", run.stopped_because), *written)
    elif failed_write is not None and written and run.status is not JobStatus.SUCCEEDED:
        position, match = failed_write
        certainty, evidence = case.certainty_at(position), (log_evidence(match.string), *written)
    elif case.has_failed and messages.has_filled_disk(run):
        certainty, evidence = Certainty.LIKELY, (case.exit_evidence(), *written)
    else:
        return None
    return Finding(
        certainty=certainty,
        sentence=f"The Actor reached its disk limit of {run.options.disk_mbytes} MB, which is twice its memory.",
        evidence=evidence,
        advice="Run it with more memory, or write less.",
        command=case.rerun_with_more_memory(),
    )


def other_disk(case: Case) -> Finding | None:
    """A write failed, but the run's own disk had space: the file was in memory, or the disk of the machine is full."""
    failed_write = _failed_write(case)
    if failed_write is None or any(_disk_evidence(case)) or case.run.status is JobStatus.SUCCEEDED:
        return None
    peak = case.run.stats.disk_max_bytes
    written = "not measured" if peak is None else f"{peak / MBYTE:.0f} MB"
    return Finding(
        certainty=case.certainty_at(failed_write[0]),
        sentence="A write failed because a file system had no space. The run was far below its disk limit, so it was "
        f"another one: {_shared_memory_size(case)}, or the disk of this machine.",
        evidence=(
            log_evidence(failed_write[1].string),
            Evidence("disk", f"{written} written of {case.run.options.disk_mbytes} MB"),
        ),
        advice="Files in /dev/shm need more memory. `df` shows the disk of this machine.",
        command=case.rerun_with_more_memory(),
    )


def shared_memory(case: Case) -> Finding | None:
    """A write to /dev/shm failed, or a process got SIGBUS, which is how such a write ends in memory that is mapped."""
    found = case.output.last_match(SHARED_MEMORY_FULL)
    if found is not None and case.run.status is not JobStatus.SUCCEEDED:
        certainty, evidence = case.certainty_at(found[0]), log_evidence(found[1].string)
    elif case.has_failed and case.run.exit_code == SIGBUS_EXIT_CODE:
        certainty, evidence = Certainty.LIKELY, case.exit_evidence()
    else:
        return None
    return Finding(
        certainty=certainty,
        sentence=f"The shared memory was too small: {_shared_memory_size(case)}.",
        evidence=(evidence,),
        advice="Run it with more memory. Chrome can also use /tmp: start it with --disable-dev-shm-usage.",
        command=case.rerun_with_more_memory(),
    )


def cpu_now(case: Case) -> Finding | None:
    """A live run uses all the CPU that it may use."""
    current = case.run.stats.cpu_current_usage
    if not case.is_live or current is None or current < OVERLOADED * case.granted_cpus * 100:
        return None
    return Finding(
        certainty=Certainty.CERTAIN,
        sentence="The CPU share limits the run now. It grows with the memory.",
        evidence=(Evidence("CPU", f"{current:.0f} % of a core now; share {case.granted_cpus * 100:g} %"),),
        advice="Run it with more memory.",
        command=case.rerun_with_more_memory(),
    )


def memory_now(case: Case) -> Finding | None:
    """A live run is near its memory limit."""
    current = case.run.stats.mem_current_bytes
    if not case.is_live or current is None or current < BUSY * case.memory_bytes:
        return None
    limit = case.run.options.memory_mbytes
    return Finding(
        certainty=Certainty.CERTAIN,
        sentence="The run uses almost all of its memory now. At the limit, the kernel kills a process.",
        evidence=(Evidence("memory", f"{current / MBYTE:.0f} MB of {limit} MB now"),),
        advice="Run it with more memory.",
        command=case.rerun_with_more_memory(),
    )


def _is_at_max_cost(run: Run) -> bool:
    """Whether Greenroom stopped the run at its maximum cost."""
    return run.options.max_total_charge_usd is not None and run.stopped_because == messages.max_charge(run)


def _charges(case: Case) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(case.run.charged_event_counts.items()))


def _failed_write(case: Case) -> tuple[int, re.Match[str]] | None:
    """The last write that failed for lack of space, unless it was to /dev/shm."""
    found = case.output.last_match([NO_SPACE, FILE_TOO_LARGE])
    return None if found is None or SHARED_MEMORY.search(found[1].string) else found


def _shared_memory_size(case: Case) -> str:
    return f"/dev/shm has {case.run.options.memory_mbytes // 2} MB, half of the memory"


def _disk_evidence(case: Case) -> Iterator[Evidence]:
    """What was written, if that is near the limit."""
    peak = case.run.stats.disk_max_bytes
    if peak is not None and peak >= BUSY * case.disk_bytes:
        yield Evidence("disk", f"{peak / MBYTE:.0f} MB written of {case.run.options.disk_mbytes} MB")
