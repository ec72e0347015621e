"""The parts that the JSON of runs and builds shares."""

from __future__ import annotations

from runtime.base.clock import Millis, iso
from runtime.base.json_text import JsonDict
from runtime.base.records import Meta


def iso_or_none(at: Millis | None) -> str | None:
    return None if at is None else iso(at)


def meta(record: Meta) -> JsonDict:
    """How a job was started. Only the run of a schedule has the fields of schedules."""
    scheduled = {"scheduleId": record.schedule_id, "scheduledAt": iso_or_none(record.scheduled_at)}
    return {
        "origin": record.origin,
        "clientIp": record.client_ip,
        "userAgent": record.user_agent,
        **(scheduled if record.schedule_id is not None else {}),
    }
