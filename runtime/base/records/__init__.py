"""The records that Greenroom stores, as frozen dataclasses: a change creates a new record.

Times are milliseconds since 1970. Field names are those of the platform in Python's spelling; the serializers in `api`
convert records to the platform's JSON.
"""

from runtime.base.records.actors import (
    Actor,
    EnvVar,
    PermissionLevel,
    Pricing,
    PricingModel,
    RunDefaults,
    SourceFile,
    TaggedBuild,
    Task,
    TaskOptions,
    Version,
)
from runtime.base.records.builds import Build, BuildOptions, SourceCopy
from runtime.base.records.definitions import Definition
from runtime.base.records.endings import (
    Abort,
    Aborter,
    ContainerEnd,
    Ending,
    KilledProcess,
    NoContainer,
    Order,
    OrderKind,
    Witness,
)
from runtime.base.records.ids import ID_ALPHABET, ID_LENGTH, new_id
from runtime.base.records.jobs import Meta, Origin
from runtime.base.records.run_lists import ListPosition, RunListPage, RunListQuery, RunSort
from runtime.base.records.runs import Metamorph, ProxyUse, Restart, Run, RunFilter, RunOptions, RunStats, StorageGrant
from runtime.base.records.schedules import (
    LogLevel,
    PendingAction,
    Schedule,
    ScheduleAction,
    ScheduledInput,
    ScheduleLogEntry,
)
from runtime.base.records.storages import (
    Dataset,
    KeyRange,
    KeyValueStore,
    ProcessedRequest,
    QueueClient,
    QueuedRequest,
    RequestPage,
    RequestQueue,
    RequestState,
    Storage,
)
from runtime.base.records.timeline import TimelineEntry, TimelineKind
from runtime.base.records.usage import DailyUsage
from runtime.base.records.users import InputKey, User
from runtime.base.records.webhooks import (
    DispatchStatus,
    Webhook,
    WebhookCall,
    WebhookCondition,
    WebhookDispatch,
    WebhookDraft,
    WebhookEvent,
    new_event,
)

__all__ = [
    "ID_ALPHABET",
    "ID_LENGTH",
    "Abort",
    "Aborter",
    "Actor",
    "Build",
    "BuildOptions",
    "ContainerEnd",
    "DailyUsage",
    "Dataset",
    "Definition",
    "DispatchStatus",
    "Ending",
    "EnvVar",
    "InputKey",
    "KeyRange",
    "KeyValueStore",
    "KilledProcess",
    "ListPosition",
    "LogLevel",
    "Meta",
    "Metamorph",
    "NoContainer",
    "Order",
    "OrderKind",
    "Origin",
    "PendingAction",
    "PermissionLevel",
    "Pricing",
    "PricingModel",
    "ProcessedRequest",
    "ProxyUse",
    "QueueClient",
    "QueuedRequest",
    "RequestPage",
    "RequestQueue",
    "RequestState",
    "Restart",
    "Run",
    "RunDefaults",
    "RunFilter",
    "RunListPage",
    "RunListQuery",
    "RunOptions",
    "RunSort",
    "RunStats",
    "Schedule",
    "ScheduleAction",
    "ScheduleLogEntry",
    "ScheduledInput",
    "SourceCopy",
    "SourceFile",
    "Storage",
    "StorageGrant",
    "TaggedBuild",
    "Task",
    "TaskOptions",
    "TimelineEntry",
    "TimelineKind",
    "User",
    "Version",
    "Webhook",
    "WebhookCall",
    "WebhookCondition",
    "WebhookDispatch",
    "WebhookDraft",
    "WebhookEvent",
    "Witness",
    "new_event",
    "new_id",
]
