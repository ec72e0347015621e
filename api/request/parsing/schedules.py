"""Parsers of the body of a schedule."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from api.request.parsing.fields import field
from api.request.parsing.tasks import parse_task_options
from runtime.base.errors import Invalid
from runtime.base.records import Schedule, ScheduleAction, ScheduledInput, TaskOptions, new_id

REQUIRED: dict[str, tuple[str, type]] = {
    "name": ("name", str),
    "cronExpression": ("cron_expression", str),
    "timezone": ("timezone", str),
    "isEnabled": ("is_enabled", bool),
    "isExclusive": ("is_exclusive", bool),
}
"""Fields of a schedule that are never null, so null leaves them unchanged: the platform's name -> own name and type."""
TYPES = ("RUN_ACTOR", "RUN_ACTOR_TASK")


def parse_schedule_fields(body: Mapping[str, Any], known: Schedule | None = None) -> dict[str, Any]:
    """The fields of a schedule record that the body sets. `known` is None for a new schedule."""
    given = {own: field(body, wire_name, kind) for wire_name, (own, kind) in REQUIRED.items()}
    fields: dict[str, Any] = {own: value for own, value in given.items() if value is not None}
    for name in ("title", "description"):
        if name in body:
            fields[name] = field(body, name, str)
    email = field(field(body, "notifications", dict) or {}, "email", bool)
    if email is not None:
        fields["notifies_by_email"] = email
    actions = field(body, "actions", list[dict[str, Any]])
    if actions is not None:
        known_ids = {action.id for action in known.actions} if known else set()
        fields["actions"] = _parse_actions(actions, known_ids)
    return fields


def _parse_actions(actions: list[dict[str, Any]], known_ids: set[str]) -> tuple[ScheduleAction, ...]:
    """The server assigns the ids of new actions. Clients send those of existing ones back."""
    parsed, free = [], set(known_ids)
    for action in actions:
        sent = field(action, "id", str)
        id = sent if sent in free else new_id()
        free.discard(id)
        parsed.append(_parse_action(action, id))
    return tuple(parsed)


def _parse_action(action: Mapping[str, Any], id: str) -> ScheduleAction:
    match field(action, "type", str):
        case "RUN_ACTOR":
            return ScheduleAction(
                id=id,
                actor_id=_required(action, "actorId").replace("/", "~", 1),
                run_input=_parse_input(field(action, "runInput", dict[str, Any])),
                run_options=_parse_options(field(action, "runOptions", dict[str, Any])),
            )
        case "RUN_ACTOR_TASK":
            task = _required(action, "actorTaskId").replace("/", "~", 1)
            return ScheduleAction(id=id, actor_task_id=task, input=field(action, "input", dict[str, Any]))
        case other:
            raise Invalid("invalid-value", f"The 'type' of an action must be one of {', '.join(TYPES)}, not '{other}'")


def _required(action: Mapping[str, Any], name: str) -> str:
    value = field(action, name, str)
    if not value:
        raise Invalid("invalid-value", f"Field '{name}' is required in an action of the type {action['type']}")
    return value


def _parse_input(sent: Mapping[str, Any] | None) -> ScheduledInput | None:
    if sent is None:
        return None
    given = {"body": field(sent, "body", str), "content_type": field(sent, "contentType", str)}
    return ScheduledInput(**{name: value for name, value in given.items() if value is not None})


def _parse_options(sent: Mapping[str, Any] | None) -> TaskOptions | None:
    return None if sent is None else parse_task_options(sent, TaskOptions())
