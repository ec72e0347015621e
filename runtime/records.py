"""The records Greenroom keeps, as frozen dataclasses: a change makes a new one.

Times are milliseconds since 1970. Field names are the platform's, in Python's spelling; `api/wire.py` turns them into
Apify's JSON.
"""

from __future__ import annotations

import secrets
import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from runtime.clock import Millis
from runtime.lifecycle import JobStatus

Json = Any
ID_LENGTH = 17
ID_ALPHABET = string.ascii_letters + string.digits


def new_id() -> str:
    """A platform-shaped id: 17 letters and digits, hard to guess (knowing a run's id is enough to read it)."""
    return "".join(secrets.choice(ID_ALPHABET) for _ in range(ID_LENGTH))


class Origin(StrEnum):
    """How a job was started (the platform's RunOrigin)."""

    DEVELOPMENT = "DEVELOPMENT"
    WEB = "WEB"
    API = "API"
    SCHEDULER = "SCHEDULER"
    TEST = "TEST"
    WEBHOOK = "WEBHOOK"
    ACTOR = "ACTOR"
    CLI = "CLI"
    STANDBY = "STANDBY"


class WebhookEvent(StrEnum):
    """What webhooks are told of; TEST is sent on demand."""

    RUN_CREATED = "ACTOR.RUN.CREATED"
    RUN_SUCCEEDED = "ACTOR.RUN.SUCCEEDED"
    RUN_FAILED = "ACTOR.RUN.FAILED"
    RUN_ABORTED = "ACTOR.RUN.ABORTED"
    RUN_TIMED_OUT = "ACTOR.RUN.TIMED_OUT"
    RUN_RESURRECTED = "ACTOR.RUN.RESURRECTED"
    BUILD_CREATED = "ACTOR.BUILD.CREATED"
    BUILD_SUCCEEDED = "ACTOR.BUILD.SUCCEEDED"
    BUILD_FAILED = "ACTOR.BUILD.FAILED"
    BUILD_ABORTED = "ACTOR.BUILD.ABORTED"
    BUILD_TIMED_OUT = "ACTOR.BUILD.TIMED_OUT"
    TEST = "TEST"

    @classmethod
    def ended(cls, kind: str, status: JobStatus) -> WebhookEvent:
        """The event of a RUN or BUILD that ended so; the platform writes TIMED-OUT with an underscore here."""
        return cls(f"ACTOR.{kind}.{status.replace('-', '_')}")


def news(event: WebhookEvent) -> dict[str, WebhookEvent]:
    """An event that has just happened, for a record's `untold`."""
    return {new_id(): event}


class PermissionLevel(StrEnum):
    LIMITED = "LIMITED_PERMISSIONS"
    FULL = "FULL_PERMISSIONS"


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    id: str
    username: str
    created_at: Millis


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDefaults:
    """An Actor's default run options. `timeout_secs` 0 means none; `permission_level` is forced upon its runs."""

    build: str = "latest"
    timeout_secs: int = 3600
    memory_mbytes: int = 1024
    restart_on_error: bool = False
    max_items: int | None = None
    permission_level: PermissionLevel | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaggedBuild:
    build_id: str
    build_number: str
    finished_at: Millis


