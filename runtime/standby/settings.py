"""The Standby settings of Actors and tasks: their defaults, their rules, and which of them apply.

They are stored as `actorStandby`, in Apify's spelling, with the fields that were sent. Source of the defaults and the
rules: the fields of Standby in Apify's API, and the public project apify/actor-runtime, which copies the platform's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runtime.base.errors import Invalid
from runtime.base.json_text import Json, JsonDict
from runtime.base.records import Actor, Task

FIELD = "actorStandby"
DEFAULTS: Mapping[str, Any] = {
    "desiredRequestsPerActorRun": 3,
    "maxRequestsPerActorRun": 4,
    "idleTimeoutSecs": 300,
    "build": "latest",
    "memoryMbytes": 1024,
    "disableStandbyFieldsOverride": False,
    "shouldPassActorInput": False,
}
LEAST = {"desiredRequestsPerActorRun": 1, "maxRequestsPerActorRun": 1, "idleTimeoutSecs": 5, "memoryMbytes": 1}
MOST = 2**53 - 1
"""The largest integer that JavaScript clients can read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StandbySettings:
    """How runs serve the requests to one address. `build` is a tag or a number."""

    is_enabled: bool
    desired_requests: int
    max_requests: int
    idle_timeout_secs: int
    build: str
    memory_mbytes: int
    passes_input: bool


def settings_of(actor: Actor, task: Task | None = None) -> StandbySettings:
    """The settings for requests to an Actor, or to a task of it.

    A task can change all settings of its Actor, unless the Actor forbids it. Standby of the Actor enables that of its
    tasks, and a task can disable its own.
    """
    of_actor, of_task = stored_settings(actor.extra), {} if task is None else stored_settings(task.extra)
    values = {**DEFAULTS, **of_actor}
    if not values["disableStandbyFieldsOverride"]:
        values |= of_task
    return StandbySettings(
        is_enabled=bool(of_actor.get("isEnabled")) and of_task.get("isEnabled") is not False,
        desired_requests=min(values["desiredRequestsPerActorRun"], values["maxRequestsPerActorRun"]),
        max_requests=values["maxRequestsPerActorRun"],
        idle_timeout_secs=values["idleTimeoutSecs"],
        build=values["build"],
        memory_mbytes=values["memoryMbytes"],
        passes_input=values["shouldPassActorInput"],
    )


def stored_settings(extra: Mapping[str, Json]) -> JsonDict:
    """The settings of a record that were sent and are not null. null stands for the default."""
    return {name: value for name, value in (extra.get(FIELD) or {}).items() if value is not None}


def check_settings(sent: Mapping[str, Any], defaults: Mapping[str, Any] = DEFAULTS) -> None:
    """Raises Invalid for invalid values, and for values that contradict the `defaults` of those that were not sent."""
    given = {name: value for name, value in sent.items() if value is not None}
    for name, least in LEAST.items():
        if name in given and not least <= given[name] <= MOST:
            raise _invalid(f"{name} must be at least {least}, not {given[name]}")
    if "build" in given and not given["build"].strip():
        raise _invalid("build must be the tag or the number of a build")
    values = {**defaults, **given}
    desired, most = values.get("desiredRequestsPerActorRun"), values.get("maxRequestsPerActorRun")
    if desired is not None and most is not None and most < desired:
        raise _invalid(
            f"maxRequestsPerActorRun ({most}) must be greater than or equal to desiredRequestsPerActorRun ({desired})"
        )


def _invalid(problem: str) -> Invalid:
    return Invalid("invalid-value", f"Field '{FIELD}' is not valid: {problem}")
