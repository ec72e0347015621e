"""Parsers of the body of a task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, TypedDict

from msgspec import Meta

from api.request.params import MAX_SAFE_INTEGER
from api.request.parsing.fields import field, parse_timeout
from api.request.parsing.standby import parse_standby
from runtime.base.clock import Millis
from runtime.base.errors import Invalid
from runtime.base.records import Task, TaskOptions
from runtime.standby.settings import FIELD as STANDBY_FIELD

TASK_OPTIONS: dict[str, tuple[str, type]] = {
    "build": ("build", str),
    "timeoutSecs": ("timeout_secs", float),
    "memoryMbytes": ("memory_mbytes", int),
    "maxItems": ("max_items", int),
    "maxTotalChargeUsd": ("max_total_charge_usd", float),
    "restartOnError": ("restart_on_error", bool),
}
"""The platform's name of each option -> its field of TaskOptions, and its type."""


class PublicConfig(TypedDict, total=False):
    seoTitle: Annotated[str, Meta(max_length=60)] | None
    seoDescription: Annotated[str, Meta(max_length=160)] | None
    categorization: str | None
    inputSchemaFields: list[str] | None
    datasetName: str | None
    datasetView: str | None


def parse_task_fields(body: Mapping[str, Any], now: Millis, known: Task | None = None) -> dict[str, Any]:
    """The fields of a task record that the body sets. `known` is None for a new task."""
    fields = _parse_publication(body, now, known)
    for name, kind in (("title", str), ("description", str), ("input", dict[str, Any])):
        if name in body:
            fields[name] = field(body, name, kind)
    if field(body, "name", str) is not None:
        fields["name"] = body["name"]
    if field(body, "options", dict) is not None:
        fields["options"] = parse_task_options(body["options"], TaskOptions() if known is None else known.options)
    standby = parse_standby(body, None if known is None else known.extra.get(STANDBY_FIELD), of_task=True)
    if standby:
        fields["extra"] = standby
    return fields


def _parse_publication(body: Mapping[str, Any], now: Millis, known: Task | None) -> dict[str, Any]:
    """What the body changes of the task's publication. The public configuration is merged into the known one."""
    fields: dict[str, Any] = {}
    is_public, published_at = field(body, "isPublic", bool), None if known is None else known.published_at
    if is_public is not None:
        fields["published_at"] = (published_at or now) if is_public else None
    if "publicConfig" in body:
        if body["publicConfig"] is None:
            raise Invalid("invalid-value", "Field 'publicConfig' must not be null. Set single fields of it to null")
        sent = field(body, "publicConfig", PublicConfig) or {}
        fields["public_config"] = {**({} if known is None else known.public_config), **sent}
    return fields


def parse_task_options(options: Mapping[str, Any], known: TaskOptions) -> TaskOptions:
    """The options of a task. null removes an option; options that are left out come from `known`."""
    sent = {wire_name: own for wire_name, own in TASK_OPTIONS.items() if wire_name in options}
    given: dict[str, Any] = {name: field(options, wire_name, kind) for wire_name, (name, kind) in sent.items()}
    if "timeout_secs" in given:
        given["timeout_secs"] = parse_timeout(given["timeout_secs"])
    for name in ("memory_mbytes", "max_items", "max_total_charge_usd"):
        if given.get(name) is not None and not 0 < given[name] <= MAX_SAFE_INTEGER:
            raise Invalid("invalid-value", f"Field 'options': {name} must be greater than 0")
    return replace(known, **given)
