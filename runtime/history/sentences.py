"""The entries of a time line as sentences."""

from __future__ import annotations

from collections.abc import Mapping

from runtime.base.lifecycle import JobStatus
from runtime.base.records import Aborter, OrderKind, TimelineEntry, TimelineKind

RESTARTS = {
    "reboot": "after a reboot",
    "migration": "after a migration",
    "metamorph": "as another Actor",
    "restart-on-error": "because the Actor failed",
}
ORDERS: Mapping[str, str] = {
    OrderKind.ABORT: "ordered an immediate abort",
    OrderKind.GRACEFUL_ABORT: "ordered a graceful abort",
    OrderKind.REBOOT: "ordered a reboot",
    OrderKind.MIGRATION: "ordered a migration",
    OrderKind.RESURRECTION: "resurrected the run",
}
STATUSES: Mapping[str, str] = {
    JobStatus.READY: "The run is READY.",
    JobStatus.RUNNING: "The run is RUNNING.",
    JobStatus.TIMING_OUT: "The run reached its timeout, and Greenroom stops the Actor.",
    JobStatus.ABORTING: "The run is being aborted.",
    JobStatus.SUCCEEDED: "The run succeeded.",
    JobStatus.FAILED: "The run failed.",
    JobStatus.TIMED_OUT: "The run timed out.",
    JobStatus.ABORTED: "The run was aborted.",
}


def sentence_of(entry: TimelineEntry) -> str:
    match entry.kind:
        case TimelineKind.CREATED:
            return _created(entry)
        case TimelineKind.STATUS:
            return STATUSES[str(entry.name)]
        case TimelineKind.ORDER:
            return f"{_orderer(entry)} {_order(entry)}."
        case TimelineKind.LIMIT:
            return f"Greenroom stops the Actor. {entry.text}"
        case TimelineKind.CONTAINER_STARTED:
            return "The container started."
        case TimelineKind.CONTAINER_ENDED:
            return _container_ended(entry)
        case TimelineKind.RESTARTED:
            return f"The run continues in a new container {RESTARTS[str(entry.name)]}."
        case TimelineKind.OOM_KILL:
            return _oom_kill(entry)
        case TimelineKind.WEB_SERVER_READY:
            return "The web server of the Actor answers."
        case TimelineKind.SYSTEM_EVENT:
            return _system_event(entry)


def _created(entry: TimelineEntry) -> str:
    if entry.run_id is not None:
        return f"Run {entry.run_id} started this run."
    if entry.text is not None:
        return f"Schedule {entry.text} started the run."
    return f"The run was started (origin {entry.name})."


def _orderer(entry: TimelineEntry) -> str:
    match entry.by:
        case Aborter.ITSELF:
            return "The Actor itself"
        case Aborter.RUN:
            return f"Run {entry.run_id}"
        case Aborter.SERVER:
            return "The stopping server"
        case Aborter.ENGINE:
            return "The Docker engine stopped the container and"
    return "The user"


def _order(entry: TimelineEntry) -> str:
    if entry.name == OrderKind.METAMORPH:
        return f"ordered a metamorph to Actor {entry.text}"
    return ORDERS[str(entry.name)]


def _container_ended(entry: TimelineEntry) -> str:
    code = "" if entry.number is None else f" with exit code {entry.number}"
    return f"The container ended{code}."


def _oom_kill(entry: TimelineEntry) -> str:
    killed = f"{entry.number} processes" if entry.number and entry.number > 1 else "a process"
    return f"The kernel killed {killed} at the memory limit."


def _system_event(entry: TimelineEntry) -> str:
    if not entry.number:
        return f"The event {entry.name} was due, but the Actor does not listen to system events."
    return f"The Actor got the event {entry.name}."
