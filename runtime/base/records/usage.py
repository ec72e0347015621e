"""What users have used of the platform, by day and service."""

from __future__ import annotations

from dataclasses import dataclass

from runtime.base.clock import Millis


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyUsage:
    """What a user used of one service on one day.

    `day` is the beginning of the day in UTC. `quantity` is in the service's unit.
    """

    user_id: str
    day: Millis
    service: str
    quantity: float
