"""Messages in a run's log and its status message: the cause, and what to do next."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator

from runtime.base.lifecycle import JobStatus
from runtime.base.records import Restart, Run, RunOptions
from runtime.containers import ContainerState, DiskEnforcement, Engine, ImageMissing
from runtime.jobs import resource_limits

SIGKILL_EXIT_CODE = 137
SIGABRT_EXIT_CODE = 134
HEAP_LIMIT_REACHED = re.compile(r"FATAL ERROR: .*JavaScript heap out of memory")
"""The line that V8 writes to standard error before it aborts."""
VANISHED = "The Actor's container was removed outside Greenroom, so its exit code is unknown. Start the Actor again."
OOM_IN_CHILD = (
    "ACTOR: A process in the container was killed because it exceeded the memory limit. The Actor continued without it."
)

ENGINE_STOPPED = (
    "ACTOR: The Docker engine was stopped, and so was the Actor's container. The run continues in a new container."
)

RESTARTS = {
    Restart.REBOOT: "ACTOR: The Actor run reboots.",
    Restart.MIGRATION: "ACTOR: The Actor run migrates to a new container.",
    Restart.METAMORPH: "ACTOR: The Actor run metamorphs into another Actor.",
    Restart.ON_ERROR: "ACTOR: The Actor run failed and is restarted.",
}
MAX_COMMAND_CHARS = 200
DEBUGGER_FIX = (
    "Only a program that Node.js or Python (3.8 or newer) runs in a process of its own waits for a debugger. Start one "
    'in the Dockerfile, for example CMD ["node", "dist/main.js"] or CMD ["python3", "-m", "src"]. Use tsx instead of '
    "ts-node. If a wrapper clears the environment, let it pass NODE_OPTIONS, PYTHONPATH and all variables that begin "
    "with GREENROOM_DEBUG. Any other program can open its own debugger at 0.0.0.0:$GREENROOM_DEBUG_PORT, for example "
    'CMD ["sh", "-c", "deno run --inspect-brk=0.0.0.0:$GREENROOM_DEBUG_PORT main.ts"].'
)
DISK_ENFORCEMENT_NOTES = {
    DiskEnforcement.HARD: "writes beyond it fail",
    DiskEnforcement.POLLED: "checked periodically; a run over it is stopped",
    DiskEnforcement.NONE: "not enforced by this engine",
}


def limits_lines(run: Run, engine: Engine, burst_secs: float) -> Iterator[str]:
    """The log lines that state the run's limits. A limit that is not enforced is marked as such."""
    options = run.options
    if options.requested_mbytes != options.memory_mbytes:
        yield (
            f"ACTOR: The requested memory of {options.requested_mbytes:g} MB was rounded to {options.memory_mbytes} MB,"
            f" a power of two from {resource_limits.MIN_MEMORY_MBYTES} to {resource_limits.MAX_MEMORY_MBYTES}."
        )
    share, burst = (
        resource_limits.cpus(options.memory_mbytes),
        resource_limits.burst_cpus(options.memory_mbytes, burst_secs),
    )
    during = f" ({burst:g} for the first {burst_secs:g} s)" if burst > share else ""
    yield (
        f"ACTOR: Limits: {options.memory_mbytes} MB memory, {share:g} CPU cores{during}, "
        f"{options.disk_mbytes} MB disk ({DISK_ENFORCEMENT_NOTES[engine.disk]})."
    )


def mounted(folder: str) -> str:
    return f"Greenroom: The files of {folder} are mounted over those of the image (read-only)."


def debugged(port: int, options: RunOptions) -> str:
    timeout = (
        f" The timeout of {options.timeout_secs} s does not count the time in which a debugger holds the Actor."
        if options.timeout_secs
        else ""
    )
    return f"Greenroom: The Actor waits for a debugger at 127.0.0.1:{port}. It has a full CPU core.{timeout}"


def debug_port_in_use(port: int, problem: OSError) -> str:
    return (
        f"Greenroom: No debugger can attach at 127.0.0.1:{port}, because the port cannot be opened ({problem}). Stop"
        " the program that uses it, or abort the run. Greenroom tries to open the port again every few seconds."
    )


def no_debugger(programs: Iterable[str]) -> str:
    started = ", ".join(f"`{each[:MAX_COMMAND_CHARS]}`" for each in programs)
    return f"Greenroom: No debugger can attach. The run has started {started}. {DEBUGGER_FIX}"


def ended_without_debugger(start: str) -> str:
    started = f"The image starts `{start[:MAX_COMMAND_CHARS]}`. " if start else ""
    return f"Greenroom: The Actor ended before a debugger could attach. {started}{DEBUGGER_FIX}"


def is_oom_end(state: ContainerState) -> bool:
    """Whether the container ended by an out-of-memory kill.

    The engine's flag alone is not enough: it is also set when only a child process was killed.
    """
    return state.oom_killed and state.exit_code == SIGKILL_EXIT_CODE


def is_heap_end(state: ContainerState, last_errors: Iterable[str]) -> bool:
    """Whether V8 aborted at its own heap limit. An Actor may print the same line and still exit in another way."""
    return state.exit_code == SIGABRT_EXIT_CODE and any(map(HEAP_LIMIT_REACHED.match, last_errors))


