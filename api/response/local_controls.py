"""What the local controls (`/greenroom/...`) return. FastAPI generates their OpenAPI document from these models."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from runtime.builds.source_changes import Need
from runtime.clock_advance import MAX_ADVANCE_MILLIS
from runtime.runs.debugging import Language


class LocalModel(BaseModel):
    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, from_attributes=True, frozen=True, defer_build=True
    )


class EngineInfo(LocalModel):
    """The Docker engine, as probed at the start of the server."""

    version: str
    api_version: str
    cgroup_version: str
    storage_driver: str
    operating_system: str
    disk: Literal["hard", "polled", "none"] = Field(description="How the disk limit of runs is enforced.")
    disk_note: str
    quota_counts_image: bool = Field(description="Whether a run's disk usage includes the size of its image.")
    reads_cgroups: bool
    network: str
    gateway: str | None = Field(description="The address under which containers reach this server.")
    reaches_containers: bool = Field(description="Whether this machine reaches containers by their IP address.")
    memory_bytes: int
    cpus: int


class ServerInfo(LocalModel):
    """The status of the server."""

    version: str
    api_url: str
    data_dir: str
    engine: EngineInfo
    enforced: tuple[str, ...] = Field(description="The limits of runs that this engine enforces.")
    live_runs: int
    started_at: str = Field(description="An ISO 8601 timestamp.")
    proxy_url: str | None = Field(default=None, description="The address of the proxy. Null without a proxy.")
    proxy_upstreams: dict[str, str] = Field(
        default_factory=dict,
        description="The upstream proxies by group, without credentials. `*` stands for all other groups.",
    )
    settings: dict[str, Any] = Field(
        default_factory=dict,
        description="The settings of the server that are not defaults, by their names, without passwords and tokens.",
    )

    def as_json(self) -> dict[str, Any]:
        return self.model_dump(mode="json", by_alias=True)


class ShutdownStarted(LocalModel):
    """The server has begun to shut down."""

    live_runs: int = Field(description="How many live runs are left for the next start of the server to adopt.")


class SourceDefinition(LocalModel):
    """The definition of an Actor, read from its source."""

    document: dict[str, Any] = Field(description="The content of actor.json, with the schemas that it names.")
    input_schema: dict[str, Any] | None


class CheckedStart(LocalModel):
    """A run would accept the input and the options."""

    valid: Literal[True] = True


class ClientLogin(LocalModel):
    """How a client acts as the server's first user."""

    username: str
    token: str = Field(description="The user's token. If the server accepts every token, any of them.")


class StandInUser(LocalModel):
    """A user that owns Actors on this server."""

    id: str
    username: str


class PrunableBuild(LocalModel):
    id: str
    actor_name: str
    build_number: str
    finished_at: str = Field(description="An ISO 8601 timestamp.")
    image_size_bytes: int


class Prunable(LocalModel):
    """Builds that no tag, Actor or live run needs, and the images that their deletion removes."""

    builds: tuple[PrunableBuild, ...]
    images: int = Field(description="How many images no other build uses.")
    image_bytes: int = Field(description="The size of these images. Less may become free: images can share layers.")


