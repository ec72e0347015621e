"""Parsers of the body of a task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from api.request.params import MAX_SAFE_INTEGER
from api.request.parsing.actors import ActorStandby
from api.request.parsing.fields import field, parse_timeout, unchanged_fields
from runtime.base.errors import Invalid
from runtime.base.records import TaskOptions

TASK_OPTIONS: dict[str, tuple[str, type]] = {
    "build": ("build", str),
    "timeoutSecs": ("timeout_secs", float),
    "memoryMbytes": ("memory_mbytes", int),
    "maxItems": ("max_items", int),
    "maxTotalChargeUsd": ("max_total_charge_usd", float),
    "restartOnError": ("restart_on_error", bool),
}
"""The platform's name of each option -> its field of TaskOptions, and its type."""


def parse_task_fields(body: Mapping[str, Any], known: TaskOptions) -> dict[str, Any]:
    """The fields of a task record that the body sets. `known` are the record's current options."""
    fields: dict[str, Any] = {}
    for name, kind in (("title", str), ("input", dict[str, Any])):
        if name in body:
            fields[name] = field(body, name, kind)
    if field(body, "name", str) is not None:
        fields["name"] = body["name"]
    if field(body, "options", dict) is not None:
        fields["options"] = parse_task_options(body["options"], known)
    unchanged = unchanged_fields(body, {"actorStandby": ActorStandby})
    if unchanged:
        fields["extra"] = unchanged
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
