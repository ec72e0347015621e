"""How records look as Apify's JSON: one dict literal a record. Nothing else knows camelCase.

Fields: the platform's API reference; which of them clients cannot do without: the models of apify-client 3.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from runtime.base.clock import Millis, iso
from runtime.base.json_text import JsonDict
from runtime.base.records import (
    Actor,
    Build,
    EnvVar,
    Meta,
    Metamorph,
    Pricing,
    Run,
    RunStats,
    SourceFile,
    TaggedBuild,
    Task,
    User,
    Version,
    Webhook,
    WebhookCall,
    WebhookCondition,
    WebhookDispatch,
    WebhookDraft,
)
from runtime.billing.prices import is_usage_for_user
from runtime.billing.usage import Usage, in_usd
from runtime.builds import number_int
from runtime.jobs.limits import disk_mbytes
from runtime.jobs.stats import compute_units, duration_millis, run_compute_units

PLATFORM_FEATURES = (
    "ACTORS",
    "STORAGE",
    "SCHEDULER",
    "PROXY",
    "PROXY_EXTERNAL_ACCESS",
    "PROXY_RESIDENTIAL",
    "PROXY_SERPS",
    "WEBHOOKS",
    "ACTORS_PUBLIC_ALL",
    "ACTORS_PUBLIC_DEVELOPER",
)
EMULATED_FEATURES = frozenset({"ACTORS", "STORAGE", "WEBHOOKS"})


def moment(at: Millis | None) -> str | None:
    return None if at is None else iso(at)


def private_user(user: User, max_memory_mbytes: int) -> JsonDict:
    return {
        **limited_user(user),
        "email": f"{user.username}@localhost",
        "plan": {
            "id": "GREENROOM",
            "description": "Local",
            "isEnabled": True,
            "monthlyBasePriceUsd": 0,
            "monthlyUsageCreditsUsd": 0,
            "maxActorMemoryGbytes": max_memory_mbytes / 1024,
            "availableProxyGroups": {},
            "enabledPlatformFeatures": [],
        },
        "effectivePlatformFeatures": {name: _feature(name) for name in PLATFORM_FEATURES},
        "createdAt": iso(user.created_at),
    }


def limited_user(user: User) -> JsonDict:
    """What of its user a limited run may know."""
    return {
        "id": user.id,
        **public_user(user),
        "proxy": {"password": "", "groups": []},
        "isPaying": False,
    }


def _feature(name: str) -> JsonDict:
    is_enabled = name in EMULATED_FEATURES
    return {
        "isEnabled": is_enabled,
        "disabledReason": None if is_enabled else "Greenroom does not emulate this.",
        "disabledReasonType": None if is_enabled else "DISABLED",
        "isTrial": False,
        "trialExpirationAt": None,
    }


def public_user(user: User) -> JsonDict:
    return {"username": user.username, "profile": {"name": user.username}}


def actor(record: Actor, owner: User, versions: list[Version]) -> JsonDict:
    return {
        **record.extra,
        "id": record.id,
        "userId": record.user_id,
        "name": record.name,
        "username": owner.username,
        "title": record.title,
        "description": record.description,
        "isPublic": record.is_public,
        "actorPermissionLevel": record.permission_level,
        "restartOnError": record.defaults.restart_on_error,
        "createdAt": iso(record.created_at),
        "modifiedAt": iso(record.modified_at),
        "stats": actor_stats(record),
        "versions": [version(each) for each in versions],
        "defaultRunOptions": {
            "build": record.defaults.build,
            "timeoutSecs": record.defaults.timeout_secs,
            "memoryMbytes": record.defaults.memory_mbytes,
            "restartOnError": record.defaults.restart_on_error,
            "maxItems": record.defaults.max_items,
            "forcePermissionLevel": record.defaults.permission_level,
        },
        "pricingInfos": [pricing.shown for pricing in record.pricings],
        "taggedBuilds": {tag: tagged_build(tagged) for tag, tagged in record.tagged_builds.items()},
    }


def actor_stats(record: Actor) -> JsonDict:
    return {
        "totalBuilds": record.total_builds,
        "totalRuns": record.total_runs,
        "totalUsers": 1 if record.total_runs else 0,
        "totalUsers7Days": 0,
        "totalUsers30Days": 0,
        "totalUsers90Days": 0,
        "totalMetamorphs": 0,
        **({} if record.last_run_started_at is None else {"lastRunStartedAt": iso(record.last_run_started_at)}),
    }


def actor_in_list(record: Actor, owner: User) -> JsonDict:
    return {
        "id": record.id,
        "name": record.name,
        "username": owner.username,
        "title": record.title or record.name,
        "createdAt": iso(record.created_at),
        "modifiedAt": iso(record.modified_at),
        "stats": actor_stats(record),
    }


def actor_in_store(record: Actor, owner: User, pricing: Pricing | None) -> JsonDict:
    return {
        "id": record.id,
        "title": record.title or record.name,
        "name": record.name,
        "username": owner.username,
        "userFullName": owner.username,
        "description": record.description,
        "categories": record.extra.get("categories") or [],
        "pictureUrl": record.extra.get("pictureUrl"),
        "notice": record.extra.get("notice") or "NONE",
        "stats": actor_stats(record),
        "currentPricingInfo": {"pricingModel": "FREE"} if pricing is None else pricing.shown,
    }


def task(record: Task, owner: User) -> JsonDict:
    return {
        **record.extra,
        **_task(record, owner),
        "title": record.title,
        "options": {
            "build": record.options.build,
            "timeoutSecs": record.options.timeout_secs,
            "memoryMbytes": record.options.memory_mbytes,
            "maxItems": record.options.max_items,
            "maxTotalChargeUsd": record.options.max_total_charge_usd,
            "restartOnError": record.options.restart_on_error,
        },
        "input": record.input,
    }


def task_in_list(record: Task, owner: User, actor: Actor, actor_owner: User) -> JsonDict:
    return {**_task(record, owner), "actName": actor.name, "actUsername": actor_owner.username}


def _task(record: Task, owner: User) -> JsonDict:
    return {
        "id": record.id,
        "userId": record.user_id,
        "actId": record.actor_id,
        "name": record.name,
        "username": owner.username,
        "createdAt": iso(record.created_at),
        "modifiedAt": iso(record.modified_at),
        "stats": {"totalRuns": record.total_runs},
    }


def tagged_build(tagged: TaggedBuild) -> JsonDict:
    version, _, number = tagged.build_number.rpartition(".")
    return {
        "buildId": tagged.build_id,
        "buildNumber": tagged.build_number,
        "buildNumberInt": number_int(version, int(number)),
        "finishedAt": iso(tagged.finished_at),
    }


def version(record: Version) -> JsonDict:
    return {
        "versionNumber": record.number,
        "sourceType": record.source_type,
        "envVars": [env_var(each) for each in record.env_vars],
        "applyEnvVarsToBuild": record.apply_env_vars_to_build,
        "buildTag": record.build_tag,
        "sourceFiles": [source_file(each) for each in record.source_files],
        "tarballUrl": record.tarball_url,
        "gitRepoUrl": record.git_repo_url,
        "gitHubGistUrl": record.github_gist_url,
        **({} if record.folder is None else {"localFolder": record.folder}),
    }


def env_var(record: EnvVar) -> JsonDict:
    """A secret value is never shown again."""
    shown = {} if record.is_secret else {"value": record.value}
    return {"name": record.name, **shown, "isSecret": record.is_secret}


def source_file(record: SourceFile) -> JsonDict:
    if record.folder:
        return {"name": record.name, "folder": True}
    return {"name": record.name, "format": record.format, "content": record.content}


def meta(record: Meta) -> JsonDict:
    return {"origin": record.origin, "clientIp": record.client_ip, "userAgent": record.user_agent}


def build(record: Build, now: Millis, *, has_image: bool | None = None) -> JsonDict:
    """`has_image` is whether the engine still holds the image; None where nobody looked."""
    millis = max(0, (record.finished_at or now) - record.started_at)
    units = compute_units(record.options.memory_mbytes, millis)
    return {
        "id": record.id,
        "actId": record.actor_id,
        "userId": record.user_id,
        "startedAt": iso(record.started_at),
        "finishedAt": moment(record.finished_at),
        "status": record.status,
        "statusMessage": record.status_message,
        "meta": meta(record.meta),
        "stats": {
            "durationMillis": millis,
            "runTimeSecs": millis / 1000,
            "computeUnits": units,
            "imageSizeBytes": record.image_size_bytes,
        },
        "options": {
            "useCache": record.options.use_cache,
            "betaPackages": record.options.beta_packages,
            "memoryMbytes": record.options.memory_mbytes,
            "diskMbytes": disk_mbytes(record.options.memory_mbytes),
        },
        "usage": {"ACTOR_COMPUTE_UNITS": units},
        "usageTotalUsd": in_usd({"ACTOR_COMPUTE_UNITS": units})["ACTOR_COMPUTE_UNITS"],
        "usageUsd": in_usd({"ACTOR_COMPUTE_UNITS": units}),
        "buildNumber": record.number,
        "buildNumberInt": record.number_int,
        "inputSchema": _text(record.input_schema),
        "readme": record.readme,
        **build_definition(record),
        "baseImageStandIn": record.stand_in,
        **({} if has_image is None else {"hasImage": has_image}),
    }


def _text(schema: Mapping[str, Any] | None) -> str | None:
    return None if schema is None else json.dumps(schema, ensure_ascii=False, indent=4)


def build_definition(record: Build) -> JsonDict:
    if not record.definition:
        return {"actorDefinition": None}
    return {"actorDefinition": {**record.definition, "input": record.input_schema, "readme": record.readme}}


def build_in_list(record: Build, now: Millis) -> JsonDict:
    whole = build(record, now)
    return {key: whole[key] for key in BUILD_LIST_FIELDS}


BUILD_LIST_FIELDS = (
    "id",
    "actId",
    "userId",
    "status",
    "startedAt",
    "finishedAt",
    "usageTotalUsd",
    "buildNumber",
    "buildNumberInt",
    "meta",
)


def run(record: Run, build_number_int: int, charged_event_counts: Mapping[str, int], now: Millis) -> JsonDict:
    """A run as anybody sees it: without what it costs."""
    return {
        "id": record.id,
        "actId": record.actor_id,
        **({} if record.task_id is None else {"actorTaskId": record.task_id}),
        "userId": record.user_id,
        "startedAt": iso(record.started_at),
        "finishedAt": moment(record.finished_at),
        "status": record.status,
        "statusMessage": record.status_message,
        "isStatusMessageTerminal": record.is_status_message_terminal,
        "meta": meta(record.meta),
        "stats": run_stats(record, now),
        "options": run_options(record),
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
        **({} if record.pricing is None else {"pricingInfo": record.pricing.shown}),
        "chargedEventCounts": charged_event_counts,
        "metamorphs": [metamorph(each) for each in record.metamorphs],
        **({} if record.output is None else {"output": record.output}),
        "diskEnforcement": record.disk_enforcement,
        "permissionLevel": record.permission_level,
    }


def metamorph(record: Metamorph) -> JsonDict:
    return {
        "createdAt": iso(record.created_at),
        "actorId": record.actor_id,
        "buildId": record.build_id,
        "inputKey": record.input_key,
    }


def run_in_list(record: Run, build_number_int: int, total_usd: float, now: Millis) -> JsonDict:
    whole = {**run(record, build_number_int, {}, now), "usageTotalUsd": total_usd}
    return {key: whole[key] for key in RUN_LIST_FIELDS if key in whole}


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


def run_options(record: Run) -> JsonDict:
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


def run_stats(record: Run, now: Millis) -> JsonDict:
    stats: RunStats = record.stats
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


def run_usage(record: Run, usage: Usage, total_usd: float) -> JsonDict:
    """What a run costs: all that it used, and in total what is for its user to pay."""
    return {
        "usage": usage,
        "usageUsd": in_usd(usage),
        "usageTotalUsd": total_usd,
        "platformUsageBillingModel": "USER" if is_usage_for_user(record) else "DEVELOPER",
    }


def webhook(record: Webhook, total_dispatches: int, last: WebhookDispatch | None) -> JsonDict:
    return {
        "id": record.id,
        "userId": record.user_id,
        "createdAt": iso(record.created_at),
        "modifiedAt": iso(record.modified_at),
        "isAdHoc": record.is_ad_hoc,
        "condition": webhook_condition(record.condition),
        **webhook_draft(record),
        "lastDispatch": None if last is None else {"status": last.status, "finishedAt": moment(_finished_at(last))},
        "stats": {"totalDispatches": total_dispatches},
    }


def webhook_draft(record: WebhookDraft) -> JsonDict:
    return {
        "eventTypes": list(record.event_types),
        "requestUrl": record.request_url,
        "payloadTemplate": record.payload_template,
        "headersTemplate": record.headers_template,
        "shouldInterpolateStrings": record.should_interpolate_strings,
        "description": record.description,
        "idempotencyKey": record.idempotency_key,
        "ignoreSslErrors": record.ignore_ssl_errors,
        "doNotRetry": record.do_not_retry,
    }


def webhook_condition(record: WebhookCondition) -> JsonDict:
    ids = {"actorId": record.actor_id, "actorTaskId": record.actor_task_id, "actorRunId": record.actor_run_id}
    return {name: id for name, id in ids.items() if id is not None}


def dispatch(record: WebhookDispatch) -> JsonDict:
    return {
        "id": record.id,
        "userId": record.user_id,
        "webhookId": record.webhook.id,
        "createdAt": iso(record.created_at),
        "status": record.status,
        "eventType": record.event_type,
        "eventData": record.event_data,
        "webhook": {
            "actionType": "HTTP_REQUEST",
            "condition": webhook_condition(record.webhook.condition),
            "requestUrl": record.webhook.request_url,
            "isAdHoc": record.webhook.is_ad_hoc,
        },
        "calls": [webhook_call(each) for each in record.calls],
    }


def webhook_call(record: WebhookCall) -> JsonDict:
    return {
        "startedAt": iso(record.started_at),
        "finishedAt": iso(record.finished_at),
        "errorMessage": record.error_message,
        "responseStatus": record.response_status,
        "responseBody": record.response_body,
    }


def _finished_at(record: WebhookDispatch) -> Millis | None:
    return record.calls[-1].finished_at if record.calls and record.next_call_at is None else None
