"""What a run's log and status message say, in words that name the cause and what to do next."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from runtime.base.lifecycle import JobStatus
from runtime.base.records import Restart, Run
from runtime.containers import ContainerState, DiskEnforcement, Engine, ImageMissing
from runtime.jobs import limits

SIGKILL_EXIT_CODE = 137
SIGABRT_EXIT_CODE = 134
HEAP_LIMIT_REACHED = re.compile(r"FATAL ERROR: .*JavaScript heap out of memory")
"""V8's last words on standard error before it aborts."""
VANISHED = "The Actor's container was removed from outside Greenroom, so how it ended is unknown. Run it again."
OOM_IN_CHILD = (
    "ACTOR: A process in the container was killed for exceeding the memory limit, and the Actor went on without it."
)

ENGINE_STOPPED = (
    "ACTOR: The Docker engine was stopped, and the Actor's container with it. The run goes on in a new one."
)

RESTARTS = {
    Restart.REBOOT: "ACTOR: The Actor run reboots.",
    Restart.MIGRATION: "ACTOR: The Actor run migrates to a new container.",
    Restart.METAMORPH: "ACTOR: The Actor run metamorphs into another Actor.",
    Restart.ON_ERROR: "ACTOR: The Actor run failed and is restarted.",
}
DISK_WORDS = {
    DiskEnforcement.HARD: "writes beyond it fail",
    DiskEnforcement.POLLED: "measured now and then; a run over it is stopped",
    DiskEnforcement.NONE: "not enforced by this engine",
}


def limits_lines(run: Run, engine: Engine, burst_secs: float) -> Iterator[str]:
    """What the run gets, in its log; only what is in force is called so."""
    options = run.options
    if options.asked_mbytes != options.memory_mbytes:
        yield (
            f"ACTOR: {options.asked_mbytes:g} MB of memory were asked for; the run gets {options.memory_mbytes} MB: "
            f"a power of two from {limits.MIN_MEMORY_MBYTES} to {limits.MAX_MEMORY_MBYTES}."
        )
    share, burst = limits.cpus(options.memory_mbytes), limits.burst_cpus(options.memory_mbytes, burst_secs)
    during = f" ({burst:g} for the first {burst_secs:g} s)" if burst > share else ""
    yield (
        f"ACTOR: Limits: {options.memory_mbytes} MB memory, {share:g} CPU cores{during}, "
        f"{options.disk_mbytes} MB disk ({DISK_WORDS[engine.disk]})."
    )


def is_oom_end(state: ContainerState) -> bool:
    """The engine's flag is also set when only a child was killed: an end by OOM has the exit code of SIGKILL too."""
    return state.oom_killed and state.exit_code == SIGKILL_EXIT_CODE


def is_heap_end(state: ContainerState, last_errors: Iterable[str]) -> bool:
    """Whether V8 aborted at the limit of its own heap; Actors may print the same words and exit in another way."""
    return state.exit_code == SIGABRT_EXIT_CODE and any(map(HEAP_LIMIT_REACHED.match, last_errors))


def timing_out(run: Run) -> str:
    return f"ACTOR: The Actor run has reached the timeout of {run.options.timeout_secs} seconds, stopping it."


def max_charge(run: Run) -> str:
    limit = run.options.max_total_charge_usd
    return (
        f"The Actor run has reached its maximum cost of ${limit:g} and was aborted. "
        "Give it a higher maximum (maxTotalChargeUsd) to let it go on."
    )


def disk_full(run: Run, used_bytes: int) -> str:
    limit = run.options.disk_mbytes
    used = used_bytes / limits.MBYTE
    return (
        f"The Actor exceeded its disk limit of {limit} MB (it had written {used:.0f} MB) and was stopped. "
        f"Disk is twice the memory. {_more_memory(run)}"
    )


def has_filled_disk(run: Run) -> bool:
    """Whether single files were limited to the disk limit and one has reached it: the Actor saw a failed write."""
    full = run.stats.disk_max_bytes >= run.options.disk_mbytes * limits.MBYTE
    return full and run.disk_enforcement == DiskEnforcement.POLLED


def ended_over_disk(run: Run, used_bytes: int) -> bool:
    """Whether a run ended by itself with more on its disk than it may have: nothing stopped it in time."""
    return run.stopped_because is None and used_bytes > run.options.disk_mbytes * limits.MBYTE


def disk_overshoot(run: Run, used_bytes: int) -> str:
    return (
        f"ACTOR: The Actor wrote {used_bytes / limits.MBYTE:.0f} MB, more than its disk limit of "
        f"{run.options.disk_mbytes} MB, before that was measured. On the platform its writes fail at the limit."
    )


def never_started(problem: Exception) -> str:
    said = f"The Actor's container could not be started: {problem}"
    if isinstance(problem, ImageMissing):
        return f"{said.rstrip('.')}. The image of its build is gone from the Docker engine: build the Actor again."
    return said


def supervisor_failed(problem: BaseException) -> str:
    while isinstance(problem, BaseExceptionGroup) and len(problem.exceptions) == 1:
        problem = problem.exceptions[0]
    return f"Greenroom failed to go on with this run ({type(problem).__name__}: {problem}); its own log has the trace."


def finished(run: Run, status: JobStatus, state: ContainerState | None, last_errors: Iterable[str] = ()) -> str:
    """The platform's own status message at the end of a run; `last_errors` is what standard error said last."""
    if status is JobStatus.ABORTED:
        return run.stopped_because or "Actor was aborted."
    if status is JobStatus.TIMED_OUT:
        return f"Actor timed out after {run.options.timeout_secs} seconds. Give it a longer timeout, or 0 for none."
    if run.stopped_because is not None and status is JobStatus.FAILED:
        return run.stopped_because
    if state is None:
        return VANISHED
    if is_oom_end(state):
        return (
            f"Actor was killed because it exceeded its memory limit of {run.options.memory_mbytes} MB. "
            f"{_more_memory(run)}"
        )
    if is_heap_end(state, last_errors):
        return (
            f"Actor finished with exit code {state.exit_code} because its JavaScript heap outgrew V8's own limit, not "
            f"the run's memory limit of {run.options.memory_mbytes} MB. Raise --max-old-space-size (in NODE_OPTIONS or "
            f"on node's command line); where it is not set, the heap's limit follows the memory. {_more_memory(run)}"
        )
    if status is JobStatus.FAILED and has_filled_disk(run):
        return (
            f"Actor finished with exit code {state.exit_code} after it had reached its disk limit of "
            f"{run.options.disk_mbytes} MB. Disk is twice the memory. {_more_memory(run)}"
        )
    return f"Actor finished with exit code {state.exit_code}."


def _more_memory(run: Run) -> str:
    more = run.options.memory_mbytes * 2
    if more > limits.MAX_MEMORY_MBYTES:
        return "It had the largest size there is."
    return f"Run it with more memory, for example {more} MB."


def no_dynamic_memory(problem: str, memory: int) -> str:
    return f"ACTOR: The Actor's defaultMemoryMbytes can't be evaluated ({problem}): the run gets {memory} MB."
