"""What happened to a run: the entries of its time line, and how a change of its record becomes entries.

The entries of a change are stored in the same write as the change, so that a crash neither loses nor repeats them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from runtime.base.clock import Millis
from runtime.base.records.endings import Aborter
from runtime.base.records.runs import Restart, Run


class TimelineKind(StrEnum):
    CREATED = "created"
    STATUS = "status"
    ORDER = "order"
    LIMIT = "limit"  # Greenroom stops the Actor because of one of its limits
    CONTAINER_STARTED = "container-started"
    CONTAINER_ENDED = "container-ended"
    RESTARTED = "restarted"  # the run continues in a new container
    OOM_KILL = "oom-kill"
    WEB_SERVER_READY = "web-server-ready"
    SYSTEM_EVENT = "system-event"


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEntry:
    """One entry. `position` counts the entries of a run; it is set when the entry is stored.

    `name` is the new status, the order, the reason of a restart, or the system event. `number` is an exit code, the
    number of killed processes, or how many sockets received an event. `by` is who ordered it, `run_id` the other run
    that did, and `text` the reason, the id of a container, or what started the run.
    """

    at: Millis
    kind: TimelineKind
    name: str | None = None
    number: int | None = None
    by: Aborter | None = None
    run_id: str | None = None
    text: str | None = None
    position: int = 0


RESTARTS = {
    Restart.REBOOT: "reboot",
    Restart.MIGRATION: "migration",
    Restart.METAMORPH: "metamorph",
    Restart.ON_ERROR: "restart-on-error",
}


def entries_of_new(run: Run) -> Iterator[TimelineEntry]:
    """The first entry of a run."""
    by = Aborter.RUN if run.started_by_run_id else None if run.meta.schedule_id else Aborter.USER
    yield TimelineEntry(
        at=run.started_at,
        kind=TimelineKind.CREATED,
        name=run.meta.origin,
        by=by,
        run_id=run.started_by_run_id,
        text=run.meta.schedule_id,
    )


def entries_of_change(before: Run, after: Run, now: Millis) -> Iterator[TimelineEntry]:
    """The entries for a change of a run's record, in the order in which its parts happened."""
    order = after.last_order
    if order is not None and order != before.last_order:
        yield TimelineEntry(
            at=order.at, kind=TimelineKind.ORDER, name=order.kind, by=order.by, run_id=order.run_id, text=order.target
        )
    if after.stopped_because is not None and after.stopped_because != before.stopped_because:
        yield TimelineEntry(at=now, kind=TimelineKind.LIMIT, text=after.stopped_because)
    yield from _entries_of_container(before, after, now)
    if before.restart is not None and after.restart is None and before.container_id and not after.container_id:
        yield TimelineEntry(at=now, kind=TimelineKind.RESTARTED, name=RESTARTS[before.restart])
    if after.status is not before.status:
        at = after.finished_at if after.status.is_terminal and after.finished_at else now
        yield TimelineEntry(at=at, kind=TimelineKind.STATUS, name=after.status, text=before.status)


def _entries_of_container(before: Run, after: Run, now: Millis) -> Iterator[TimelineEntry]:
    """What happened to the container, or in it."""
    if after.container_id is not None and after.container_id != before.container_id:
        started = after.container_started_at or now
        yield TimelineEntry(at=started, kind=TimelineKind.CONTAINER_STARTED, text=after.container_id)
    if after.is_container_server_ready and not before.is_container_server_ready:
        yield TimelineEntry(at=now, kind=TimelineKind.WEB_SERVER_READY)
    counted = after.stats.oom_kills or 0
    kills = counted - (before.stats.oom_kills or 0)
    if kills > 0:
        yield TimelineEntry(at=now, kind=TimelineKind.OOM_KILL, number=kills)
    end = after.container_end
    if end is not None and end != before.container_end:
        if end.oom_killed and counted == 0:  # the kernel's count was not read in time
            yield TimelineEntry(at=end.at, kind=TimelineKind.OOM_KILL)
        yield TimelineEntry(
            at=end.at,
            kind=TimelineKind.CONTAINER_ENDED,
            name="oom" if end.oom_killed else None,
            number=end.exit_code,
            text=after.container_id,
        )
