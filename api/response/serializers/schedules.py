"""The JSON of schedules and their logs."""

from __future__ import annotations

from api.response.serializers.jobs import iso_or_none
from api.response.serializers.tasks import task_options
from runtime.base.clock import iso
from runtime.base.json_text import JsonDict
from runtime.base.records import Schedule, ScheduleAction, ScheduleLogEntry


def schedule(record: Schedule) -> JsonDict:
    return {
        **_schedule(record),
        "title": record.title,
        "description": record.description,
        "notifications": {"email": record.notifies_by_email},
        "actions": [_action(each) for each in record.actions],
    }


def schedule_in_list(record: Schedule) -> JsonDict:
    return {**_schedule(record), "actions": [_short_action(each) for each in record.actions]}


def schedule_log_entry(record: ScheduleLogEntry) -> JsonDict:
    return {"message": record.message, "level": record.level, "createdAt": iso(record.created_at)}


def _schedule(record: Schedule) -> JsonDict:
    return {
        "id": record.id,
        "userId": record.user_id,
        "name": record.name,
        "cronExpression": record.cron_expression,
        "timezone": record.timezone,
        "isEnabled": record.is_enabled,
        "isExclusive": record.is_exclusive,
        "createdAt": iso(record.created_at),
        "modifiedAt": iso(record.modified_at),
        "nextRunAt": iso_or_none(record.next_run_at),
        "lastRunAt": iso_or_none(record.last_run_at),
    }


def _short_action(record: ScheduleAction) -> JsonDict:
    if record.actor_id is None:
        return {"id": record.id, "type": "RUN_ACTOR_TASK", "actorTaskId": record.actor_task_id}
    return {"id": record.id, "type": "RUN_ACTOR", "actorId": record.actor_id}


def _action(record: ScheduleAction) -> JsonDict:
    if record.actor_id is None:
        return {**_short_action(record), "input": record.input}
    input, options = record.run_input, record.run_options
    return {
        **_short_action(record),
        "runInput": None if input is None else {"body": input.body, "contentType": input.content_type},
        "runOptions": None if options is None else task_options(options),
    }
