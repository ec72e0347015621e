"""The JSON of users, as they and as others get it."""

from __future__ import annotations

from collections.abc import Mapping

from api.response.serializers.limits import common_limits
from runtime.account_limits import LimitsInForce
from runtime.base.clock import iso
from runtime.base.json_text import JsonDict
from runtime.base.plans import Plan
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

EMULATED_FEATURES = frozenset({"ACTORS", "STORAGE", "SCHEDULER", "WEBHOOKS"})
PROXY_FEATURES = frozenset({"PROXY", "PROXY_EXTERNAL_ACCESS", "PROXY_RESIDENTIAL", "PROXY_SERPS"})
NO_PROXY: JsonDict = {"password": "", "groups": []}
PROXIES_PER_GROUP = 1
"""Each group has one exit: this machine, or an upstream proxy."""


def proxy_access(password: str, groups: Mapping[str, str]) -> JsonDict:
    """`groups` are the available groups, with their descriptions."""
    return {
        "password": password,
        "groups": [
            {"name": name, "description": description, "availableCount": PROXIES_PER_GROUP}
            for name, description in groups.items()
        ],
    }


def private_user(user: User, plan: Plan, limits: LimitsInForce, proxy: JsonDict = NO_PROXY) -> JsonDict:
    return {
        **limited_user(user, plan, proxy),
        "email": f"{user.username}@localhost",
        "plan": _plan(plan, limits, proxy),
        "effectivePlatformFeatures": {name: _feature(name, bool(proxy["groups"])) for name in PLATFORM_FEATURES},
        "createdAt": iso(user.created_at),
    }


def limited_user(user: User, plan: Plan, proxy: JsonDict = NO_PROXY) -> JsonDict:
    """What a limited run may know about its user."""
    return {
        **public_user(user),
        "proxy": proxy,
        "isPaying": plan.is_paid,
    }


def public_user(user: User) -> JsonDict:
    return {"id": user.id, "username": user.username, "profile": {"name": user.username}}


def _plan(plan: Plan, limits: LimitsInForce, proxy: JsonDict) -> JsonDict:
    """The plan with the limits that the server enforces."""
    return {
        "id": plan.id,
        "description": plan.description,
        "isEnabled": True,
        "tier": plan.tier,
        "monthlyBasePriceUsd": plan.monthly_price_usd,
        "monthlyUsageCreditsUsd": plan.monthly_credits_usd,
        "usageDiscountPercent": 0,
        "enabledPlatformFeatures": [name for name in PLATFORM_FEATURES if _is_emulated(name, bool(proxy["groups"]))],
        **common_limits(limits),
        "maxMonthlyUsageUsd": plan.max_monthly_usage_usd,
        "maxConcurrentActorRuns": limits.max_jobs,
        "availableProxyGroups": {each["name"]: each["availableCount"] for each in proxy["groups"]},
        "availableAddOns": [],
        "teamAccountSeatCount": 1,
        "apiRateLimitBoosts": 0,
    }


def _is_emulated(name: str, has_proxy: bool) -> bool:
    return name in EMULATED_FEATURES or (has_proxy and name in PROXY_FEATURES)


def _feature(name: str, has_proxy: bool) -> JsonDict:
    is_enabled = _is_emulated(name, has_proxy)
    return {
        "isEnabled": is_enabled,
        "disabledReason": None if is_enabled else "Greenroom does not emulate this.",
        "disabledReasonType": None if is_enabled else "DISABLED",
        "isTrial": False,
        "trialExpirationAt": None,
    }
