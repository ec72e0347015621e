"""Fields that the records of runs and builds share."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from runtime.base.clock import Millis


class Origin(StrEnum):
    """What started a job (the platform's RunOrigin)."""

    DEVELOPMENT = "DEVELOPMENT"
    WEB = "WEB"
    API = "API"
    SCHEDULER = "SCHEDULER"
    TEST = "TEST"
    WEBHOOK = "WEBHOOK"
    ACTOR = "ACTOR"
    CLI = "CLI"
    CI = "CI"
    STANDBY = "STANDBY"
    MCP = "MCP"


@dataclass(frozen=True, slots=True, kw_only=True)
class Meta:
    """How a job was started. A schedule's run has the time of the tick, and the id of the pending action it is for."""

    origin: Origin
    client_ip: str | None = None
    user_agent: str | None = None
    schedule_id: str | None = None
    scheduled_at: Millis | None = None
    scheduled_by: str | None = None
