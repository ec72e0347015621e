"""The usage of users by month, day and service. A usage cycle is a calendar month in UTC.

Shape and names of services: the platform's API reference, "Get monthly usage". The error of a user who has reached the
limit is the platform's.
"""

from __future__ import annotations

import calendar
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from runtime.access.users import Users
from runtime.base.clock import DAY_MILLIS, Clock, Millis, millis_of, sleep_until
from runtime.base.errors import Forbidden
from runtime.base.plans import NO_LIMIT, Plan
from runtime.base.records import DailyUsage, User
from runtime.base.retry import retry
from runtime.base.storage_errors import STORAGE_ERRORS
from runtime.billing import counting
from runtime.billing.billing import Billing
from runtime.database import Database

HOUR_MILLIS = 3_600_000


@dataclass(frozen=True, slots=True)
class Cycle:
    """A calendar month: its first and its last millisecond."""

    start: Millis
    end: Millis


@dataclass(frozen=True, slots=True)
class UsageReport:
    """A user's usage in one cycle: quantities by day and service. `usd_per_unit` has the prices of the services."""

    cycle: Cycle
    days: Mapping[Millis, Mapping[str, float]]
    usd_per_unit: Mapping[str, float]

    @property
    def services(self) -> dict[str, float]:
        """The quantities of the whole cycle."""
        total: dict[str, float] = defaultdict(float)
        for services in self.days.values():
            for service, quantity in services.items():
                total[service] += quantity
        return dict(total)

    @property
    def total_usd(self) -> float:
        return self.usd(self.services)

    def usd(self, services: Mapping[str, float]) -> float:
        return sum(quantity * self.usd_per_unit[service] for service, quantity in services.items())


class MonthlyUsage:
    """Reports the usage of users, and enforces the limit on it."""

    def __init__(self, *, database: Database, users: Users, billing: Billing, plan: Plan, clock: Clock) -> None:
        self._database = database
        self._users = users
        self._billing = billing
        self._plan = plan
        self._clock = clock
        charges = dict.fromkeys(counting.CHARGE_SERVICES.values(), 1.0)
        self._usd_per_unit = {**plan.usd_per_unit, **charges}

    def report(self, user: User, at: Millis) -> UsageReport:
        """The user's usage in the cycle that contains a moment, until now. Live jobs are included."""
        cycle, now = cycle_of(at), self._clock.now()
        counted = self._database.daily_usage.between(user.id, cycle.start, cycle.end)
        days: dict[Millis, dict[str, float]] = {
            day: {} for day in range(cycle.start, min(cycle.end, now) + 1, DAY_MILLIS)
        }
        for each in [*counted, *self._of_live_jobs(user)]:
            if each.day in days:
                days[each.day][each.service] = days[each.day].get(each.service, 0) + each.quantity
        return UsageReport(cycle, days, self._usd_per_unit)

    def limit_usd(self, user: User) -> float:
        """The most that the user may use in a cycle: their own limit, or that of the plan."""
        own = None if self._plan.is_monthly_limit_fixed else user.max_monthly_usage_usd
        return self._plan.max_monthly_usage_usd if own is None else own

    def check(self, user_id: str) -> None:
        """Raises Forbidden if a user has used up the limit, so that no further job can start.

        Live jobs count with what `count_hourly` has counted of them: this is part of every start.
        """
        limit = self.limit_usd(self._users.get(user_id))
        if limit >= NO_LIMIT:
            return
        cycle = cycle_of(self._clock.now())
        counted = self._database.daily_usage.between(user_id, cycle.start, cycle.end)
        used = sum(each.quantity * self._usd_per_unit[each.service] for each in counted)
        if used >= limit:
            raise Forbidden(
                "platform-feature-disabled",
                f"Monthly usage hard limit exceeded: you have used {used:.2f} USD of {limit:.2f} USD in this month. "
                "Raise maxMonthlyUsageUsd, or start the server with another --plan.",
            )

    async def count_hourly(self) -> None:
        """Count the usage of live runs at the end of every hour, so that a long run counts for each of its days."""
        while True:
            next_hour = self._clock.now() // HOUR_MILLIS * HOUR_MILLIS + HOUR_MILLIS
            await sleep_until(self._clock, next_hour)
            count = partial(self._count_live_runs, next_hour - 1)  # the last millisecond of the day that may have ended
            await retry(count, self._clock, "Counting usage", on=(Exception,), expected=STORAGE_ERRORS)

    async def _count_live_runs(self, until: Millis) -> None:
        for run in self._database.runs.unfinished():
            await self._billing.count(run, until)

    def _of_live_jobs(self, user: User) -> list[DailyUsage]:
        """What live jobs have used and no row of the table contains yet."""
        runs, builds = self._database.runs.unfinished(), self._database.builds.unfinished()
        of_runs = [each for run in runs for each in self._billing.uncounted(run)]
        of_builds = [each for build in builds for each in counting.count_build(build, self._clock.now())]
        return [each for each in [*of_runs, *of_builds] if each.user_id == user.id]


def cycle_of(moment: Millis) -> Cycle:
    at = datetime.fromtimestamp(moment // 1000, UTC)
    start = millis_of(datetime(at.year, at.month, 1, tzinfo=UTC))
    return Cycle(start, start + calendar.monthrange(at.year, at.month)[1] * DAY_MILLIS - 1)
