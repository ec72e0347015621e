"""The JSON of users, as they and as others get it."""

from __future__ import annotations

from collections.abc import Mapping

from runtime.base.clock import iso
from runtime.base.json_text import JsonDict
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


def private_user(user: User, max_memory_mbytes: int, proxy: JsonDict = NO_PROXY) -> JsonDict:
    return {
        **limited_user(user, proxy),
        "email": f"{user.username}@localhost",
        "plan": {
            "id": "GREENROOM",
            "description": "Local",
            "isEnabled": True,
            "monthlyBasePriceUsd": 0,
            "monthlyUsageCreditsUsd": 0,
            "maxActorMemoryGbytes": max_memory_mbytes / 1024,
            "availableProxyGroups": {each["name"]: each["availableCount"] for each in proxy["groups"]},
            "enabledPlatformFeatures": [],
        },
        "effectivePlatformFeatures": {name: _feature(name, bool(proxy["groups"])) for name in PLATFORM_FEATURES},
        "createdAt": iso(user.created_at),
    }


def limited_user(user: User, proxy: JsonDict = NO_PROXY) -> JsonDict:
    """What a limited run may know about its user."""
    return {
        **public_user(user),
        "proxy": proxy,
        "isPaying": False,
    }


def public_user(user: User) -> JsonDict:
    return {"id": user.id, "username": user.username, "profile": {"name": user.username}}


def _feature(name: str, has_proxy: bool) -> JsonDict:
    is_enabled = name in EMULATED_FEATURES or (has_proxy and name in PROXY_FEATURES)
    return {
        "isEnabled": is_enabled,
        "disabledReason": None if is_enabled else "Greenroom does not emulate this.",
        "disabledReasonType": None if is_enabled else "DISABLED",
        "isTrial": False,
        "trialExpirationAt": None,
    }
