"""Runs: their records and the queries on them. `status.py` writes their statuses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from runtime.base.clock import Millis
from runtime.base.errors import record_not_found
from runtime.base.paging import Page, Paging
from runtime.base.records import (
    Actor,
    ListPosition,
    Run,
    RunFilter,
    RunListPage,
    RunListQuery,
    RunStats,
    Task,
    User,
)
from runtime.database import Database
from runtime.jobs.completion import Completion

MAX_REJECTIONS = 3
"""An Actor may repeat requests that its permissions do not allow, without end."""


class Runs:
    """All runs of an instance."""

    def __init__(self, *, database: Database, completion: Completion) -> None:
        self._database = database
        self._completion = completion

    async def insert(self, run: Run) -> Run:
        """Store a new run."""
        return await self._database.runs.insert(run)

    def get(self, id: str) -> Run:
        """Raises NotFound."""
        run = self._database.runs.get(id)
        if run is None:
            raise record_not_found("Run", id)
        return run

    def find_by_web_key(self, web_key: str) -> Run | None:
        return self._database.runs.by_web_key(web_key)

    def find_by_events_key(self, events_key: str) -> Run | None:
        return self._database.runs.by_events_key(events_key)

    def last(self, user: User, of: Actor | Task, filter: RunFilter) -> Run:
        """The user's newest run of an Actor or task that passes the filter. Raises NotFound."""
        run = self._database.runs.newest(user.id, of, filter)
        if run is None:
            raise record_not_found("Run", "last")
        return run

    def page(self, user: User, of: Actor | Task | None, filter: RunFilter, paging: Paging) -> Page[Run]:
        """The user's runs, or the user's runs of one Actor or task, in the order of their start."""
        return self._database.runs.page(user.id, of, filter, paging)

    async def search(
        self, user: User, query: RunListQuery, limit: int, at: ListPosition | None, now: Millis
    ) -> RunListPage:
        """A page of a list of the user's runs, from this place on."""
        return await self._database.run_lists.page(user.id, query, limit, at, now)

    def ended_before(self, user: User, moment: Millis, *, except_newest: int) -> list[Run]:
        """The user's runs that ended before a moment, without the user's `except_newest` newest runs."""
        return self._database.runs.ended_before(user.id, moment, except_newest=except_newest)

    def unfinished(self) -> list[Run]:
        return self._database.runs.unfinished()

    def has_started(self, ancestor: Run | None, id: str) -> bool:
        """Whether `ancestor` started the run with this id, directly or through runs that it started."""
        run = self._database.runs.get(id)
        while ancestor is not None and run is not None and run.started_by_run_id is not None:
            if run.started_by_run_id == ancestor.id:
                return True
            run = self._database.runs.get(run.started_by_run_id)
        return False

    async def wait(self, id: str, secs: float) -> Run:
        """Wait until the run has ended, at most `secs` seconds; return its current record."""
        if secs > 0 and not self.get(id).status.is_terminal:
            await self._completion.wait(id, secs)
        return self.get(id)

    async def change(self, id: str, change: Callable[[Run], Run]) -> Run:
        """Change anything in the run's record except its status. Raises NotFound."""

        def with_its_status(now: Run) -> Run:
            after = change(now)
            return after if after.status is now.status else replace(after, status=now.status)  # a copy takes long

        run = await self._database.runs.update(id, with_its_status)
        if run is None:
            raise record_not_found("Run", id)
        return run

    async def change_stats(self, id: str, change: Callable[[RunStats], RunStats]) -> RunStats:
        return (await self.change(id, lambda now: replace(now, stats=change(now.stats)))).stats

    async def record_rejection(self, id: str, request: str) -> None:
        """Record an API request of the run that its permissions do not allow. Only the first different ones count."""
        recorded = self.get(id).rejections
        if request not in recorded and len(recorded) < MAX_REJECTIONS:
            await self.change(id, lambda now: replace(now, rejections=(*now.rejections, request)))

    async def set_status_message(
        self, id: str, message: str | None, is_terminal: bool | None, *, by_actor: bool
    ) -> Run:
        """Store a status message from the run's Actor or from its user. Raises NotFound.

        A message of the Actor may arrive just after the run has ended. Then only a terminal message replaces a text
        that explains the end.
        """

        def with_message(now: Run) -> Run:
            if by_actor and now.is_end_explained and not is_terminal:
                return now
            return replace(now, status_message=message, is_status_message_terminal=is_terminal)

        return await self.change(id, with_message)
