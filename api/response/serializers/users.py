"""The JSON of users, as they and as others get it."""

from __future__ import annotations

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


def private_user(user: User, max_memory_mbytes: int) -> JsonDict:
    return {
        **limited_user(user),
        "email": f"{user.username}@localhost",
        "plan": {
            "id": "GREENROOM",
            "description": "Local",
            "isEnabled": True,
            "monthlyBasePriceUsd": 0,
            "monthlyUsageCreditsUsd": 0,
            "maxActorMemoryGbytes": max_memory_mbytes / 1024,
            "availableProxyGroups": {},
            "enabledPlatformFeatures": [],
        },
        "effectivePlatformFeatures": {name: _feature(name) for name in PLATFORM_FEATURES},
        "createdAt": iso(user.created_at),
    }


def limited_user(user: User) -> JsonDict:
    """What a limited run may know about its user."""
    return {
        **public_user(user),
        "proxy": {"password": "", "groups": []},
        "isPaying": False,
    }


def public_user(user: User) -> JsonDict:
    return {"id": user.id, "username": user.username, "profile": {"name": user.username}}


def _feature(name: str) -> JsonDict:
    is_enabled = name in EMULATED_FEATURES
    return {
        "isEnabled": is_enabled,
        "disabledReason": None if is_enabled else "Greenroom does not emulate this.",
        "disabledReasonType": None if is_enabled else "DISABLED",
        "isTrial": False,
        "trialExpirationAt": None,
    }
