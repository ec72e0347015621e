"""The latest jobs of all Actors or all tasks of a user, for lists of Actors and tasks."""

from __future__ import annotations

import sqlite3

from runtime.base.clock import Millis
from runtime.base.records import ActorJobs, LatestBuild, LatestRun
from runtime.database.sqlite_connection import SqliteConnection

LAST_RUNS = """
    SELECT actor_id, max(started_at), id, status, finished_at, sum(started_at >= :since)
    FROM runs WHERE user_id = :user GROUP BY actor_id
"""
"""The index `runs_in_lists` alone answers this. SQLite takes the other columns from the row of the maximum."""
LAST_BUILDS = """
    SELECT actors.id, builds.id, builds.number, builds.status, builds.started_at,
        json_extract(builds.body, '$.finished_at')
    FROM actors JOIN builds ON builds.rowid = (
        SELECT rowid FROM builds WHERE actor_id = actors.id ORDER BY started_at DESC, rowid DESC LIMIT 1
    )
    WHERE actors.user_id = :user
"""
LAST_RUNS_OF_TASKS = """
    SELECT tasks.id, runs.id, runs.status, runs.started_at, runs.finished_at
    FROM tasks JOIN runs ON runs.rowid = (
        SELECT rowid FROM runs WHERE task_id = tasks.id ORDER BY started_at DESC, rowid DESC LIMIT 1
    )
    WHERE tasks.user_id = :user
"""


class LatestJobs:
    def __init__(self, connection: SqliteConnection) -> None:
        self._connection = connection

    async def of_actors(self, user_id: str, since: Millis) -> dict[str, ActorJobs]:
        """The latest jobs of the Actors that a user has run or built, by the Actor's id.

        The runs are the user's, and the builds those of the user's own Actors. Runs since `since` are counted.
        """

        def read(connection: sqlite3.Connection) -> dict[str, ActorJobs]:
            values = {"user": user_id, "since": since}
            runs = {
                actor: (LatestRun(id, status, started_at, finished_at), recent)
                for actor, started_at, id, status, finished_at, recent in connection.execute(LAST_RUNS, values)
            }
            builds = {actor: LatestBuild(*build) for actor, *build in connection.execute(LAST_BUILDS, values)}
            return {id: _jobs(runs.get(id), builds.get(id)) for id in runs.keys() | builds.keys()}

        return await self._connection.query_in_thread(read)

    async def of_tasks(self, user_id: str) -> dict[str, LatestRun]:
        """The last run of each of a user's tasks that has been run, by the task's id."""

        def read(connection: sqlite3.Connection) -> dict[str, LatestRun]:
            rows = connection.execute(LAST_RUNS_OF_TASKS, {"user": user_id})
            return {task: LatestRun(*run) for task, *run in rows}

        return await self._connection.query_in_thread(read)


def _jobs(runs: tuple[LatestRun, int] | None, latest_build: LatestBuild | None) -> ActorJobs:
    last_run, recent_runs = runs or (None, 0)
    return ActorJobs(last_run, recent_runs, latest_build)
