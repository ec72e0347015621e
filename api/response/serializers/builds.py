"""The JSON of builds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from api.response.serializers.jobs import iso_or_none, meta
from runtime.base.clock import Millis, iso
from runtime.base.json_text import JsonDict
from runtime.base.records import Build
from runtime.billing.usage import in_usd, of_build
from runtime.jobs.resource_limits import disk_mbytes

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


def build(record: Build, usd_per_unit: Mapping[str, float], now: Millis, *, has_image: bool | None = None) -> JsonDict:
    """A build. `has_image` is whether the engine still holds its image; None if the engine was not queried."""
    millis = max(0, (record.finished_at or now) - record.started_at)
    usage = of_build(record, now)
    usage_usd = in_usd(usage, usd_per_unit)
    return {
        "id": record.id,
        "actId": record.actor_id,
        "userId": record.user_id,
        "startedAt": iso(record.started_at),
        "finishedAt": iso_or_none(record.finished_at),
        "status": record.status,
        "statusMessage": record.status_message,
        "meta": meta(record.meta),
        "stats": {
            "durationMillis": millis,
            "runTimeSecs": millis / 1000,
            "computeUnits": usage["ACTOR_COMPUTE_UNITS"],
            "imageSizeBytes": record.image_size_bytes,
        },
        "options": {
            "useCache": record.options.use_cache,
            "betaPackages": record.options.beta_packages,
            "memoryMbytes": record.options.memory_mbytes,
            "diskMbytes": disk_mbytes(record.options.memory_mbytes),
        },
        "usage": usage,
        "usageTotalUsd": sum(usage_usd.values()),
        "usageUsd": usage_usd,
        "buildNumber": record.number,
        "buildNumberInt": record.number_int,
        "inputSchema": _schema_text(record.input_schema),
        "readme": record.readme,
        **build_definition(record),
        "baseImageStandIn": record.stand_in,
        **({} if has_image is None else {"hasImage": has_image}),
    }


def build_in_list(record: Build, usd_per_unit: Mapping[str, float], now: Millis) -> JsonDict:
    whole = build(record, usd_per_unit, now)
    return {key: whole[key] for key in BUILD_LIST_FIELDS}


def build_definition(record: Build) -> JsonDict:
    """The field `actorDefinition`: actor.json with the input schema and the readme; null without an actor.json.

    The platform never returns null for the two: an Actor without a readme has an empty one.
    """
    if not record.definition:
        return {"actorDefinition": None}
    named = {name: value for name, value in record.definition.items() if name != "input"}
    schema = {} if record.input_schema is None else {"input": record.input_schema}
    return {"actorDefinition": {**named, **schema, "readme": record.readme or ""}}


def _schema_text(schema: Mapping[str, Any] | None) -> str | None:
    return None if schema is None else json.dumps(schema, ensure_ascii=False, indent=4)