def timing_out(run: Run) -> str:
    return f"ACTOR: The Actor run has reached the timeout of {run.options.timeout_secs} seconds, stopping it."


def max_charge(run: Run) -> str:
    limit = run.options.max_total_charge_usd
    return (
        f"The Actor run has reached its maximum cost of ${limit:g}. "
        "Resurrect it with a higher maximum (maxTotalChargeUsd) to continue."
    )


def standby_idle(idle_secs: int) -> str:
    return f"The Actor run has served no Standby request for {idle_secs} seconds and is stopped."


def standby_outdated(build_number: str) -> str:
    return f"The Actor run is stopped, because build {build_number} now serves the Standby requests."


STANDBY_DISABLED = "The Actor run is stopped, because Standby is not enabled any more."
STANDBY_STOPPED = "The Actor run was stopped by its user. The next Standby request starts another one."


def disk_full(run: Run, used_bytes: int) -> str:
    limit = run.options.disk_mbytes
    used = used_bytes / resource_limits.MBYTE
    return (
        f"The Actor exceeded its disk limit of {limit} MB (it had written {used:.0f} MB) and was stopped. "
        f"Disk is twice the memory. {_more_memory(run)}"
    )


def has_filled_disk(run: Run) -> bool:
    """Whether a write has probably failed: single files are limited to the disk limit, and the usage reached it."""
    full = (run.stats.disk_max_bytes or 0) >= run.options.disk_mbytes * resource_limits.MBYTE
    return full and run.disk_enforcement == DiskEnforcement.POLLED


def ended_over_disk(run: Run, used_bytes: int) -> bool:
    """Whether a run ended by itself with more on its disk than its limit: nothing stopped it in time."""
    return run.stopped_because is None and used_bytes > run.options.disk_mbytes * resource_limits.MBYTE


def disk_overshoot(run: Run, used_bytes: int) -> str:
    return (
        f"ACTOR: The Actor wrote {math.ceil(used_bytes / resource_limits.MBYTE)} MB, more than its disk limit of "
        f"{run.options.disk_mbytes} MB, before the next check. On the platform, writes fail at the limit."
    )


def never_started(problem: Exception) -> str:
    message = f"The Actor's container could not be started: {problem}"
    if isinstance(problem, ImageMissing):
        return f"{message.rstrip('.')}. The image of its build is gone from the Docker engine: build the Actor again."
    return message


def log_incomplete(problem: Exception) -> str:
    return f"ACTOR: The rest of the log could not be copied ({type(problem).__name__}). See Greenroom's own log."


def supervisor_failed(problem: BaseException) -> str:
    while isinstance(problem, BaseExceptionGroup) and len(problem.exceptions) == 1:
        problem = problem.exceptions[0]
    return f"Greenroom could not continue this run ({type(problem).__name__}: {problem}). See Greenroom's own log."


def plain(status: JobStatus, exit_code: int | None) -> str:
    """The status message at an end that needs no explanation, for an Actor that set none."""
    return "Actor was aborted." if status is JobStatus.ABORTED else f"Actor finished with exit code {exit_code}."


def explanation(
    run: Run, status: JobStatus, state: ContainerState | None, last_errors: Iterable[str] = ()
) -> str | None:
    """Why the run ended, if its status and exit code do not show it; otherwise None.

    `last_errors` are the last lines of standard error.
    """
    if status is JobStatus.ABORTED:
        return run.stopped_because
    if status is JobStatus.TIMED_OUT:
        timeout = f"Actor timed out after {run.options.timeout_secs} seconds"
        if state is not None and state.oom_killed:
            return f"{timeout}, {_after_child_oom(run)}"
        return f"{timeout}. Set a longer timeout, or 0 for no timeout."
    if run.stopped_because is not None and (status is JobStatus.FAILED or run.standby_label is not None):
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
            f"Actor finished with exit code {state.exit_code} because its JavaScript heap reached V8's own limit, not "
            f"the run's memory limit of {run.options.memory_mbytes} MB. Raise --max-old-space-size (in NODE_OPTIONS or "
            f"on node's command line). If it is not set, the heap limit follows the memory. {_more_memory(run)}"
        )
    if status is JobStatus.FAILED and state.oom_killed:
        return f"Actor finished with exit code {state.exit_code} {_after_child_oom(run)}"
    if status is JobStatus.FAILED and has_filled_disk(run):
        return (
            f"Actor finished with exit code {state.exit_code} after it had reached its disk limit of "
            f"{run.options.disk_mbytes} MB. Disk is twice the memory. {_more_memory(run)}"
        )
    return None


def _after_child_oom(run: Run) -> str:
    return (
        f"after a process in its container had been killed because it exceeded the memory limit of "
        f"{run.options.memory_mbytes} MB. {_more_memory(run)}"
    )


def _more_memory(run: Run) -> str:
    more = run.options.memory_mbytes * 2
    if more > resource_limits.MAX_MEMORY_MBYTES:
        return "It already had the largest memory size."
    return f"Run it with more memory, for example {more} MB."


def no_dynamic_memory(problem: str, memory: int) -> str:
    return f"ACTOR: The Actor's defaultMemoryMbytes cannot be evaluated ({problem}). The run gets {memory} MB."
