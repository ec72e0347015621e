"""The JSON of users, as they and as others get it."""

from __future__ import annotations

from runtime.account_limits import LimitsInForce
from runtime.base.clock import iso
from runtime.base.json_text import JsonDict
from runtime.base.plans import NO_LIMIT, Plan
from runtime.base.records import User

PLATFORM_FEATURES = (
    "ACTORS",
    "STORAGE",
    "SCHEDULER",
    "PROXY",
    "PROXY_EXTERNAL_ACCESS",
    "PROXY_RESIDENTIAL",
    "PROXY_SERPS",
    "WEBHOOKS",
    "ACTORS_PUBLIC_ALL",
    "ACTORS_PUBLIC_DEVELOPER",
)

EMULATED_FEATURES = frozenset({"ACTORS", "STORAGE", "WEBHOOKS"})


def private_user(user: User, plan: Plan, limits: LimitsInForce) -> JsonDict:
    return {
        **limited_user(user, plan),
        "email": f"{user.username}@localhost",
        "plan": _plan(plan, limits),
        "effectivePlatformFeatures": {name: _feature(name) for name in PLATFORM_FEATURES},
        "createdAt": iso(user.created_at),
    }


def limited_user(user: User, plan: Plan) -> JsonDict:
    """What a limited run may know about its user."""
    return {
        **public_user(user),
        "proxy": {"password": "", "groups": []},
        "isPaying": plan.is_paid,
    }


def public_user(user: User) -> JsonDict:
    return {"id": user.id, "username": user.username, "profile": {"name": user.username}}


def _plan(plan: Plan, limits: LimitsInForce) -> JsonDict:
    """The plan with the limits that the server enforces. NO_LIMIT stands for those that it does not enforce."""
    return {
        "id": plan.id,
        "description": plan.description,
        "isEnabled": True,
        "tier": plan.tier,
        "monthlyBasePriceUsd": plan.monthly_price_usd,
        "monthlyUsageCreditsUsd": plan.monthly_credits_usd,
        "usageDiscountPercent": 0,
        "enabledPlatformFeatures": [name for name in PLATFORM_FEATURES if name in EMULATED_FEATURES],
        "maxMonthlyUsageUsd": plan.max_monthly_usage_usd,
        "maxActorMemoryGbytes": limits.max_memory_mbytes / 1024,
        "maxMonthlyActorComputeUnits": NO_LIMIT,
        "maxMonthlyResidentialProxyGbytes": NO_LIMIT,
        "maxMonthlyProxySerps": NO_LIMIT,
        "maxMonthlyExternalDataTransferGbytes": NO_LIMIT,
        "maxActorCount": limits.max_actors,
        "maxActorTaskCount": limits.max_tasks,
        "maxConcurrentActorRuns": limits.max_jobs,
        "dataRetentionDays": limits.data_retention_days,
        "availableProxyGroups": {},
        "availableAddOns": [],
        "teamAccountSeatCount": 1,
        "apiRateLimitBoosts": 0,
    }


def _feature(name: str) -> JsonDict:
    is_enabled = name in EMULATED_FEATURES
    return {
        "isEnabled": is_enabled,
        "disabledReason": None if is_enabled else "Greenroom does not emulate this.",
        "disabledReasonType": None if is_enabled else "DISABLED",
        "isTrial": False,
        "trialExpirationAt": None,
    }
