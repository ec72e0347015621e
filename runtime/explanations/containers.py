"""Causes that the engine reports: the container did not start, vanished, or its process ended by a signal."""

from __future__ import annotations

from runtime.base.records import NoContainer
from runtime.explanations.case import Case, signal_of
from runtime.explanations.findings import Certainty, Evidence, Finding
from runtime.explanations.memory import heap_limit
from runtime.runs.messages import SIGKILL_EXIT_CODE

CRASHES = {
    "SIGSEGV": "accessed memory that does not belong to it (a segmentation fault)",
    "SIGILL": "executed an instruction that this processor does not have",
    "SIGFPE": "made an arithmetic error",
    "SIGABRT": "aborted itself",
    "SIGTRAP": "reached a trap",
    "SIGSYS": "made a system call that is not allowed",
}
"""Signals that a process causes itself, usually in native code."""
SIGTERM_EXIT_CODE = 143
SDK_EXIT_CODE = 91
"""The exit code of both SDKs if the Actor's main function raised an error."""


def image_missing(case: Case) -> Finding | None:
    """The image of the build is no longer on the engine."""
    if not case.has_failed or case.ending.no_container is not NoContainer.IMAGE_MISSING:
        return None
    return Finding(
        certainty=Certainty.CERTAIN,
        sentence="The image of the build is gone from the Docker engine.",
        evidence=(Evidence("Docker", case.ending.problem),),
        advice="Build the Actor again.",
        command=case.rebuild(),
    )


def start_failed(case: Case) -> Finding | None:
    """The engine did not create or start the container."""
    if not case.has_failed or case.ending.no_container is not NoContainer.START_FAILED:
        return None
    problem = case.ending.problem
    reasons = {
        "exec format error": "it has a program for another processor architecture",
        "executable file not found": "the command in its Dockerfile does not exist in the image",
        "no such file or directory": "the command in its Dockerfile does not exist in the image",
        "permission denied": "the command in its Dockerfile is not executable",
    }
    reason = next((reason for text, reason in reasons.items() if text in problem), None)
    return Finding(
        certainty=Certainty.CERTAIN,
        sentence=f"The container could not be started{f': {reason}' if reason else ''}.",
        evidence=(Evidence("Docker", problem),),
        advice="Correct CMD or ENTRYPOINT in the Dockerfile, and build again." if reason else "",
        command=case.rebuild(),
    )


def vanished(case: Case) -> Finding | None:
    """The container was removed by another program."""
    if not case.has_failed or case.ending.no_container is not NoContainer.VANISHED:
        return None
    return Finding(
        certainty=Certainty.CERTAIN,
        sentence="Another program removed the container, so its exit code is unknown.",
        evidence=(Evidence("Docker", f"no container {(case.run.container_id or '')[:12]}"),),
        advice="Resurrect the run to continue it.",
        command=case.resurrect(),
    )


def server_error(case: Case) -> Finding | None:
    """Greenroom or the engine failed, not the Actor."""
    if not case.has_failed or case.ending.no_container is not NoContainer.SERVER_ERROR:
        return None
    return Finding(
        certainty=Certainty.CERTAIN,
        sentence="Greenroom could not continue the run. The Actor is not the cause.",
        evidence=(Evidence("Greenroom", case.ending.problem),),
        advice="The log of the server has the details.",
        command="greenroom status",
    )


def killed_from_outside(case: Case) -> Finding | None:
    """The Actor got SIGKILL or SIGTERM, but neither Greenroom nor the memory limit sent it."""
    code, ending = case.run.exit_code, case.ending
    if not case.has_failed or ending.oom_killed or code not in (SIGKILL_EXIT_CODE, SIGTERM_EXIT_CODE):
        return None
    if case.run.stopped_because is not None or case.run.ending is None:
        return None
    counter = () if ending.oom_kills is None else (Evidence("cgroup", f"oom_kill {ending.oom_kills}"),)
    return Finding(
        certainty=Certainty.LIKELY,
        sentence=f"A process got {signal_of(code)}. Neither Greenroom nor the memory limit sent it, so another program "
        "or the Actor itself did.",
        evidence=(case.exit_evidence(), *counter, Evidence("Greenroom", "no order to stop the run")),
        advice="For example, `docker kill`, `docker stop` and `docker rm -f` send these signals.",
        command=case.resurrect(),
    )


def crashed(case: Case) -> Finding | None:
    """A signal that a process causes itself ended the Actor."""
    signal = signal_of(case.run.exit_code)
    if not case.has_failed or signal not in CRASHES or heap_limit(case) is not None:
        return None
    return Finding(
        certainty=Certainty.LIKELY,
        sentence=f"A process of the Actor {CRASHES[signal]}. Such a crash is usually in native code.",
        evidence=(case.exit_evidence(), *case.peak_evidence()),
        advice="The last lines of the log may name the library.",
        command=case.show_log(),
    )


def sdk_exit(case: Case) -> Finding | None:
    """The SDK reported an error of the Actor's main function, which the log does not show."""
    if not case.has_failed or case.run.exit_code != SDK_EXIT_CODE or case.output.final_error is not None:
        return None
    return Finding(
        certainty=Certainty.LIKELY,
        sentence="The main function of the Actor raised an error: the SDKs then exit with this code.",
        evidence=(case.exit_evidence(),),
        command=case.show_log(),
    )


def recorded_message(case: Case) -> Finding | None:
    """The run ended under a version of Greenroom that recorded only a message about its end."""
    run = case.run
    if case.is_live or run.ending is not None or not run.is_end_explained or not run.status_message:
        return None
    return Finding(
        certainty=Certainty.CERTAIN,
        sentence=run.status_message,
        evidence=(Evidence("status message", run.status_message), case.exit_evidence()),
        command=case.show_log(),
    )
