"""The tables of jobs: runs and builds."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Set
from dataclasses import replace

from runtime.base.clock import Clock, Millis
from runtime.base.paging import Page, Paging
from runtime.base.records import Actor, Build, Run, RunFilter, Task, TimelineEntry, WebhookCondition
from runtime.base.records.timeline import entries_of_change, entries_of_new
from runtime.base.vault import Vault
from runtime.database.run_timeline import RunTimelineTable
from runtime.database.secret_env_vars import SecretEnvVarsCodec
from runtime.database.sqlite_connection import SqliteConnection
from runtime.database.tables import R, RecordCodec, Table

LIVE = frozenset({"READY", "RUNNING", "TIMING-OUT", "ABORTING"})
UNFINISHED = "status IN ('READY', 'RUNNING', 'TIMING-OUT', 'ABORTING')"
"""The statuses are listed, because SQLite would not use the index on the status to exclude the terminal ones."""
HAS_PENDING_EVENTS = "json_extract(body, '$.pending_events') <> '{}'"
"""This must be exactly the expression of the partial index, because otherwise SQLite does not use the index."""
LAST_METAMORPH = "json_extract(body, '$.metamorphs[#-1]"
"""The beginning of an expression for a field of the Actor that a run has become."""
SCHEDULED_BY = "json_extract(body, '$.meta.scheduled_by')"
AFTER_IDS = "~"
"""A character that is greater than all characters of ids."""
NEWEST_FIRST = "ORDER BY started_at DESC, rowid DESC"


class JobsTable(Table[R]):
    """What the tables of runs and builds have in common. Jobs can end on a full disk: updates may use its reserve."""

    async def update(self, id: str, change: Callable[[R], R], *, may_use_reserve: bool = True) -> R | None:
        return await super().update(id, change, may_use_reserve=may_use_reserve)

    def unfinished(self) -> list[R]:
        return self._find_all(UNFINISHED)

    def ended_before(self, user_id: str, moment: Millis, *, except_newest: int) -> list[R]:
        """A user's jobs that ended before `moment`. The `except_newest` newest of all the user's jobs are left out."""
        newest = f"SELECT id FROM {self._name} WHERE user_id = ? {NEWEST_FIRST} LIMIT ?"
        ended = "user_id = ? AND json_extract(body, '$.finished_at') < ?"
        return self._find_all(f"{ended} AND id NOT IN ({newest})", user_id, moment, user_id, except_newest)

    def with_pending_events(self) -> list[R]:
        """The jobs with events that have not been dispatched to webhooks."""
        return self._find_all(HAS_PENDING_EVENTS)

    def unfinished_count_and_mbytes(self, user_id: str) -> tuple[int, int]:
        """The number of a user's unfinished jobs, and their total memory in megabytes.

        This is part of every start: the index leads to the unfinished jobs only. Without the `+`, SQLite could instead
        read all jobs of the user.
        """
        memory = "coalesce(sum(json_extract(body, '$.options.memory_mbytes')), 0)"
        query = f"SELECT count(*), {memory} FROM {self._name} WHERE +user_id = ? AND {UNFINISHED}"
        [(count, mbytes)] = self._fetch_all(query, user_id)
        return count, int(mbytes)


class RunsTable(JobsTable[Run]):
    """Each change of a run sets its `modified_at`, and adds to its time line what happened."""

    def __init__(self, connection: SqliteConnection, timeline: RunTimelineTable, clock: Clock) -> None:
        super().__init__(connection, "runs", RecordCodec(Run))
        self._timeline = timeline
        self._clock = clock

    def update_within(self, connection: sqlite3.Connection, id: str, change: Callable[[Run], Run]) -> Run | None:
        entries: list[TimelineEntry] = []

        def with_time(before: Run) -> Run:
            after = change(before)
            if after is before:
                return after
            now = max(before.modified_at, self._clock.now())
            entries.extend(entries_of_change(before, after, now))
            return replace(after, modified_at=now)

        run = super().update_within(connection, id, with_time)
        if entries:
            self._timeline.add_within(connection, id, entries)
        return run

    def _insert_within(self, connection: sqlite3.Connection, record: Run) -> Run:
        run = super()._insert_within(connection, record)
        self._timeline.add_within(connection, run.id, entries_of_new(run))
        return run

    def by_token(self, token: str) -> Run | None:
        return self._find("token = ?", token)

    def by_web_key(self, web_key: str) -> Run | None:
        return self._find("web_key = ?", web_key)

    def by_events_key(self, events_key: str) -> Run | None:
        return self._find("events_key = ?", events_key)

    def newest(self, user_id: str, of: Actor | Task | None, wanted: RunFilter) -> Run | None:
        """The newest of a user's runs, or of their runs of one Actor or task."""
        condition, values = _matching_runs(user_id, of, wanted)
        return self._find(f"{condition} {NEWEST_FIRST}", *values)

    def page(self, user_id: str, of: Actor | Task | None, wanted: RunFilter, paging: Paging) -> Page[Run]:
        """A user's runs, or their runs of one Actor or task, in the order of their start."""
        condition, values = _matching_runs(user_id, of, wanted)
        return self._page(condition, values, order_by="started_at", paging=paging)

    def of_pending_action(self, schedule_id: str, pending_id: str) -> Run | None:
        """The run that a schedule has started for a pending action."""
        return self._find(f"schedule_id = ? AND {SCHEDULED_BY} = ?", schedule_id, pending_id)

    def unfinished_of_schedule(self, schedule_id: str) -> list[Run]:
        return self._find_all(f"schedule_id = ? AND {UNFINISHED}", schedule_id)

    def newest_of_condition(self, user_id: str, condition: WebhookCondition) -> Run | None:
        """The user's newest run that matches a webhook's condition: by its own id, its Actor or its task."""
        ids = (condition.actor_run_id, condition.actor_id, condition.actor_task_id)
        return self._find(f"user_id = ? AND (id = ? OR actor_id = ? OR task_id = ?) {NEWEST_FIRST}", user_id, *ids)

    def has_unfinished_of_actor(self, actor_id: str) -> bool:
        """Whether an unfinished run belongs to the Actor or has become a run of it."""
        return self._exists(f"(actor_id = ? OR {LAST_METAMORPH}.actor_id') = ?) AND {UNFINISHED}", actor_id, actor_id)

    def has_of_build(self, build_id: str) -> bool:
        return self._exists("build_id = ?", build_id)

    def has_unfinished_of_build(self, build_id: str) -> bool:
        return self._exists(f"(build_id = ? OR {LAST_METAMORPH}.build_id') = ?) AND {UNFINISHED}", build_id, build_id)

    async def delete_ended(self, id: str) -> bool:
        """Delete a run only if it has ended; return whether it did."""
        return await self._delete_where(f"id = ? AND NOT ({UNFINISHED})", id) > 0


