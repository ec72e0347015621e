"""What a run gets: of what is asked for, what its task says, and its Actor's defaults. Pure functions."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

from runtime.base import json_text
from runtime.base.errors import Invalid
from runtime.base.json_text import Json
from runtime.base.records import Actor, PermissionLevel, RunOptions, Task, TaskOptions, WebhookDraft
from runtime.inputs.inputs import JSON_TYPE, Input
from runtime.jobs.limits import disk_mbytes, memory_mbytes


@dataclass(frozen=True, slots=True, kw_only=True)
class StartOptions:
    """What a caller asked for; None where the Actor's defaults hold. Units as in the Run Actor endpoint."""

    build: str | None = None
    timeout_secs: int | None = None
    memory_mbytes: float | None = None
    max_items: int | None = None
    max_total_charge_usd: float | None = None
    restart_on_error: bool | None = None
    permission_level: PermissionLevel | None = None
    webhooks: tuple[WebhookDraft, ...] = ()


def granted_options(actor: Actor, default_memory: int, asked: StartOptions, *, strict_memory: bool) -> RunOptions:
    """What a new run gets: the Actor's defaults, but for what is asked for. Raises Invalid.

    `default_memory` is what it gets where no memory is asked for.
    """
    defaults = actor.defaults
    by_default = RunOptions(
        build=defaults.build,
        timeout_secs=defaults.timeout_secs,
        memory_mbytes=default_memory,
        disk_mbytes=disk_mbytes(default_memory),
        asked_mbytes=default_memory,
        restart_on_error=defaults.restart_on_error,
        max_items=defaults.max_items,
    )
    return granted_over(by_default, asked, strict_memory=strict_memory)


def granted_over(had: RunOptions, asked: StartOptions, *, strict_memory: bool) -> RunOptions:
    """What a run gets that would have had something else, but for what is asked for now. Raises Invalid."""
    wanted = had.memory_mbytes if asked.memory_mbytes is None else asked.memory_mbytes
    memory = memory_mbytes(wanted, strict=strict_memory)
    return RunOptions(
        build=asked.build or had.build,
        timeout_secs=had.timeout_secs if asked.timeout_secs is None else asked.timeout_secs,
        memory_mbytes=memory,
        disk_mbytes=disk_mbytes(memory),
        asked_mbytes=wanted,
        max_items=had.max_items if asked.max_items is None else asked.max_items,
        max_total_charge_usd=(
            had.max_total_charge_usd if asked.max_total_charge_usd is None else asked.max_total_charge_usd
        ),
        restart_on_error=had.restart_on_error if asked.restart_on_error is None else asked.restart_on_error,
    )


def over_task(options: TaskOptions, asked: StartOptions) -> StartOptions:
    """What is asked for, and a task's own options where nothing is."""
    own = {field.name: getattr(options, field.name) for field in fields(options)}
    return replace(asked, **{name: value for name, value in own.items() if getattr(asked, name) is None})


def over_input(task: Task, sent: Input | None) -> Input | None:
    """What is sent, field by field over a task's own input. Raises Invalid where that can't be merged."""
    if task.input is None:
        return sent
    merged = task.input if sent is None else {**task.input, **_object(sent.body)}
    return Input(body=json_text.dumps(merged), content_type=JSON_TYPE)


def _object(body: bytes) -> dict[str, Json]:
    try:
        sent = json_text.loads(body)
    except ValueError as problem:
        raise Invalid("invalid-input", f"The input is not valid JSON: {problem}") from problem
    if not isinstance(sent, dict):
        raise Invalid("input-json-not-object", "The input of a task's run must be a JSON object")
    return sent
