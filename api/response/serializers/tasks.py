"""The JSON of tasks."""

from __future__ import annotations

from api.response.serializers.jobs import iso_or_none
from runtime.base.clock import iso
from runtime.base.json_text import JsonDict
from runtime.base.records import Actor, Task, TaskOptions, User


def task(record: Task, owner: User, standby_url: str | None) -> JsonDict:
    """The JSON of a task. Its `actorStandby` has only its own settings: those of the Actor apply for the rest."""
    return {
        **record.extra,
        "standbyUrl": standby_url,
        **_task(record, owner),
        "title": record.title,
        "description": record.description,
        "options": task_options(record.options),
        "input": record.input,
        **_publication(record),
    }


def task_options(record: TaskOptions) -> JsonDict:
    return {
        "build": record.build,
        "timeoutSecs": record.timeout_secs,
        "memoryMbytes": record.memory_mbytes,
        "maxItems": record.max_items,
        "maxTotalChargeUsd": record.max_total_charge_usd,
        "restartOnError": record.restart_on_error,
    }


def _publication(record: Task) -> JsonDict:
    """Whether a task is published, and its public configuration; nothing if that was never set."""
    if record.published_at is None and not record.public_config:
        return {}
    config = {**record.public_config, "publishedAt": iso_or_none(record.published_at)}
    return {"isPublic": record.published_at is not None, "publicConfig": config}


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
