"""The limits of an account: what is in force, what is used, and what the user can change.

Fields: the platform's API reference, "Get limits". A limit that is not enforced here is the number NO_LIMIT.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from runtime.access.users import Users
from runtime.base.clock import Clock
from runtime.base.errors import Forbidden, Invalid
from runtime.base.plans import NO_LIMIT, Plan
from runtime.base.records import User
from runtime.billing.monthly_usage import MonthlyUsage, UsageReport
from runtime.database import Database
from runtime.jobs.job_quota import JobQuota

MAX_RETENTION_DAYS = 3650


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitsInForce:
    """The limits that the server enforces for a user. `data_retention_days` is NO_LIMIT if nothing is deleted."""

    max_monthly_usage_usd: float
    max_memory_mbytes: int
    max_actors: int
    max_tasks: int
    max_schedules: int
    max_jobs: int
    data_retention_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentUse:
    """What a user uses now, and the report of the current usage cycle."""

    usage: UsageReport
    memory_mbytes: int
    jobs: int
    actors: int
    tasks: int
    schedules: int


class AccountLimits:
    """The limits of all users.

    `retention_days` apply to users who have set none; 0 means that nothing is deleted.
    """

    def __init__(
        self,
        *,
        database: Database,
        users: Users,
        plan: Plan,
        job_quota: JobQuota,
        monthly_usage: MonthlyUsage,
        clock: Clock,
        retention_days: float,
    ) -> None:
        self._database = database
        self._users = users
        self._plan = plan
        self._job_quota = job_quota
        self._monthly_usage = monthly_usage
        self._clock = clock
        self._retention_days = retention_days

    def in_force(self, user: User) -> LimitsInForce:
        return LimitsInForce(
            max_monthly_usage_usd=self._monthly_usage.limit_usd(user),
            max_memory_mbytes=self._job_quota.cap_mbytes,
            max_actors=self._plan.max_actors,
            max_tasks=self._plan.max_tasks,
            max_schedules=self._plan.max_schedules,
            max_jobs=self._job_quota.max_jobs,
            data_retention_days=math.ceil(self.retention_days(user)) or NO_LIMIT,
        )

    def current(self, user: User) -> CurrentUse:
        jobs, memory_mbytes = self._job_quota.used(user.id)
        return CurrentUse(
            usage=self._monthly_usage.report(user, self._clock.now()),
            memory_mbytes=memory_mbytes,
            jobs=jobs,
            actors=self._database.actors.count_of_user(user.id),
            tasks=self._database.tasks.count_of_user(user.id),
            schedules=self._database.schedules.count_of_user(user.id),
        )

    def retention_days(self, user: User) -> float:
        """How long the user's data is stored; 0 means that nothing is deleted."""
        return self._retention_days if user.data_retention_days is None else user.data_retention_days

    async def update(self, user: User, *, max_monthly_usage_usd: float | None, data_retention_days: int | None) -> None:
        """Set the limits that are not None, or none of them.

        Raises Invalid, and Forbidden for a limit that the plan does not let its users change.
        """
        if max_monthly_usage_usd is not None:
            self._check_usage_usd(max_monthly_usage_usd)
        if data_retention_days is not None:
            _check_days(data_retention_days)
        await self._users.set_limits(
            user, max_monthly_usage_usd=max_monthly_usage_usd, data_retention_days=data_retention_days
        )

    def _check_usage_usd(self, usd: float) -> None:
        plan = self._plan
        if plan.is_monthly_limit_fixed and usd != plan.max_monthly_usage_usd:
            raise Forbidden(
                "insufficient-permissions",
                f"The plan {plan.id} has a fixed maxMonthlyUsageUsd of {plan.max_monthly_usage_usd:g}. To change it, "
                "start the server with another --plan, or without one.",
            )
        if not 0 <= usd <= NO_LIMIT:
            raise Invalid("invalid-value", f"'maxMonthlyUsageUsd' must be from 0 to {NO_LIMIT}, not {usd:g}")
        if usd < plan.monthly_credits_usd:
            raise Invalid(
                "monthly-usage-limit-too-low",
                f"'maxMonthlyUsageUsd' must be at least {plan.monthly_credits_usd:g}, the prepaid usage of the plan "
                f"{plan.id}, not {usd:g}",
            )


def _check_days(days: int) -> None:
    if not 1 <= days <= MAX_RETENTION_DAYS:
        raise Invalid("invalid-value", f"'dataRetentionDays' must be from 1 to {MAX_RETENTION_DAYS}, not {days}")
