"""Runs of Actors: options, statistics, accepted orders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from runtime.base.clock import Millis
from runtime.base.lifecycle import JobStatus
from runtime.base.records.actors import PermissionLevel, Pricing
from runtime.base.records.jobs import Meta
from runtime.base.records.storages import GeneralAccess
from runtime.base.records.webhooks import WebhookEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """`timeout_secs` 0 means none; `disk_mbytes` is twice the memory; `asked_mbytes` is the memory before rounding."""

    build: str
    timeout_secs: int
    memory_mbytes: int
    disk_mbytes: int
    asked_mbytes: float
    max_items: int | None = None
    max_total_charge_usd: float | None = None
    restart_on_error: bool = False


class Restart(StrEnum):
    """Why a run goes on in a new container."""

    REBOOT = "REBOOT"
    MIGRATION = "MIGRATION"
    METAMORPH = "METAMORPH"
    ON_ERROR = "ON_ERROR"


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageGrant:
    """A storage that a run may read, or write too, because its input passed it on."""

    id: str
    may_write: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Metamorph:
    """A change of a run into another Actor.

    `input_key` is where that finds its input, `grants` what that passes on; `datasets` and `output` are the run's from
    then on.
    """

    created_at: Millis
    actor_id: str
    build_id: str
    build_number: str
    input_key: str
    web_server_port: int
    grants: tuple[StorageGrant, ...] = ()
    datasets: Mapping[str, str] = field(default_factory=dict)
    output: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStats:
    """Bytes, percent of one core, and counts. `sampled_millis` is the time that the averages stand for.

    `api_bytes` is what of the network's bytes was exchanged with the API.

    The `earlier_` fields are what of the totals was counted in containers before the current one.
    """

    input_body_len: int = 0
    mem_avg_bytes: float = 0.0
    mem_max_bytes: int = 0
    mem_current_bytes: int = 0
    cpu_avg_usage: float = 0.0
    cpu_max_usage: float = 0.0
    cpu_current_usage: float = 0.0
    net_rx_bytes: int = 0
    net_tx_bytes: int = 0
    api_bytes: int = 0
    disk_max_bytes: int = 0
    sampled_millis: int = 0
    earlier_millis: int = 0
    earlier_cpu_nanos: int = 0
    earlier_rx_bytes: int = 0
    earlier_tx_bytes: int = 0
    migration_count: int = 0
    reboot_count: int = 0
    restart_count: int = 0
    resurrect_count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """`web_key` names the container's web server in its URL and `events_key` its events socket; both are secrets.

    `api_port` is the port under which its container knows the API, for as long as that lives; 0 is unknown.
    `container_started_at` is the engine's own time, from which the CPU burst window counts. `stopped_because`
    is why Greenroom itself stopped the Actor, written before it is stopped, so that a restarted server knows.

    Orders are in the record too: at `stop_at` the container is killed, and then the run goes on in a new one where
    `restart` says so (as `next_metamorph`, for a metamorph). `resumed_at` is the last resurrection: timeout and compute
    units count from it, and `earlier_compute_units` is what came before. `log_lines_before` counts the log's lines of
    containers before the current one. `pending_events` are events that are not dispatched to webhooks yet, by the id of
    their occasion. They are written together with what happened, so that a crash of the server loses none.

    `datasets` are its datasets but the default one, by the aliases of its Actor's definition; `output` are addresses of
    its results, by the names of its output schema.

    `pricing` is the Actor's as the run started. What a run used of its default storages is what these count, less the
    `storage_usage_before` of times when it was not alive; at its end that is kept as `storage_usage`, and the number
    of items in its dataset as `items_at_end`.

    `started_by_run_id` is the run with whose token it was started. `grants` were read from the input when it came: the
    Actor may change the record INPUT, but not what it was given.
    """

    id: str
    user_id: str
    actor_id: str
    build_id: str
    build_number: str
    status: JobStatus
    started_at: Millis
    meta: Meta
    options: RunOptions
    default_key_value_store_id: str
    default_dataset_id: str
    default_request_queue_id: str
    permission_level: PermissionLevel
    token: str
    web_key: str
    events_key: str
    container_url: str
    web_server_port: int
    api_port: int = 0
    stats: RunStats = RunStats()
    status_message: str | None = None
    is_status_message_terminal: bool | None = None
    finished_at: Millis | None = None
    exit_code: int | None = None
    container_id: str | None = None
    container_started_at: Millis | None = None
    is_container_server_ready: bool = False
    general_access: GeneralAccess = GeneralAccess.FOLLOW_USER_SETTING
    disk_enforcement: str = "none"
    stopped_because: str | None = None
    stop_at: Millis | None = None
    restart: Restart | None = None
    next_metamorph: Metamorph | None = None
    metamorphs: tuple[Metamorph, ...] = ()
    restarts_on_error: tuple[Millis, ...] = ()
    resumed_at: Millis | None = None
    earlier_compute_units: float = 0.0
    input_key: str = "INPUT"
    log_lines_before: int = 0
    pending_events: Mapping[str, WebhookEvent] = field(default_factory=dict)
    pricing: Pricing | None = None
    charged_event_counts: Mapping[str, int] = field(default_factory=dict)
    items_at_end: int = 0
    datasets: Mapping[str, str] = field(default_factory=dict)
    task_id: str | None = None
    storage_usage: Mapping[str, int] = field(default_factory=dict)
    storage_usage_before: Mapping[str, int] = field(default_factory=dict)
    started_by_run_id: str | None = None
    grants: tuple[StorageGrant, ...] = ()
    output: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class RunFilter:
    """Which runs a list has. Times are in milliseconds, both ends are included; without statuses it has them all."""

    statuses: tuple[str, ...] = ()
    origin: str | None = None
    started_after: Millis | None = None
    started_before: Millis | None = None
