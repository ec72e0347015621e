"""Calls of the operations on the user and of the tools, which test_openapi.py validates."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Walk = Callable[..., Any]
"""Sends a request and returns the `data` of its response."""


def users(walk: Walk) -> None:
    walk("GET", "/v2/users/me")
    walk("GET", "/v2/users/{userId}")
    walk("PUT", "/v2/users/me/limits", json={"maxMonthlyUsageUsd": 100, "dataRetentionDays": 7})
    walk("PUT", "/v2/users/me/limits", json={"dataRetentionDays": 0})
    for path in ("limits", "usage/monthly"):
        walk("GET", f"/v2/users/me/{path}")
    walk("GET", "/v2/users/me/usage/monthly", params={"date": "tomorrow"})


def tools(walk: Walk) -> None:
    for method in ("GET", "POST", "PUT", "DELETE"):
        walk(method, "/v2/browser-info", params={"rawHeaders": 1})
    encoded = walk("POST", "/v2/tools/encode-and-sign", json={"key": "value"})["encoded"]
    walk("POST", "/v2/tools/decode-and-verify", json={"encoded": encoded})
    walk("POST", "/v2/tools/decode-and-verify", json={"encoded": "altered"})
