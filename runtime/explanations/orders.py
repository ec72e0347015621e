"""Causes that are recorded orders: somebody or something wanted the run to end, or to move."""

from __future__ import annotations

from runtime.base.clock import iso
from runtime.base.lifecycle import JobStatus
from runtime.base.records import Abort, Aborter
from runtime.explanations.case import Case
from runtime.explanations.findings import Certainty, Evidence, Finding
from runtime.runs import messages
from runtime.runs.restarts import MAX_RESTARTS_ON_ERROR

MESSAGE_SHOWN = 200
ABORTING = (JobStatus.ABORTING, JobStatus.ABORTED)


def aborted_by_server(case: Case) -> Finding | None:
    """The server stopped with --stop-runs and aborted its live runs."""
    abort = _abort(case)
    if abort is None or abort.by is not Aborter.SERVER:
        return None
    return Finding(
        certainty=Certainty.CERTAIN,
        sentence="The server aborted the run because the server stopped with --stop-runs.",
        evidence=(_order_evidence(abort),),
        advice="Resurrect the run to continue it. Without --stop-runs, runs continue while the server is stopped.",
        command=case.resurrect(),
    )


def aborted(case: Case) -> Finding | None:
    """A caller of the API aborted the run: the user, or a run with its token."""
    abort = _abort(case)
    if abort is None or abort.by is Aborter.SERVER:
        return None
    who = {
        Aborter.USER: "Somebody with the token of the user",
        Aborter.ITSELF: "The Actor itself",
        Aborter.RUN: f"Another run, {abort.run_id},",
    }[abort.by]
    how = ", and gave the Actor 30 seconds to end" if abort.gracefully else ""
    return Finding(
        certainty=Certainty.CERTAIN,
        sentence=f"{who} aborted the run{how}.",
        evidence=(_order_evidence(abort),),
        advice="Resurrect the run to continue it.",
        command=case.resurrect(),
    )


def actor_failed_itself(case: Case) -> Finding | None:
    """The Actor set a final status message and exited with an error, as `Actor.fail` does."""
    run = case.run
    if not case.has_failed or not run.is_status_message_terminal or not run.status_message:
        return None
    return Finding(
        certainty=Certainty.CERTAIN,
        sentence=f"The Actor itself ended as failed, with the message: {_first_line(run.status_message)}",
        evidence=(Evidence("final status message", run.status_message), case.exit_evidence()),
        advice="The message is the Actor's own, as Actor.fail() sets it. Its log may have more.",
        command=case.show_log(),
    )


def succeeded(case: Case) -> Finding | None:
    """The Actor ended with exit code 0."""
    if case.run.status is not JobStatus.SUCCEEDED:
        return None
    message = case.run.status_message
    return Finding(
        certainty=Certainty.CERTAIN,
        sentence="The Actor ended by itself and reported success.",
        evidence=(case.exit_evidence(), *([Evidence("status message", message)] if message else [])),
        command=case.show_log(),
    )


def moved(case: Case) -> Finding | None:
    """The run continued in a new container at least once. An Actor that stores no state starts again there."""
    counts = case.run.stats
    moves = {"migration": counts.migration_count, "reboot": counts.reboot_count, "restart": counts.restart_count}
    happened = [f"{count} {name}{'s' if count > 1 else ''}" for name, count in moves.items() if count]
    if not happened or case.run.status is JobStatus.SUCCEEDED:
        return None
    was_engine = any(line == messages.ENGINE_STOPPED for line in case.output.system)
    engine = (Evidence("log", messages.ENGINE_STOPPED),) if was_engine else ()
    return Finding(
        certainty=Certainty.CIRCUMSTANCE,
        sentence="The run was moved to a new container. An Actor that stores no state begins again there.",
        evidence=(Evidence("statistics", ", ".join(happened)), *engine),
        advice="Store the state at the event persistState, or let the SDK store it.",
        command=case.show_log(),
    )


def crash_loop(case: Case) -> Finding | None:
    """The run was restarted after errors until the limit of restarts."""
    restarts = len(case.run.restarts_on_error)
    if not case.has_failed or restarts < MAX_RESTARTS_ON_ERROR:
        return None
    return Finding(
        certainty=Certainty.CIRCUMSTANCE,
        sentence=f"The run was restarted {restarts} times after errors, and failed again each time.",
        evidence=(Evidence("statistics", f"{case.run.stats.restart_count} restarts after errors"),),
        command=case.show_log(),
    )


def in_transition(case: Case) -> Finding | None:
    """A live run is ordered to continue in a new container."""
    if not case.is_live or case.run.restart is None:
        return None
    return Finding(
        certainty=Certainty.CERTAIN,
        sentence="The run is about to continue in a new container.",
        evidence=(Evidence("order", case.run.restart),),
    )


def _first_line(message: str) -> str:
    line = message.partition("\n")[0]
    return line if len(line) <= MESSAGE_SHOWN else f"{line[:MESSAGE_SHOWN]}…"


def _abort(case: Case) -> Abort | None:
    """The order that aborted the run. An abort at the maximum cost has no order."""
    return case.run.abort if case.run.status in ABORTING else None


def _order_evidence(abort: Abort) -> Evidence:
    return Evidence("order", f"{'graceful abort' if abort.gracefully else 'abort'} at {iso(abort.at)}")