class ClockAdvanceOrder(LocalModel):
    """By how much the clock is advanced."""

    advance_secs: float = Field(gt=0, le=MAX_ADVANCE_MILLIS // 1000, description="Seconds, up to those of a leap year.")


class ClockAdvanced(LocalModel):
    """The clock of schedules, retention and webhook retries after an advance."""

    now: str = Field(description="The time that it shows, as an ISO 8601 timestamp.")
    ahead_secs: float = Field(description="How far it is ahead of the machine's clock, in seconds.")
    ticks: int = Field(description="How often schedules ran within the time of the advance.")


class RunEnvelope(LocalModel):
    data: dict[str, Any] = Field(description="The run, as GET /v2/actor-runs/{runId} returns it.")


class FiredSchedule(LocalModel):
    """The runs of a schedule that were started without waiting for its time."""

    run_ids: tuple[str, ...]
    problems: tuple[str, ...] = Field(description="For each run that was not started, the reason.")


class TerminalSize(LocalModel):
    columns: int = Field(ge=1, le=10_000)
    rows: int = Field(ge=1, le=10_000)


class ShellOrder(LocalModel):
    """A process to start in the container of a run."""

    command: tuple[str, ...] = Field(default=(), description="A command with its arguments. Empty means a shell.")
    terminal: TerminalSize | None = Field(default=None, description="Null means that the process gets no terminal.")
    term: str = Field(default="xterm", description="The type of the terminal, as its variable TERM.")


class QueueOrder(LocalModel):
    data: list[str] = Field(
        description="The ids of the requests that have not been handled, in the order of the queue."
    )


class GroupUse(LocalModel):
    """What a run has used of one group of the proxy."""

    requests: int = Field(description="Requests, and tunnels for other protocols.")
    sessions: int = Field(description="How many different sessions the requests named.")
    sent_bytes: int = Field(description="Bytes that the proxy sent to web sites.")
    received_bytes: int = Field(description="Bytes that the proxy received from web sites.")
    client_bytes: int = Field(description="Bytes that the Actor and the proxy exchanged.")
    serps: int = Field(description="Pages of search results.")


class RunProxyUse(LocalModel):
    data: dict[str, GroupUse] = Field(description="What the run has used of the proxy, by group.")


class EvidenceItem(LocalModel):
    """A quoted line or a number."""

    source: str = Field(description="Where it comes from, for example `cgroup`, `exit code` or `log`.")
    text: str


class CauseItem(LocalModel):
    """A cause for which there is evidence."""

    id: str = Field(description="The name of the cause; docs/explain.md lists all of them.")
    certainty: Literal["certain", "likely", "circumstance"] = Field(
        description="Whether it is proven, the last output names it, or it only happened too."
    )
    sentence: str
    evidence: tuple[EvidenceItem, ...]
    advice: str
    command: str | None = Field(description="The next command to type.")


class JobExplanation(LocalModel):
    """Why a run or build ended, or what limits a live run."""

    id: str
    kind: Literal["run", "build"]
    status: str
    is_live: bool
    exit_code: int | None
    summary: str = Field(description="The strongest cause in one sentence, or that there is no evidence.")
    command: str = Field(description="The next command to type.")
    causes: tuple[CauseItem, ...] = Field(description="All causes, the strongest first.")
    facts: tuple[EvidenceItem, ...] = Field(description="Numbers about the run. What was not measured is left out.")
    last_lines: tuple[str, ...] = Field(description="The last lines of the log.")


class ExplanationEnvelope(LocalModel):
    data: JobExplanation


class ProxyFault(LocalModel):
    """A fault of the proxy, for tests."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", from_attributes=True, frozen=True)

    kind: Literal["refused", "slow", "status"] = Field(
        description="The target refuses the connection, the request is delayed, or the proxy returns a status."
    )
    count: int = Field(default=1, ge=1, le=1_000_000, description="How many requests get the fault.")
    group: str | None = Field(default=None, description="Only requests of this group. Without groups, it is `auto`.")
    host: str | None = Field(default=None, description="Only requests to this host name.")
    status: int = Field(default=403, ge=400, le=599, description="The status, for the kind `status`.")
    delay_secs: float = Field(default=5, ge=0, le=3600, description="The delay, for the kind `slow`.")


class ProxyFaults(LocalModel):
    data: tuple[ProxyFault, ...] = Field(description="The ordered faults that have not all happened yet.")


class DevFolderOrder(LocalModel):
    """A folder of this machine."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    folder: str = Field(description="An absolute path.")


class DevFolder(LocalModel):
    """The local folder of an Actor, or null."""

    folder: str | None


class SourceChanges(LocalModel):
    """The files that were added, changed or deleted."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    paths: tuple[str, ...] = Field(description="Absolute paths.")


class SourceNeed(LocalModel):
    """What changes need: nothing, a new container of the same image, or a new build."""

    need: Need


class DebuggerInfo(LocalModel):
    """How to debug the runs of a build."""

    language: Language = Field(description="The language of the program that the image starts.")
    working_folder: str = Field(description="The working directory in the container.")


class ErrorObject(LocalModel):
    type: str
    message: str


class ErrorEnvelope(LocalModel):
    """The platform's error object."""

    error: ErrorObject
