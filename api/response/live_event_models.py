"""The types of live events."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from api.response.doctor_models import DoctorReport
from api.response.fit_models import FitDetails
from api.response.local_controls import LocalModel
from api.response.proxy_request_models import ProxiedRequests
from api.response.run_detail_models import TimelineEntry
from api.response.run_list_models import RunSummary
from api.response.standby_models import StandbyTargets

MAX_TOPICS = 100
LIST_TOPICS = ("runs", "builds", "records", "standby", "server", "proxy", "doctor")
RECORD_TOPICS = ("run", "build", "fit")
"""A colon and the id of a record follow."""
TOPIC_NAMES = (*LIST_TOPICS, *(f"{kind}:ID" for kind in RECORD_TOPICS))
SHOWN_TOPICS = ", ".join(f"`{name}`" for name in TOPIC_NAMES)


class Topics(LocalModel):
    topics: tuple[str, ...] = Field(max_length=MAX_TOPICS, description=f"Some of {SHOWN_TOPICS}.")


class Hello(LocalModel):
    """The first event of each stream."""

    connection: str = Field(description="The id of the connection. It stays the same if a lost stream is continued.")
    position: str = Field(description="The id from which a lost stream can be continued, as that of each event.")
    topics: tuple[str, ...] = Field(description="The topics of the connection. A continued one has its last topics.")


class Reset(LocalModel):
    """Events are missing, so what a page has fetched may be outdated."""

    topics: tuple[str, ...] = Field(description="The topics with missing events.")


class BuildEvent(LocalModel):
    """A new or changed build."""

    id: str
    actor_id: str
    build_number: str
    status: str
    started_at: str = Field(description="An ISO 8601 timestamp.")
    finished_at: str | None


class RecordChange(LocalModel):
    """A record was created, modified or deleted. Runs and builds are only reported here when they are deleted."""

    kind: Literal[
        "actor",
        "task",
        "schedule",
        "webhook",
        "fit",
        "dataset",
        "key-value-store",
        "request-queue",
        "user",
        "run",
        "build",
    ]
    id: str
    change: Literal["created", "modified", "deleted"]


class SampledProcess(LocalModel):
    """What the processes of one program used. Both are estimates."""

    name: str
    memory_bytes: float | None
    cpu_cores: float | None


class SampledCurves(LocalModel):
    """One value for each curve of a run's metrics, in the same units. Null if it was not measured."""

    memory_bytes: float | None
    anonymous_bytes: float | None
    kernel_bytes: float | None
    shared_bytes: float | None
    cache_bytes: float | None
    limit_bytes: float | None
    cpu_cores: float | None
    granted_cores: float | None
    cpu_share: float | None
    throttled_share: float | None
    received_per_sec: float | None
    sent_per_sec: float | None
    disk_bytes: float | None
    processes: float | None
    threads: float | None


class RunSample(LocalModel):
    """One point of the metrics of a run."""

    id: str = Field(description="The id of the run.")
    at: int = Field(description="Milliseconds since 1970.")
    curves: SampledCurves
    processes: tuple[SampledProcess, ...]


class LogGrowth(LocalModel):
    """The size of the public log of a run or build with ANSI codes."""

    id: str
    bytes: int
    lines: int


class TimelineEvent(TimelineEntry):
    """A new entry of the time line of a run."""

    id: str = Field(description="The id of the run.")


class ServerState(LocalModel):
    """The load of the server."""

    used_mbytes: int = Field(description="The memory of the user's live runs and builds.")
    limit_mbytes: int = Field(description="How much the user may use at the same time.")
    live_runs: int = Field(description="The number of live runs of all users.")
    is_engine_reachable: bool
    data_folder_bytes: int | None = Field(
        description="The size of the data directory when it was last measured, for `GET /greenroom/data-folder`."
    )


class EventData(LocalModel):
    """The data of each event, by the name of the event. `log` is sent for runs and builds."""

    hello: Hello
    reset: Reset
    run: RunSummary
    build: BuildEvent
    changed: RecordChange
    sample: RunSample
    log: LogGrowth
    timeline: TimelineEvent
    fit: FitDetails
    standby: StandbyTargets
    server: ServerState
    proxied: ProxiedRequests
    doctor: DoctorReport
