"""Schedules, the actions that they start, and their log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from runtime.base.clock import Millis
from runtime.base.json_text import Json
from runtime.base.records.actors import TaskOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledInput:
    """The input of a scheduled run of an Actor, as text."""

    body: str = ""
    content_type: str = "application/json; charset=utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleAction:
    """What a schedule starts: a run of an Actor or of a task. Exactly one of the two ids is set.

    `run_input` and `run_options` are for an Actor; None means the Actor's defaults. `input` is for a task; its fields
    replace those of the task's own input.
    """

    id: str
    actor_id: str | None = None
    actor_task_id: str | None = None
    run_input: ScheduledInput | None = None
    run_options: TaskOptions | None = None
    input: Mapping[str, Json] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingAction:
    """An action that a tick of its schedule has ordered and that has not been carried out.

    `id` is unique. The run's record has it as its `scheduled_by`, so that a crash of the server doubles no run.
    """

    id: str
    scheduled_at: Millis
    action: ScheduleAction


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Starts runs at the times of a cron expression.

    `last_run_at` is the time of the last tick, and `next_run_at` that of the next one; it is None if the schedule is
    disabled. `pending` are the actions of ticks that have been stored, but not carried out completely.
    """

    id: str
    user_id: str
    name: str
    cron_expression: str
    created_at: Millis
    modified_at: Millis
    timezone: str = "UTC"
    is_enabled: bool = False
    is_exclusive: bool = False
    title: str | None = None
    description: str | None = None
    notifies_by_email: bool = True
    actions: tuple[ScheduleAction, ...] = ()
    last_run_at: Millis | None = None
    next_run_at: Millis | None = None
    pending: tuple[PendingAction, ...] = ()


class LogLevel(StrEnum):
    INFO = "INFO"
    ERROR = "ERROR"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleLogEntry:
    created_at: Millis
    message: str
    level: LogLevel = LogLevel.INFO
