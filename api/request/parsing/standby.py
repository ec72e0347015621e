"""Parser of the Standby settings in the body of an Actor or a task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypedDict

from api.request.parsing.fields import field
from runtime.base.errors import Invalid
from runtime.standby.settings import DEFAULTS, FIELD, check_settings


class ActorStandby(TypedDict, total=False):
    """The last three fields can be sent, but only with these values: Greenroom does not emulate the others."""

    isEnabled: bool | None
    desiredRequestsPerActorRun: int | None
    maxRequestsPerActorRun: int | None
    idleTimeoutSecs: int | None
    build: str | None
    memoryMbytes: int | None
    disableStandbyFieldsOverride: bool | None
    shouldPassActorInput: bool | None
    tenancy: Literal["SINGLE_TENANT"] | None
    isConsoleAuthEnabled: Literal[False] | None
    isTokenlessEnabled: Literal[False] | None


STORED = frozenset({"isEnabled", *DEFAULTS})


def parse_standby(body: Mapping[str, Any], known: Mapping[str, Any] | None, *, of_task: bool = False) -> dict[str, Any]:
    """The field `actorStandby` of a record, if the body has it: what is sent, merged over the `known` settings.

    null resets a setting, or all of them. The settings of a task may only be valid together with those of its Actor.
    """
    if FIELD not in body:
        return {}
    if body[FIELD] is None:
        return {FIELD: None}
    sent = field(body, FIELD, ActorStandby) or {}
    unknown = sorted(body[FIELD].keys() - ActorStandby.__annotations__.keys())
    if unknown:
        raise Invalid("invalid-value", f"Field '{FIELD}' is not valid: unknown field '{unknown[0]}'")
    merged = {**(known or {}), **{name: value for name, value in sent.items() if name in STORED}}
    check_settings(merged, {} if of_task else DEFAULTS)
    return {FIELD: merged}
