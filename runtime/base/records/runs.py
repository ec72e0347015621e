"""Runs of Actors: their options, statistics and accepted orders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from runtime.base.clock import Millis
from runtime.base.general_access import GeneralAccess
from runtime.base.lifecycle import JobStatus
from runtime.base.records.actors import EnvVar, PermissionLevel, Pricing
from runtime.base.records.endings import Abort, ContainerEnd, Ending, Order
from runtime.base.records.jobs import Meta
from runtime.base.records.webhooks import WebhookEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """`timeout_secs` 0 means none; `disk_mbytes` is twice the memory, `requested_mbytes` the memory before rounding."""

    build: str
    timeout_secs: int
    memory_mbytes: int
    disk_mbytes: int
    requested_mbytes: float
    max_items: int | None = None
    max_total_charge_usd: float | None = None
    restart_on_error: bool = False


class Restart(StrEnum):
    """Why a run continues in a new container."""

    REBOOT = "REBOOT"
    MIGRATION = "MIGRATION"
    METAMORPH = "METAMORPH"
    ON_ERROR = "ON_ERROR"


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageGrant:
    """Permission to read, and possibly write, a storage that was passed to the run in its input."""

    id: str
    may_write: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Metamorph:
    """The change of a run to another Actor.

    `input_key` is the key of the new Actor's input, and `grants` are the storages that this input passes to it.
    `datasets` and `output` replace those of the run.
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
    dev_folder: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyUse:
    """What a run has used of one proxy group.

    `sent_bytes` and `received_bytes` were exchanged with web sites, `client_bytes` between the Actor and the proxy.
    `serps` are pages of search results.
    """

    requests: int = 0
    sessions: int = 0
    sent_bytes: int = 0
    received_bytes: int = 0
    client_bytes: int = 0
    serps: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStats:
    """Bytes, percent of one core, and counts. A measurement is None until there is one.

    `sampled_millis` is the time that the averages cover. `api_bytes` is the part of the network traffic that was
    exchanged with the API. `proxy` is by group of the proxy. The `earlier_` fields are the parts of the totals from
    containers before the current one. `oom_kills` counts the processes that the kernel killed in the current container.
    """

    input_body_len: int = 0
    mem_avg_bytes: float | None = None
    mem_max_bytes: int | None = None
    mem_current_bytes: int | None = None
    cpu_avg_usage: float | None = None
    cpu_max_usage: float | None = None
    cpu_current_usage: float | None = None
    net_rx_bytes: int | None = None
    net_tx_bytes: int | None = None
    api_bytes: int = 0
    disk_max_bytes: int | None = None
    proxy: Mapping[str, ProxyUse] = field(default_factory=dict)
    sampled_millis: int = 0
    earlier_millis: int = 0
    earlier_cpu_nanos: int = 0
    earlier_rx_bytes: int = 0
    earlier_tx_bytes: int = 0
    migration_count: int = 0
    reboot_count: int = 0
    restart_count: int = 0
    resurrect_count: int = 0
    oom_kills: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DebuggerHold:
    """The time in which a debugger has held a run.

    `millis` is the time that has ended, `since` the beginning of a time that has not. The run is held while it waits
    for its first debugger and while a debugger has paused it. `is_started` is true once a debugger has let the Actor in
    the current container start.
    """

    millis: int = 0
    since: Millis | None = None
    is_started: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run of an Actor.

    Container: `web_key` identifies its web server in URLs, `events_key` its events socket and `proxy_password` its
    requests through the proxy; all are secrets. A run of an earlier version has no password.
    `api_port` is the port at which the container reaches the API; 0 means unknown. `container_started_at` is the
    engine's time, at which the CPU burst begins. `stopped_because` is the reason why Greenroom stops the Actor. It is
    stored before the stop, so that a restarted server still has it. `first_container_at` is the engine's time at which
    the first container since the run's start or last resurrection started. The timeout counts from it.

    Orders: `last_order` is the last accepted one. At `stop_at` the container is killed. If `restart` is set, the run
    then continues in a new container, for a metamorph as `next_metamorph`.

    Continuations: `resumed_at` is the last resurrection. The compute units count from it;
    `earlier_compute_units` are the units before it. `log_lines_before` counts the log lines of earlier containers.

    Webhooks: `pending_events` are the events that have not been dispatched yet, by the id of their occasion. They are
    stored in the same write as the change that they report, so that a crash of the server loses no event.

    Standby: `standby_label` names the Standby address whose requests the run serves; None for any other run. Such a run
    that is winding down has `stopped_because` and `stop_at`, and ends as SUCCEEDED.

    Actors: a run always belongs to the Actor that was started, as its `actor_id` and its build. After a metamorph it
    runs another one, `current_actor_id`, from the build `current_build_id`.

    Messages: `is_end_explained` is true if `status_message` explains an end that the status and the exit code do not
    show, for example a lack of memory.

    Results: `datasets` are the datasets other than the default one, by their aliases in the Actor's definition.
    `output` contains the URLs of the results, by their names in the output schema.

    Development: the files of the local folder `dev_folder` are mounted over those of the image. With `debug_port`, the
    Actor waits for a debugger at this port of 127.0.0.1. Then the CPU share does not apply.
    `is_debugger_missing` is true once its log reports that no program waits for a debugger. `debugger_hold` is the time
    that the timeout does not count.

    Explanations: `ending` is what was recorded about the end of the last container, and `container_end` when and how it
    ended. `abort` is the order to abort the run. `listening` are the addresses at which the Actor listened while its
    web server did not answer, and `rejections` the first API requests that the permissions of the run did not allow.

    Environment: `env_vars` were given for this run, and take precedence over those of its version. They are for the
    Actor that was started, not for one that the run metamorphs to.

    Costs: `pricing` is the Actor's price when the run started. The counters of the default storages minus
    `storage_usage_before`, which is usage while the run was not live, are the run's usage. When the run ends, it is
    stored as `storage_usage`, and the number of items in its dataset as `items_at_end`. `counted_usage` is the part of
    the run's usage that the daily usage of users already contains, by service.

    Lists: `modified_at` is the time of the last change of this record, which never decreases. The table of runs sets
    it. 0 means that a run of an earlier version has not changed since.

    Permissions: `started_by_run_id` is the run whose token started this run. `grants` are read from the input when the
    run starts: the Actor may change the record INPUT later, but not its permissions.
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
    proxy_password: str = ""
    stats: RunStats = RunStats()
    status_message: str | None = None
    is_status_message_terminal: bool | None = None
    is_end_explained: bool = False
    finished_at: Millis | None = None
    exit_code: int | None = None
    container_id: str | None = None
    container_started_at: Millis | None = None
    first_container_at: Millis | None = None
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
    counted_usage: Mapping[str, float] = field(default_factory=dict)
    started_by_run_id: str | None = None
    grants: tuple[StorageGrant, ...] = ()
    output: Mapping[str, str] | None = None
    env_vars: tuple[EnvVar, ...] = ()
    dev_folder: str | None = None
    debug_port: int | None = None
    is_debugger_missing: bool = False
    debugger_hold: DebuggerHold = DebuggerHold()
    ending: Ending | None = None
    container_end: ContainerEnd | None = None
    last_order: Order | None = None
    abort: Abort | None = None
    listening: tuple[str, ...] = ()
    rejections: tuple[str, ...] = ()
    standby_label: str | None = None
    modified_at: Millis = 0

    @property
    def current_actor_id(self) -> str:
        return self.metamorphs[-1].actor_id if self.metamorphs else self.actor_id

    @property
    def current_build_id(self) -> str:
        return self.metamorphs[-1].build_id if self.metamorphs else self.build_id

    @property
    def current_dev_folder(self) -> str | None:
        return self.metamorphs[-1].dev_folder if self.metamorphs else self.dev_folder


@dataclass(frozen=True, slots=True)
class RunFilter:
    """Which runs a list contains. Both times are inclusive. Without statuses, it contains runs of every status."""

    statuses: tuple[str, ...] = ()
    origin: str | None = None
    started_after: Millis | None = None
    started_before: Millis | None = None
    id_prefix: str | None = None
