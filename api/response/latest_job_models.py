"""The types of the latest jobs of Actors and tasks, which the web console shows in its lists."""

from __future__ import annotations

from pydantic import Field

from api.response.local_controls import LocalModel


class LastRun(LocalModel):
    """A run, as far as lists of Actors and tasks show it."""

    id: str
    status: str
    started_at: str = Field(description="An ISO 8601 timestamp.")
    finished_at: str | None


class LatestBuild(LocalModel):
    """A build, as far as the list of Actors shows it."""

    id: str
    build_number: str
    status: str
    started_at: str = Field(description="An ISO 8601 timestamp.")
    finished_at: str | None


class JobsOfActor(LocalModel):
    actor_id: str
    latest_build: LatestBuild | None = Field(
        description="The build that was started last. Null without builds, and for another user's Actor."
    )
    last_run: LastRun | None = Field(description="The caller's run of this Actor that was started last.")
    recent_runs: int = Field(description="How many runs of this Actor the caller has started in the last 7 days.")


class JobsOfActors(LocalModel):
    items: tuple[JobsOfActor, ...] = Field(
        description="The Actors with runs of the caller, and the caller's Actors with builds, in no particular order."
    )


class RunOfTask(LocalModel):
    task_id: str
    last_run: LastRun


class RunsOfTasks(LocalModel):
    items: tuple[RunOfTask, ...] = Field(description="The tasks that have been run, in no particular order.")
