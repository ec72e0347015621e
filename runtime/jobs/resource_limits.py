"""The platform's limits: the memory, CPU, disk and time of a run, and the jobs of a user. Pure arithmetic.

Source: "Resource limits" of "Running an Actor": memory in powers of two, a core for each 4096 MB, disk of twice the
memory, and a total of memory for each user.
"""

from __future__ import annotations

import math

import psutil

from runtime.base.clock import Millis
from runtime.base.errors import Invalid, LimitReached
from runtime.base.plans import Plan
from runtime.base.records import Run

MIN_MEMORY_MBYTES = 128
MAX_MEMORY_MBYTES = 32_768
MBYTES_PER_CPU = 4096
DISK_PER_MEMORY = 2
BUILD_TIMEOUT_SECS = 1800
LEAST_USER_MEMORY_MBYTES = 8192
MAX_PIDS = 4096
MBYTE = 1024 * 1024
NEVER: Millis = 1 << 52
CUT_SHARE = 0.99
"""From this part of the limit on, a peak may have been cut off: the kernel reclaims memory instead of granting more."""


def memory_mbytes(requested: float, *, strict: bool) -> int:
    """The memory of a run: the next power of two within the platform's bounds.

    With `strict`, a size that the platform rejects with 400 raises Invalid.
    """
    granted = MIN_MEMORY_MBYTES
    while granted < min(requested, MAX_MEMORY_MBYTES):
        granted *= 2
    if strict and granted != requested:
        raise Invalid(
            "invalid-input",
            f"Memory must be a power of 2 from {MIN_MEMORY_MBYTES} to {MAX_MEMORY_MBYTES} MB, not {requested:g}. "
            f"Request {granted}.",
        )
    return granted


def disk_mbytes(memory: int) -> int:
    return memory * DISK_PER_MEMORY


def cpus(memory: int) -> float:
    """The CPU share of a run in cores."""
    return memory / MBYTES_PER_CPU


def burst_cpus(memory: int, burst_secs: float) -> float:
    """The cores that a run starts with: the platform lets a small Actor use a full core while it starts."""
    return max(1.0, cpus(memory)) if burst_secs > 0 else cpus(memory)


def granted_cpus(run: Run, burst_secs: float, now: Millis) -> float:
    """The cores that a started run may use at a moment."""
    memory = run.options.memory_mbytes
    return cpus(memory) if now >= burst_end(run, burst_secs) else burst_cpus(memory, burst_secs)


def average_granted_cpus(run: Run, burst_secs: float) -> float | None:
    """The cores that a run could use on average in the time that its statistics cover; None if nothing was measured.

    Each of its containers had a start-up burst, which does not end in a debugged run.
    """
    stats, memory = run.stats, run.options.memory_mbytes
    if not stats.sampled_millis:
        return None
    if run.debug_port is not None:
        return burst_cpus(memory, burst_secs)
    secs = stats.sampled_millis / 1000
    restarts = stats.migration_count + stats.reboot_count + stats.restart_count + stats.resurrect_count
    containers = 1 + restarts + len(run.metamorphs)
    in_burst = min(secs, burst_secs * containers)
    return (in_burst * burst_cpus(memory, burst_secs) + (secs - in_burst) * cpus(memory)) / secs


def burst_end(run: Run, burst_secs: float) -> Millis:
    """When the run's CPU is reduced to its share. A debugger would be too slow with the share of a small run."""
    if run.debug_port is not None:
        return NEVER
    return (run.container_started_at or run.started_at) + round(burst_secs * 1000)


def shm_bytes(memory: int) -> int:
    """The size of /dev/shm, which browsers need: half of the memory. Its used part counts as memory."""
    return memory * MBYTE // 2


def deadline(run: Run) -> Millis | None:
    """When the run times out; None if it has no timeout, or while a debugger holds it.

    It counts from the start of the first container since the run's start or last resurrection: an Actor does not lose
    the time in which its container is created, and restarts get what is left. The time in which a debugger held the run
    does not count.
    """
    if run.options.timeout_secs == 0 or run.debugger_hold.since is not None:
        return None
    begins = run.first_container_at or run.resumed_at or run.started_at
    return begins + run.options.timeout_secs * 1000 + run.debugger_hold.millis


def of_user(plan: Plan, max_memory_mbytes: int | None) -> tuple[int, int]:
    """The total memory of a user's live runs and builds in megabytes, and their greatest number.

    `max_memory_mbytes` takes precedence over the plan's. Without both, the host's memory decides. A plan without a
    number of jobs allows as many as fit into the memory.
    """
    mbytes = max_memory_mbytes or plan.max_memory_mbytes or default_user_memory_mbytes()
    return mbytes, plan.max_jobs or max(1, mbytes // MIN_MEMORY_MBYTES)


def default_user_memory_mbytes() -> int:
    """The cap on the sum of a user's running Actors and builds: the host's memory in whole gigabytes, at least 8."""
    host = psutil.virtual_memory().total // MBYTE
    return max(LEAST_USER_MEMORY_MBYTES, math.floor(host / 1024) * 1024)


def check_user_jobs(live: int, most: int) -> None:
    """Raises LimitReached if one more job would exceed the number of a user's live runs and builds."""
    if live >= most:
        raise LimitReached(
            "concurrent-runs-limit-exceeded",
            f"By launching this job you will exceed your limit of {most} concurrent Actor runs. Wait for a job to end "
            "or abort one. Or start the server with a larger --plan.",
        )


def check_user_memory(used: int, requested: int, cap: int) -> None:
    """Raises LimitReached if one more job of `requested` MB would exceed the user's total."""
    if used + requested > cap:
        wait = "Wait for a job to end or abort one. " if requested <= cap else ""
        raise LimitReached(
            "actor-memory-limit-exceeded",
            f"By launching this job you would exceed the memory limit of {cap}MB for all your Actor runs and builds "
            f"(currently used: {used}MB, requested: {requested}MB). {wait}Request less memory, or raise the "
            "limit with GREENROOM_MAX_MEMORY_MBYTES or --plan.",
        )


def is_peak_cut(run: Run) -> bool:
    """Whether the memory limit of the run cut its peak off, so that its true need may be higher."""
    if run.ending is not None and (run.ending.oom_killed or run.ending.oom_kills):
        return True
    peak = run.stats.mem_max_bytes
    return peak is not None and peak >= CUT_SHARE * run.options.memory_mbytes * MBYTE
