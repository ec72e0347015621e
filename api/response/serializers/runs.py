"""The JSON of runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from api.response.serializers.jobs import iso_or_none, meta
from runtime.base.clock import Millis, iso
from runtime.base.json_text import JsonDict
from runtime.base.records import Metamorph, Run, RunStats
from runtime.billing.prices import is_usage_for_user
from runtime.billing.usage import Usage, in_usd
from runtime.jobs.resource_limits import is_peak_cut
from runtime.jobs.stats import duration_millis, run_compute_units

RUN_LIST_FIELDS = (
    "id",
    "actId",
    "actorTaskId",
    "userId",
    "status",
    "startedAt",
    "finishedAt",
    "buildId",
    "buildNumber",
    "buildNumberInt",
    "meta",
    "usageTotalUsd",
    "defaultKeyValueStoreId",
    "defaultDatasetId",
    "defaultRequestQueueId",
)


def run(record: Run, build_number_int: int, charged_event_counts: Mapping[str, int], now: Millis) -> JsonDict:
    """A run without its costs, as anyone with its id gets it."""
    return {
        "id": record.id,
        "actId": record.actor_id,
        **({} if record.task_id is None else {"actorTaskId": record.task_id}),
        "userId": record.user_id,
        "startedAt": iso(record.started_at),
        "finishedAt": iso_or_none(record.finished_at),
        "status": record.status,
        "statusMessage": record.status_message,
        "isStatusMessageTerminal": record.is_status_message_terminal,
        "meta": meta(record.meta),
        "stats": _stats(record, now),
        "options": _options(record),
        "buildId": record.build_id,
        "buildNumber": record.build_number,
        "buildNumberInt": build_number_int,
        "exitCode": record.exit_code,
        "generalAccess": record.general_access,
        "defaultKeyValueStoreId": record.default_key_value_store_id,
        "defaultDatasetId": record.default_dataset_id,
        "defaultRequestQueueId": record.default_request_queue_id,
        "storageIds": {
            "keyValueStores": {"default": record.default_key_value_store_id},
            "datasets": {"default": record.default_dataset_id, **record.datasets},
            "requestQueues": {"default": record.default_request_queue_id},
        },
        "containerUrl": record.container_url,
        "isContainerServerReady": record.is_container_server_ready,
        **_pricing(record, charged_event_counts),
        "metamorphs": [_metamorph(each) for each in record.metamorphs],
        **({} if record.output is None else {"output": record.output}),
        "diskEnforcement": record.disk_enforcement,
        "permissionLevel": record.permission_level,
    }


def run_in_list(record: Run, build_number_int: int, total_usd: float, now: Millis) -> JsonDict:
    whole = {**run(record, build_number_int, {}, now), "usageTotalUsd": total_usd}
    return {key: whole[key] for key in RUN_LIST_FIELDS if key in whole}


def run_summary(
    record: Run, actor_name: str | None, actor_title: str | None, items: int | None, total_usd: float, now: Millis
) -> JsonDict:
    """What a list of runs for people shows. Measurements are null until there are any."""
    stats = record.stats
    return {
        "id": record.id,
        "actorId": record.current_actor_id,
        "actorName": actor_name,
        "actorTitle": actor_title,
        "taskId": record.task_id,
        "buildNumber": record.build_number,
        "status": record.status,
        "statusMessage": record.status_message,
        "exitCode": record.exit_code,
        "origin": record.meta.origin,
        "startedAt": iso(record.started_at),
        "modifiedAt": iso(record.modified_at or record.finished_at or record.started_at),
        "finishedAt": iso_or_none(record.finished_at),
        "durationMillis": duration_millis(record, now),
        "memoryMbytes": record.options.memory_mbytes,
        "memCurrentBytes": stats.mem_current_bytes,
        "memMaxBytes": stats.mem_max_bytes,
        "memAtLimit": None if stats.mem_max_bytes is None else is_peak_cut(record),
        "cpuCurrentUsage": stats.cpu_current_usage,
        "netRxBytes": stats.net_rx_bytes,
        "netTxBytes": stats.net_tx_bytes,
        "diskMaxBytes": stats.disk_max_bytes,
        "items": items,
        "computeUnits": run_compute_units(record, now),
        "usageTotalUsd": total_usd,
        "containerUrl": record.container_url if record.is_container_server_ready else None,
    }


def run_usage(record: Run, usage: Usage, usd_per_unit: Mapping[str, float], total_usd: float) -> JsonDict:
    """The costs of a run: everything that it used, and the total that its user pays."""
    return {
        "usage": usage,
        "usageUsd": in_usd(usage, usd_per_unit),
        "usageTotalUsd": total_usd,
        "platformUsageBillingModel": "USER" if is_usage_for_user(record) else "DEVELOPER",
    }


def _pricing(record: Run, charged_event_counts: Mapping[str, int]) -> JsonDict:
    """The price of a run, and what it has charged; nothing if its Actor has no price."""
    if record.pricing is None:
        return {}
    return {"pricingInfo": record.pricing.shown, "chargedEventCounts": charged_event_counts}


def _options(record: Run) -> JsonDict:
    options = record.options
    return {
        "build": options.build,
        "timeoutSecs": options.timeout_secs,
        "memoryMbytes": options.memory_mbytes,
        "diskMbytes": options.disk_mbytes,
        "maxItems": options.max_items,
        "maxTotalChargeUsd": options.max_total_charge_usd,
        "restartOnError": options.restart_on_error,
    }


def _stats(record: Run, now: Millis) -> JsonDict:
    stats = _measured(record)
    millis = duration_millis(record, now)
    return {
        "inputBodyLen": stats.input_body_len,
        "migrationCount": stats.migration_count,
        "rebootCount": stats.reboot_count,
        "restartCount": stats.restart_count,
        "resurrectCount": stats.resurrect_count,
        "memAvgBytes": stats.mem_avg_bytes,
        "memMaxBytes": stats.mem_max_bytes,
        "memCurrentBytes": stats.mem_current_bytes,
        "cpuAvgUsage": stats.cpu_avg_usage,
        "cpuMaxUsage": stats.cpu_max_usage,
        "cpuCurrentUsage": stats.cpu_current_usage,
        "netRxBytes": stats.net_rx_bytes,
        "netTxBytes": stats.net_tx_bytes,
        "diskMaxBytes": stats.disk_max_bytes,
        "durationMillis": millis,
        "runTimeSecs": millis / 1000,
        "metamorph": len(record.metamorphs),
        "computeUnits": run_compute_units(record, now),
    }


def _measured(record: Run) -> RunStats:
    """The statistics of a run. A run that has not had a container yet has used nothing, which needs no measurement."""
    if record.first_container_at is not None:
        return record.stats
    unmeasured = [field.name for field in fields(RunStats) if getattr(record.stats, field.name) is None]
    zeros: dict[str, Any] = dict.fromkeys(unmeasured, 0)
    return replace(record.stats, **zeros)


def _metamorph(record: Metamorph) -> JsonDict:
    return {
        "createdAt": iso(record.created_at),
        "actorId": record.actor_id,
        "buildId": record.build_id,
        "inputKey": record.input_key,
    }