class PricingModel(StrEnum):
    PAY_PER_EVENT = "PAY_PER_EVENT"
    PRICE_PER_DATASET_ITEM = "PRICE_PER_DATASET_ITEM"
    FLAT_PRICE_PER_MONTH = "FLAT_PRICE_PER_MONTH"
    FREE = "FREE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pricing:
    """What an Actor costs from `started_at` on. Prices are those of users of the FREE tier, in US dollars.

    `one_time_events` are charged once a run at most. `shown` is the entry of `pricingInfos` in Apify's own spelling.
    """

    model: PricingModel
    started_at: Millis
    event_prices_usd: Mapping[str, float] = field(default_factory=dict)
    one_time_events: tuple[str, ...] = ()
    item_price_usd: float = 0.0
    minimal_max_total_charge_usd: float | None = None
    is_usage_paid_by_user: bool = False
    shown: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """`extra` holds what Greenroom stores and returns without acting on it, in Apify's own spelling."""

    id: str
    user_id: str
    name: str
    created_at: Millis
    modified_at: Millis
    title: str | None = None
    description: str | None = None
    is_public: bool = False
    defaults: RunDefaults = RunDefaults()
    tagged_builds: Mapping[str, TaggedBuild] = field(default_factory=dict)
    permission_level: PermissionLevel = PermissionLevel.LIMITED
    total_runs: int = 0
    total_builds: int = 0
    last_run_started_at: Millis | None = None
    pricings: tuple[Pricing, ...] = ()
    extra: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskOptions:
    """Options of a task's runs; None where the Actor's own hold. Units as in RunOptions."""

    build: str | None = None
    timeout_secs: int | None = None
    memory_mbytes: int | None = None
    max_items: int | None = None
    max_total_charge_usd: float | None = None
    restart_on_error: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """`input` is a JSON object; `extra` as in an Actor."""

    id: str
    user_id: str
    actor_id: str
    name: str
    created_at: Millis
    modified_at: Millis
    title: str | None = None
    options: TaskOptions = TaskOptions()
    input: Mapping[str, Json] | None = None
    total_runs: int = 0
    extra: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvVar:
    name: str
    value: str
    is_secret: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """A file of a version's source, TEXT or BASE64; a folder has no content."""

    name: str
    format: str = "TEXT"
    content: str = ""
    folder: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """`number` is MAJOR.MINOR; `id` joins it to the Actor's id.

    `folder` is a folder of the server's machine that is the source instead of the `source_files`. `by_host` is whether
    who runs the server named the source, which is then fetched with the keys and passwords of this machine.
    """

    id: str
    actor_id: str
    number: str
    created_at: Millis
    source_type: str = "SOURCE_FILES"
    source_files: tuple[SourceFile, ...] = ()
    tarball_url: str | None = None
    git_repo_url: str | None = None
    github_gist_url: str | None = None
    folder: str | None = None
    by_host: bool = False
    build_tag: str = "latest"
    env_vars: tuple[EnvVar, ...] = ()
    apply_env_vars_to_build: bool = False
    last_build: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Meta:
    origin: Origin
    client_ip: str | None = None
    user_agent: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildOptions:
    tag: str
    use_cache: bool = True
    beta_packages: bool = False
    memory_mbytes: int = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """`image` is the engine's image id once built; `definition` the parsed .actor/actor.json.

    Builds of one `fingerprint` are made of the same; it is empty where that cannot be told.

    `env_vars` are the version's, frozen when the build started; `number_int` sorts builds as the platform does.
    `untold` are events that webhooks were not told of yet, as in a Run.
    """

    id: str
    user_id: str
    actor_id: str
    version_number: str
    number: str
    number_int: int
    status: JobStatus
    started_at: Millis
    meta: Meta
    options: BuildOptions
    finished_at: Millis | None = None
    status_message: str | None = None
    env_vars: tuple[EnvVar, ...] = ()
    image: str | None = None
    fingerprint: str = ""
    image_size_bytes: int = 0
    image_environment: Mapping[str, str] = field(default_factory=dict)
    definition: Mapping[str, Json] = field(default_factory=dict)
    input_schema: Mapping[str, Json] | None = None
    readme: str | None = None
    stand_in: str | None = None
    untold: Mapping[str, WebhookEvent] = field(default_factory=dict)


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
    containers before the current one. `untold` are events that webhooks were not told of yet, by an id of the occasion:
    written together with what happened, so that the death of the server loses none.

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
    general_access: str = "FOLLOW_USER_SETTING"
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
    untold: Mapping[str, WebhookEvent] = field(default_factory=dict)
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


