"""The status page, with which the SDKs check their access before they use the proxy.

Source: `_check_access` of both SDKs, which read `connected`, `connectionError` and `isManInTheMiddle`.
"""

from __future__ import annotations

import json
from html import escape

from runtime.proxy.identification import Identity


def status_page(identity: Identity, query: bytes) -> tuple[str, bytes]:
    """The content type and the body of the page; with `format=json` in the query, as JSON."""
    if b"format=json" in query.split(b"&"):
        return "application/json; charset=utf-8", json.dumps(_status(identity)).encode()
    state = "You are connected to Apify Proxy" if identity.error is None else escape(identity.error)
    body = f"<!doctype html><title>Apify Proxy</title><h1>Proxy status</h1><p>{state}</p><p>Served by Greenroom.</p>"
    return "text/html; charset=utf-8", body.encode()


def _status(identity: Identity) -> dict[str, object]:
    account = identity.account
    return {
        "connected": identity.error is None,
        "connectionError": identity.error,
        "isManInTheMiddle": False,
        "username": identity.username,
        "userId": None if account is None else account.user_id,
        "passwordValid": account is not None,
    }