class BuildsTable(JobsTable[Build]):
    def __init__(self, connection: SqliteConnection, vault: Vault) -> None:
        super().__init__(connection, "builds", SecretEnvVarsCodec(Build, vault))

    def by_number(self, actor_id: str, number: str) -> Build | None:
        return self._find("actor_id = ? AND number = ?", actor_id, number)

    def by_fingerprint(self, actor_id: str, fingerprint: str) -> list[Build]:
        """An Actor's builds from identical sources, newest first."""
        condition = "actor_id = ? AND json_extract(body, '$.fingerprint') = ?"
        return self._find_all(f"{condition} {NEWEST_FIRST}", actor_id, fingerprint)

    def images_except(self, ids: Set[str]) -> set[str]:
        """The engine's ids of the images of all builds without these."""
        rows = self._fetch_all("SELECT id, json_extract(body, '$.image') FROM builds")
        return {image for id, image in rows if image is not None and id not in ids}

    def of_actor(self, actor_id: str) -> list[Build]:
        return self._find_all("actor_id = ?", actor_id)

    def page(self, user_id: str, actor: Actor | None, paging: Paging) -> Page[Build]:
        """A user's builds, or all builds of one Actor, in the order of their start."""
        condition, value = ("user_id = ?", user_id) if actor is None else ("actor_id = ?", actor.id)
        return self._page(condition, [value], order_by="started_at", paging=paging)

    def last_number(self, actor_id: str, version_number: str) -> int:
        """The highest N among the builds MAJOR.MINOR.N of a version; 0 if there is none."""
        query = "SELECT number FROM builds WHERE actor_id = ? AND number LIKE ?"
        numbers = self._fetch_all(query, actor_id, f"{version_number}.%")
        return max((int(number.rpartition(".")[2]) for (number,) in numbers), default=0)


def _matching_runs(user_id: str, of: Actor | Task | None, wanted: RunFilter) -> tuple[str, list[object]]:
    """The SQL condition for a list of runs, with its values.

    Without the `+`, SQLite would read all runs of the user, even if the condition selects unfinished runs or an id.
    """
    is_selective = wanted.id_prefix is not None or (wanted.statuses and LIVE.issuperset(wanted.statuses))
    conditions: dict[str, object] = {
        "+user_id = ?" if is_selective else "user_id = ?": user_id,
        "task_id = ?": of.id if isinstance(of, Task) else None,
        "actor_id = ?": of.id if isinstance(of, Actor) else None,
        "origin = ?": wanted.origin,
        "started_at >= ?": wanted.started_after,
        "started_at <= ?": wanted.started_before,
    }
    given = {condition: value for condition, value in conditions.items() if value is not None}
    parts, values = list(given), list(given.values())
    if wanted.id_prefix is not None:
        parts.append("id >= ? AND id < ?")
        values.extend((wanted.id_prefix, wanted.id_prefix + AFTER_IDS))
    if wanted.statuses:
        parts.append(f"status IN ({','.join('?' * len(wanted.statuses))})")
        values.extend(wanted.statuses)
    return " AND ".join(parts), values
