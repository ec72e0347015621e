"""Schedules."""

from __future__ import annotations

from urllib.parse import quote

from cli.client.transport import Transport
from runtime.base.json_text import JsonDict

FIRE_SECS = 300.0
"""Starting a run can take long if its input is validated slowly or the disk is busy."""
MAX_LISTED = 1000
"""The most schedules that a user can have, and the most in one response."""


class SchedulesClient:
    """Schedules of the user."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(self) -> list[JsonDict]:
        items: list[JsonDict] = self._transport.data("GET", "/v2/schedules", params={"limit": MAX_LISTED})["items"]
        return items

    def find(self, reference: str) -> JsonDict | None:
        """Return the schedule with this id or name."""
        escaped = quote(reference, safe="", errors="surrogateescape")
        return self._transport.find(f"/v2/schedules/{escaped}") or self._transport.find(f"/v2/schedules/~{escaped}")

    def fire(self, schedule_id: str) -> JsonDict:
        """Start the runs of a schedule now, and return their ids and what could not be started."""
        return self._transport.local("POST", f"/greenroom/schedules/{schedule_id}/fire", FIRE_SECS)
