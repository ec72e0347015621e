"""Reports which records have changed, after the commit of the change, for as long as somebody watches.

Temporary triggers of the writer's connection report each changed row. So no write has to report itself, a deletion of
many rows is complete, and a database that nobody watches works as if there were no triggers.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from typing import NamedTuple

CREATED, MODIFIED, MOVED, DELETED = "created", "modified", "moved", "deleted"
FUNCTION = "note_row_change"


class RowChange(NamedTuple):
    """`kind` is that of the record, such as `run`. A change of a job's status is `moved`, any other one `modified`.

    A new entry of the time line of a run has the kind `timeline`, the id of the run, and no user.
    """

    kind: str
    id: str
    user_id: str | None
    change: str


Report = Callable[[list[RowChange]], None]

RECORD_TABLES = {"actors": "actor", "tasks": "task", "schedules": "schedule", "webhooks": "webhook", "fits": "fit"}
JOB_TABLES = {"runs": "run", "builds": "build"}
STORAGE_TABLES = {"datasets": "dataset", "key_value_stores": "key-value-store", "request_queues": "request-queue"}
STORAGE_COLUMNS = "modified_at, name, title, general_access"
"""A storage's other columns change without these only when reads are counted."""
PARTS = (
    ("versions", "actor", "actor_id", "(SELECT user_id FROM actors WHERE id = {row}.actor_id)"),
    ("dispatches", "webhook", "webhook_id", "{row}.user_id"),
)
"""Tables whose rows are shown as parts of another record: table, kind, the record's id, and its user."""


class RowChanges:
    """The changes of one database. `watch` and `stop` are called by the event loop, all other methods by the writer."""

    def __init__(self) -> None:
        self._report: Report | None = None
        self._is_watching = False
        self._noted: list[RowChange] = []
        self._committed: list[RowChange] = []

    def watch(self, report: Report) -> None:
        """Call `report` on the event loop with all changes of writes that begin from now on."""
        self._report = report

    def stop(self) -> None:
        self._report = None

    def report(self, changes: list[RowChange]) -> None:
        """Called on the event loop after a commit."""
        if self._report is not None:
            self._report(changes)

    def prepare(self, connection: sqlite3.Connection) -> None:
        """Create or drop the triggers, between two transactions."""
        wanted = self._report is not None
        if wanted is self._is_watching:
            return
        if wanted:
            connection.create_function(FUNCTION, 4, self._note)
        for statement in _creations() if wanted else _removals():
            connection.execute(statement)
        self._is_watching = wanted

    def mark(self) -> int:
        """The place to which `forget_after` returns."""
        return len(self._noted)

    def forget_after(self, mark: int = 0) -> None:
        """Forget the changes of a write that is rolled back."""
        del self._noted[mark:]

    def commit(self) -> None:
        if self._noted:
            self._committed += self._noted
            self._noted = []

    def take(self) -> list[RowChange]:
        """The committed changes that have not been taken yet."""
        if not self._committed:
            return []
        taken, self._committed = self._committed, []
        return taken

    def _note(self, kind: str, id: str, user_id: str | None, change: str) -> None:
        self._noted.append(RowChange(kind, id, user_id, change))


def _creations() -> Iterator[str]:
    moved = f"CASE WHEN NEW.status IS OLD.status THEN '{MODIFIED}' ELSE '{MOVED}' END"
    for table, kind in {**RECORD_TABLES, **JOB_TABLES, **STORAGE_TABLES}.items():
        columns = f" OF {STORAGE_COLUMNS}" if table in STORAGE_TABLES else ""
        modified = moved if table in JOB_TABLES else f"'{MODIFIED}'"
        yield _creation(table, "INSERT", f"'{kind}', NEW.id, NEW.user_id, '{CREATED}'")
        yield _creation(table, f"UPDATE{columns}", f"'{kind}', NEW.id, NEW.user_id, {modified}")
        yield _creation(table, "DELETE", f"'{kind}', OLD.id, OLD.user_id, '{DELETED}'")
    yield _creation("run_timeline", "INSERT", f"'timeline', NEW.run_id, NULL, '{CREATED}'")
    yield _creation("users", "INSERT", f"'user', NEW.id, NEW.id, '{CREATED}'")
    yield _creation("users", "UPDATE", f"'user', NEW.id, NEW.id, '{MODIFIED}'")
    for table, kind, id, user in PARTS:
        for event, row in (("INSERT", "NEW"), ("UPDATE", "NEW"), ("DELETE", "OLD")):
            yield _creation(table, event, f"'{kind}', {row}.{id}, {user.format(row=row)}, '{MODIFIED}'")


def _creation(table: str, event: str, arguments: str) -> str:
    name = _name(table, event.partition(" ")[0])
    return (
        f"CREATE TEMP TRIGGER IF NOT EXISTS {name} AFTER {event} ON {table} BEGIN SELECT {FUNCTION}({arguments}); END"
    )


def _removals() -> Iterator[str]:
    for table in (*RECORD_TABLES, *JOB_TABLES, *STORAGE_TABLES, "run_timeline", "users", *(each[0] for each in PARTS)):
        for event in ("INSERT", "UPDATE", "DELETE"):
            yield f"DROP TRIGGER IF EXISTS temp.{_name(table, event)}"


def _name(table: str, event: str) -> str:
    return f"watch_{table}_{event}"
