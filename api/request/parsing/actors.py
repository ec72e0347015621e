"""Parsers of the body of an Actor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypedDict

from api.request.params import MAX_SAFE_INTEGER
from api.request.parsing.fields import field, parse_permission_level, parse_timeout, unchanged_fields
from api.request.parsing.pricing_infos import parse_pricings
from api.request.parsing.standby import parse_standby
from runtime.base.clock import Millis
from runtime.base.errors import Invalid
from runtime.base.records import Actor, RunDefaults
from runtime.standby.settings import FIELD as STANDBY_FIELD


class ExampleRunInput(TypedDict, total=False):
    body: str
    contentType: str


EXTRA_ACTOR_FIELDS: dict[str, Any] = {
    "seoTitle": str,
    "seoDescription": str,
    "categories": list[str],
    "exampleRunInput": ExampleRunInput,
    "isDeprecated": bool,
    "pictureUrl": str,
    "notice": Literal["NONE", "RESIDENTIAL_PROXY_REQUIRED", "UNDER_MAINTENANCE"],
    "isSourceCodeHidden": bool,
    "isCritical": bool,
    "isGeneric": bool,
    "hasNoDataset": bool,
}
"""Fields of an Actor that are stored and returned as they were sent. Typed clients reject values of other types."""
NEVER_NULL = ("categories", "isSourceCodeHidden", "isCritical", "isGeneric", "hasNoDataset")
"""The extra fields that are never null in the platform's responses."""


def parse_actor_fields(body: Mapping[str, Any], now: Millis, known: Actor | None = None) -> dict[str, Any]:
    """The fields of an Actor record that the body sets, without versions and tags. `known` is None for a new Actor."""
    fields: dict[str, Any] = {}
    for name in ("title", "description"):
        if name in body:
            fields[name] = field(body, name, str)
    if field(body, "isPublic", bool) is not None:
        fields["is_public"] = body["isPublic"]
    if field(body, "name", str) is not None:
        fields["name"] = body["name"]
    level = parse_permission_level(field(body, "actorPermissionLevel", str), "actorPermissionLevel")
    if level is not None:
        fields["permission_level"] = level
    if "defaultRunOptions" in body or "restartOnError" in body:
        fields["defaults"] = parse_run_defaults(body, RunDefaults() if known is None else known.defaults)
    extra = unchanged_fields(body, EXTRA_ACTOR_FIELDS)
    extra |= parse_standby(body, None if known is None else known.extra.get(STANDBY_FIELD))
    for name in NEVER_NULL:
        if name in extra and extra[name] is None:
            raise Invalid("invalid-value", f"Field '{name}' must not be null: leave it out instead")
    if extra:
        fields["extra"] = extra if known is None else {**known.extra, **extra}
    pricings = field(body, "pricingInfos", list[dict[str, Any]])
    if pricings is not None:
        fields["pricings"] = parse_pricings(pricings, () if known is None else known.pricings, now)
    return fields


def parse_run_defaults(body: Mapping[str, Any], known: RunDefaults) -> RunDefaults:
    """The default options of an Actor's runs. Options that the body leaves out come from `known`."""
    options = field(body, "defaultRunOptions", dict) or {}
    timeout, memory = parse_timeout(field(options, "timeoutSecs", float)), field(options, "memoryMbytes", int)
    if memory is not None and not 0 < memory <= MAX_SAFE_INTEGER:
        raise Invalid("invalid-value", "Field 'memoryMbytes' must be greater than 0, and a number of megabytes")
    restart = field(options, "restartOnError", bool)
    restart = field(body, "restartOnError", bool) if restart is None else restart
    return RunDefaults(
        build=field(options, "build", str) or known.build,
        timeout_secs=known.timeout_secs if timeout is None else timeout,
        memory_mbytes=known.memory_mbytes if memory is None else memory,
        restart_on_error=known.restart_on_error if restart is None else restart,
        max_items=_parse_max_items(options) if "maxItems" in options else known.max_items,
        permission_level=(
            parse_permission_level(field(options, "forcePermissionLevel", str), "forcePermissionLevel")
            if "forcePermissionLevel" in options
            else known.permission_level
        ),
    )


def _parse_max_items(options: Mapping[str, Any]) -> int | None:
    count = field(options, "maxItems", int)
    if count is not None and not 0 < count <= MAX_SAFE_INTEGER:
        raise Invalid("invalid-value", "Field 'maxItems' must be greater than 0")
    return count
