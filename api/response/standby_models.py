"""What the local controls return about Standby."""

from __future__ import annotations

from pydantic import Field

from api.response.local_controls import LocalModel

AT = "An ISO 8601 timestamp."


class StandbySettings(LocalModel):
    """The settings that apply: those of the task, the Actor's for the rest, then the defaults."""

    desired_requests_per_actor_run: int
    max_requests_per_actor_run: int
    idle_timeout_secs: int
    build: str = Field(description="A tag or a number.")
    memory_mbytes: int
    should_pass_actor_input: bool


class StandbyRun(LocalModel):
    """A live run that serves Standby requests."""

    id: str
    build_number: str | None = Field(description="Null until the run is stored.")
    status: str | None = Field(description="The status of the run. Null until the run is stored.")
    started_at: str | None = Field(description=AT)
    is_ready: bool = Field(description="Whether its web server has answered.")
    is_outdated: bool = Field(description="It has another build than new runs: it ends after its last request.")
    is_ending: bool = Field(description="It is being stopped, and gets no more requests.")
    open_requests: int = Field(description="Includes those that wait until the run is ready.")
    requests: int = Field(description="All requests since the start of the run or of the server.")
    requests_per_sec: float = Field(description="The mean of the last ten seconds.")
    idle_since: str | None = Field(description=f"{AT} Null while a request is open.")


class StandbyProblem(LocalModel):
    """Why the last run that was started did not become ready."""

    at: str = Field(description=AT)
    message: str


class StandbyTarget(LocalModel):
    """An Actor or a task with Standby, and the runs that serve the requests of the caller's user."""

    label: str = Field(description="The first part of the host name, and the last one of the path.")
    url: str = Field(description="Where requests are sent, with a token: `standbyUrl`.")
    page_url: str = Field(description="The same in the form that accepts the session of a browser instead of a token.")
    actor_id: str
    actor_name: str = Field(description="`username/name`.")
    actor_title: str | None
    task_id: str | None = Field(description="Null for the Actor itself.")
    task_name: str | None
    is_enabled: bool = Field(description="False while runs end after Standby was disabled.")
    settings: StandbySettings
    build_number: str | None = Field(description="The build for new runs. Null without such a build.")
    web_server_mcp_path: str | None = Field(description="The path of an MCP server, if actor.json names one.")
    waiting_requests: int = Field(description="Requests that wait until a run is ready.")
    open_requests: int
    requests_per_sec: float = Field(description="The mean of the last ten seconds.")
    recent_requests: tuple[int, ...] = Field(
        description="The requests that a run got in each of the last 60 complete seconds, the oldest first."
    )
    problem: StandbyProblem | None = Field(description="Null once another run is ready.")
    runs: tuple[StandbyRun, ...] = Field(description="Oldest first.")


class StandbyTargets(LocalModel):
    """All Actors and tasks with Standby of a user, and others that the user is using."""

    items: tuple[StandbyTarget, ...]


class WarmRun(LocalModel):
    """A run that is ready for Standby requests."""

    run_id: str
    url: str = Field(description="Where requests are sent, with a token.")


class StoppedRuns(LocalModel):
    """The runs that are being stopped."""

    run_ids: tuple[str, ...]