class DispatchStatus(StrEnum):
    ACTIVE = "ACTIVE"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookCondition:
    """Whose events a webhook hears: those of any that it names."""

    actor_id: str | None = None
    actor_task_id: str | None = None
    actor_run_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InputKey:
    """What secret fields of a user's inputs for an Actor are encrypted with; `private_key` is an encrypted PEM."""

    id: str
    actor_id: str
    private_key: str
    passphrase: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookDraft:
    """A webhook as a client describes it. Without a payload template the platform's default one is sent.

    `acts_for_owner` is whether its requests to Greenroom's own API are its owner's; a run with limited permissions must
    not do by a webhook what it may not do itself.
    """

    event_types: tuple[WebhookEvent, ...]
    request_url: str
    payload_template: str | None = None
    headers_template: str | None = None
    should_interpolate_strings: bool = False
    description: str | None = None
    idempotency_key: str | None = None
    ignore_ssl_errors: bool = False
    do_not_retry: bool = False
    acts_for_owner: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook(WebhookDraft):
    id: str
    user_id: str
    created_at: Millis
    modified_at: Millis
    condition: WebhookCondition = WebhookCondition()
    is_ad_hoc: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookCall:
    """One attempt to deliver; `error_message` says why there is no response, or that it was none to accept."""

    started_at: Millis
    finished_at: Millis
    error_message: str | None = None
    response_status: int | None = None
    response_body: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookDispatch:
    """A request to be sent until it is accepted: all of it is here, with the webhook as it was when the event came.

    `occasion` is the id of the event itself: no webhook dispatches it twice. `next_call_at` is None when it is over.
    """

    id: str
    user_id: str
    webhook: Webhook
    created_at: Millis
    event_type: WebhookEvent
    occasion: str
    event_data: Mapping[str, Json] | None = None
    payload: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    status: DispatchStatus = DispatchStatus.ACTIVE
    calls: tuple[WebhookCall, ...] = ()
    next_call_at: Millis | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """What the three kinds of storage have in common. `name` is unique per user and kind; unnamed ones have None.

    `run_id` is set on a run's default storages: they go when the run goes. `creator_run_id` is the run that made it,
    and `creator_actor_id` the Actor as which it did, if its permissions were limited: that Actor may use it again.
    """

    id: str
    user_id: str
    created_at: Millis
    modified_at: Millis
    accessed_at: Millis
    name: str | None = None
    title: str | None = None
    general_access: str = "FOLLOW_USER_SETTING"
    run_id: str | None = None
    creator_run_id: str | None = None
    creator_actor_id: str | None = None
    read_count: int = 0
    write_count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset(Storage):
    item_count: int = 0
    clean_item_count: int = 0
    stored_bytes: int = 0
    schema: Mapping[str, Json] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyValueStore(Storage):
    list_count: int = 0
    delete_count: int = 0
    stored_bytes: int = 0
    schema: Mapping[str, Json] | None = None


@dataclass(frozen=True, slots=True)
class KeyRange:
    """Keys from `first` on and before `end`, in the order of their UTF-8 bytes. Keys are ASCII: DEL is behind them."""

    first: str = ""
    end: str = "\x7f"

    @classmethod
    def with_prefix(cls, prefix: str) -> KeyRange:
        return cls(prefix, prefix + "\x7f")

    @classmethod
    def only(cls, key: str) -> KeyRange:
        return cls(key, key + "\0")

    def __and__(self, other: KeyRange) -> KeyRange:
        """The keys that are in both."""
        return KeyRange(max(self.first, other.first), min(self.end, other.end))


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestQueue(Storage):
    total_request_count: int = 0
    handled_request_count: int = 0
    had_multiple_clients: bool = False
    first_client: str | None = None

    @property
    def pending_request_count(self) -> int:
        return self.total_request_count - self.handled_request_count


@dataclass(frozen=True, slots=True)
class QueueClient:
    """Who works with a queue: a client's own key, and the run it is part of. Either may hold a lock for it."""

    key: str | None = None
    run_id: str | None = None


class RequestState(StrEnum):
    """What a list of a queue's requests can be narrowed to. Both together are all that is not handled."""

    LOCKED = "locked"
    PENDING = "pending"


@dataclass(frozen=True, slots=True)
class Added:
    """What was known of a request before it was added to a queue or updated there."""

    request_id: str
    was_present: bool
    was_handled: bool
