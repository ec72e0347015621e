"""The table of everything that is recognized in runs. Among equally certain causes, the first one is the strongest.

`docs/explain.md` shows this table.
"""

from __future__ import annotations

from runtime.explanations import access, containers, limits, memory, orders
from runtime.explanations.case import Case
from runtime.explanations.findings import Cause, Certainty
from runtime.explanations.log_patterns import LOG_PATTERNS, uncaught_error

LOG = "last lines of the log, exit code"

RECORDED: tuple[Cause[Case], ...] = (
    Cause(
        id="aborted-by-server",
        recognizes="the server stopped and aborted the run",
        evidence="recorded order",
        find=orders.aborted_by_server,
    ),
    Cause(
        id="maximum-cost",
        recognizes="the run reached the maximum cost of its caller",
        evidence="recorded reason, charged events",
        find=limits.max_cost,
    ),
    Cause(
        id="aborted",
        recognizes="somebody aborted the run; the evidence names who",
        evidence="recorded order",
        find=orders.aborted,
    ),
    Cause(
        id="timeout",
        recognizes="the timeout passed",
        evidence="status, exit code",
        find=limits.deadline,
    ),
    Cause(
        id="memory-limit",
        recognizes="the kernel killed the Actor at its memory limit; the evidence names the process",
        evidence="oom_kill of the cgroup or Docker's flag, exit code 137, kernel log or process list",
        find=memory.memory_limit,
    ),
    Cause(
        id="heap-limit",
        recognizes="JavaScript's heap reached V8's own limit",
        evidence="V8's message in the log, exit code 134",
        find=memory.heap_limit,
    ),
    Cause(
        id="disk-limit",
        recognizes="the run reached its disk limit, or a write failed for lack of space",
        evidence="recorded reason, measured bytes, ENOSPC or EFBIG in the log",
        find=limits.disk_limit,
    ),
    Cause(
        id="shared-memory",
        recognizes="/dev/shm was too small",
        evidence="log, exit code 135 (SIGBUS)",
        find=limits.shared_memory,
    ),
    Cause(
        id="other-disk",
        recognizes="a write failed, but the run's own disk had space: /dev/shm, or the disk of the machine",
        evidence="ENOSPC in the log, measured bytes",
        find=limits.other_disk,
    ),
    Cause(
        id="image-missing",
        recognizes="the image of the build is gone",
        evidence="Docker's error",
        find=containers.image_missing,
    ),
    Cause(
        id="start-failed",
        recognizes="the container could not be started: missing command, wrong architecture, not executable",
        evidence="Docker's error",
        find=containers.start_failed,
    ),
    Cause(
        id="container-removed",
        recognizes="another program removed the container",
        evidence="Docker",
        find=containers.vanished,
    ),
    Cause(
        id="server-error",
        recognizes="Greenroom or the Docker engine failed",
        evidence="recorded error",
        find=containers.server_error,
    ),
    Cause(
        id="memory-limit-in-child",
        recognizes="the kernel killed a child process, and the Actor continued",
        evidence="oom_kill of the cgroup or Docker's flag, kernel log or process list",
        find=memory.memory_limit_in_child,
    ),
    Cause(
        id="permissions",
        recognizes="the API rejected a request of a run with limited permissions",
        evidence="recorded requests",
        find=access.permissions,
    ),
    Cause(
        id="actor-failed",
        recognizes="the Actor ended itself as failed (Actor.fail)",
        evidence="final status message, exit code",
        find=orders.actor_failed_itself,
        rank=Certainty.LIKELY,  # a cause that Greenroom recorded is probably why it did so
    ),
)
FROM_THE_LOG: tuple[Cause[Case], ...] = (
    *(Cause(id=each.id, recognizes=each.recognizes, evidence=LOG, find=each.find) for each in LOG_PATTERNS),
    Cause(
        id="uncaught-error",
        recognizes="an error of Python or JavaScript that the code did not handle, and its place",
        evidence="traceback at the end of the log",
        find=uncaught_error,
    ),
)
FROM_THE_EXIT: tuple[Cause[Case], ...] = (
    Cause(
        id="wrong-port",
        recognizes="the web server listens on another port, or only on loopback",
        evidence="listening sockets of the container, the run's web server port",
        find=access.wrong_port,
    ),
    Cause(
        id="killed-from-outside",
        recognizes="another program, or the Actor, sent SIGKILL or SIGTERM",
        evidence="exit code 137 or 143, oom_kill 0, no order",
        find=containers.killed_from_outside,
    ),
    Cause(
        id="crash",
        recognizes="native code crashed (SIGSEGV, SIGILL, SIGABRT and others)",
        evidence="exit code",
        find=containers.crashed,
    ),
    Cause(
        id="sdk-error",
        recognizes="the SDK reported an error that is not in the log",
        evidence="exit code 91",
        find=containers.sdk_exit,
    ),
    Cause(
        id="recorded-end",
        recognizes="the end of a run of an earlier version of Greenroom",
        evidence="status message",
        find=containers.recorded_message,
    ),
    Cause(
        id="succeeded",
        recognizes="the Actor ended by itself with exit code 0",
        evidence="exit code",
        find=orders.succeeded,
    ),
)
CIRCUMSTANCES: tuple[Cause[Case], ...] = (
    Cause(
        id="almost-no-memory",
        recognizes="the run was near its memory limit",
        evidence="peak of the memory",
        find=memory.almost_no_memory,
    ),
    Cause(
        id="little-cpu",
        recognizes="a run that timed out used its whole CPU share",
        evidence="CPU time",
        find=limits.little_cpu,
    ),
    Cause(
        id="silence",
        recognizes="a run that timed out had logged nothing for a long time",
        evidence="time of the last line",
        find=limits.silent_before_deadline,
    ),
    Cause(
        id="moved",
        recognizes="the run continued in a new container: migration, reboot, restart, restart of the engine",
        evidence="statistics of the run, log",
        find=orders.moved,
    ),
    Cause(
        id="crash-loop",
        recognizes="the run failed again after each restart on error",
        evidence="statistics of the run",
        find=orders.crash_loop,
    ),
)
LIVE: tuple[Cause[Case], ...] = (
    Cause(
        id="restart-ordered",
        recognizes="a live run is about to continue in a new container",
        evidence="recorded order",
        find=orders.in_transition,
    ),
    Cause(
        id="memory-now",
        recognizes="a live run is near its memory limit",
        evidence="memory now",
        find=limits.memory_now,
    ),
    Cause(
        id="cpu-now",
        recognizes="a live run uses its whole CPU share",
        evidence="CPU of the last second",
        find=limits.cpu_now,
    ),
)
RUN_CAUSES = (*RECORDED, *FROM_THE_LOG, *FROM_THE_EXIT, *CIRCUMSTANCES, *LIVE)
